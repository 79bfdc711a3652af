/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of saki-xen share.
 */
#pragma once

#include <stdbool.h>

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3, EXIT_INTERRUPTED = 130 };

struct xen_options {
	const char *harness, *preset, *kernel;
	unsigned count, memory_mib, seconds;
	bool json;
};

/*
 * lab.c: on a machine that is no dom0, does all of it in the lab's; returns only where that cannot be, an exit status.
 */
int lab_run(const struct xen_options *options, int argc, char **argv);

/* bench.c */
int cmd_bench(const struct xen_options *options);
