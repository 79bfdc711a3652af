/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recording: runs a program by saki-run, in a machine whose memory we have too, and writes down what its rings tell
 * (abi/trace_abi.h), while it runs and after its end. Whatever becomes of the machine, what it has told is kept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "machine.h"

/* Exit statuses beside those that saki-run has; the same numbers as its. */
enum { RECORDER_USAGE = 122, RECORDER_ENVIRONMENT = 123 };

struct recorder_options {
	const char *folder;	/* of the recording, which is made, and in which older files are written over */
	const char *preset;	/* of the image */
	const char *words;	/* for the kernel's command line: which events, and what else it is to know */
	char *const *arguments;	/* saki-run's further options, the program, its arguments; NULL at the end */
	/*
	 * Called once saki-run was started, in the place of taking what the rings tell; returns when the machine has
	 * ended. False, after a line of error: the machine is ended. NULL: the rings.
	 */
	bool (*watch)(void *context, const struct machine *machine, int stream_fd);
	void *context;
	/*
	 * Where bounds of the machine's clock are noted: records were not made after they were taken. The machine is
	 * told the time then, and looked at often in its first seconds. NULL: nobody asks.
	 */
	struct clock_bounds *clock;
};

struct recorder_result {
	bool is_traced;		/* the kernel has told of its rings */
	uint64_t functions;	/* that the kernel traced */
	uint64_t bytes;		/* of records */
	uint64_t lost;		/* records that found no room */
	int64_t start_ns;	/* CLOCK_MONOTONIC when saki-run was started */
	uint64_t broken;	/* times that a ring said what cannot be; what it held then is missing */
};

/*
 * Files that a recording's folder has: the stream, and the kernel that it is of, with its symbols.
 */
#define RECORDER_STREAM "stream"
#define RECORDER_KERNEL "kernel"

/*
 * Runs it to its end. SIGINT, SIGTERM and SIGHUP go on to saki-run, which ends the machine. What went wrong is said in
 * one line on standard error (run_fail(), plat/run/image.h, which the program has), and records that are missing too.
 *
 * @return saki-run's exit status: the program's, or why there is none. RECORDER_ENVIRONMENT also where the kernel has
 *	no tracing, or the recording could not be written.
 */
int recorder_run(const struct recorder_options *options, struct recorder_result *result);

/* Whether that is a size of rings, a power of two from 64K to 2M, which the kernel takes if nothing is said. */
#define RECORDER_RINGS "a power of two from 64K to 2M (the default)"
bool recorder_ring_fits(const char *text);
