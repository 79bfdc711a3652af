/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of a Linux kernel from a copy of its /proc/kallsyms, which perf keeps in its cache.
 */
#pragma once

#include <stdint.h>

struct kallsyms;

/* NULL: it cannot be read, or has no functions. */
struct kallsyms *kallsyms_open(const char *path);
void kallsyms_close(struct kallsyms *kallsyms);
/* The function that starts last at or before an address; NULL: none does. */
const char *kallsyms_function(const struct kallsyms *kallsyms, uint64_t address);
