/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What saki-outside is told, as a file: it is built together with who writes that, and has nothing to find it out with.
 */
#pragma once

#include "layout.h"

#define JOB_MAGIC UINT64_C(0x31424f4a4b4153)	/* "SAKJOB1" */
struct outside_job {
	uint64_t magic, size;	/* of this structure */
	uint64_t hz, stack_max;	/* bytes of a program's stack in a sample */
	struct layout layout;
};
