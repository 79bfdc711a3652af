/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What builds QEMU's command line: qemu.c for machines of its own, lab.c for one that runs Xen.
 */
#pragma once

#include "qemu.h"

#define ARGS_MAX 96

struct args {
	char *words[ARGS_MAX];
	size_t count;
	int failed;
};

/* One more word. */
void args_add(struct args *args, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
