/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the defences of an image cost.
 */
#pragma once

#include <stdint.h>

#include "presets.h"

struct costs {
	uint64_t boot_instructions;	/* from the first one on, until a program that does nothing has ended */
	double syscall_instructions;	/* of one read or write of a byte, the program's part too */
	double syscalls_per_s;
	double boot_ms;			/* from QEMU's start to its end, with that program; median */
	double requests_per_s;		/* nginx's; 0: not measured */
};

/* Of each preset that has an image. @return 0, or an exit status after a line of error */
int costs_measure(struct costs *costs, const struct presets *presets);
