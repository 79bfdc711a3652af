/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of an input can go inside the machine, as the kernel notes it and as the runner reads it from the
 * channel. At each moment it is one of these.
 */
#pragma once

enum harness_phase {
	PHASE_CALLS,		/* system calls, or what else run() does; 0, as new threads begin in it */
	PHASE_SETUP,		/* before run(): outputs, the deadline */
	PHASE_DECODE,		/* bytes to program */
	PHASE_ARGUMENTS,	/* between two calls: arguments and results in memory, whose turn it is */
	PHASE_FAULTS,		/* pages that are made because somebody touched them */
	PHASE_TEARDOWN,		/* what the input made goes; leaks are counted, the heap is checked */
	HARNESS_PHASES
};
