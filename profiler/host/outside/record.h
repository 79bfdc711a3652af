/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recording from outside: runs a program under the recorder and looks at its machine by QEMU's means, or by Xen's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct outside_options {
	const char *folder;	/* of the recording */
	const char *preset;
	unsigned hz;
	size_t stack_max;	/* bytes of a program's stack in a sample */
	bool is_xen;		/* the machine is a guest of Xen's */
	bool count;		/* instructions, by a plugin of QEMU's emulator; no samples */
	char *const *program;	/* saki-run's options, the program and its arguments */
};

/* @return as recorder_run(); *recorded: there is a stream to be read. */
int outside_record(const struct outside_options *options, bool *recorded);
