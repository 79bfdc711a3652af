/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Samples from outside: a machine is stopped, looked at and let go, with nothing in it that knows of it. What comes
 * of it is a stream of the same samples as the kernel's own sampler makes.
 */
#pragma once

#include <instrumentation/trace/host/recorder.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sampler {
	const char *kernel;	/* the file that runs */
	const char *socket;	/* where QEMU's gdb stub will listen */
	unsigned hz;
	size_t stack_max;	/* bytes of a program's stack in a sample */
	const char *counts;	/* what the counting plugin writes, to be told in the place of samples; NULL: samples */
	/* What came of it: */
	uint64_t samples;	/* times the machine was stopped */
	uint64_t counted;	/* blocks of code */
	uint64_t stopped_ns, ran_ns;
};

/* What watches the machine (recorder_options.watch); its context is a struct sampler. */
bool sampler_watch(void *context, const struct machine *machine, int stream_fd);
