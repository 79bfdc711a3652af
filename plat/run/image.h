/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where images are. For saki-run, and for programs that run it and have to know the same image.
 */
#pragma once

#include <limits.h>

/* fail.c: one line on stderr, with the program's name in front. @return status */
int run_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The path of saki.elf, built first where there is a tree; NULL after an error line. To be freed. */
char *image_path(const char *preset);
/* The folder of what is built. @return 0, or -1 with errno */
int image_build_dir(char path[PATH_MAX]);

/*
 * The path of a file in <build>/tools/ that `make TARGET` makes, which is done first where there is a tree to make it
 * from. 0, or -1 after one line of error.
 */
int image_tool(const char *target, const char *file, char path[PATH_MAX]);
