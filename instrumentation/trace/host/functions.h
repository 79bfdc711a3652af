/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions as people choose them: names with * and ? in them, with commas between.
 */
#pragma once

#include <stddef.h>

/*
 * The bitmap of an image's functions that the kernel takes (instrumentation/trace/function.h), to be freed; *count
 * is how many are in it. NULL with one line in error (STREAM_ERROR bytes): the image has none to trace, a pattern
 * names none.
 */
char *functions_choose(const char *image, const char *patterns, size_t *count, char *error);
