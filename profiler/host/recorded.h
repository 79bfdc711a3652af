/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a recorder's stream (instrumentation/trace/abi/trace_abi.h) to perf.data, with the objects that ran beside it.
 */
#pragma once

#include "guest_files.h"

/* What is recorded: an event of ours is one or more of the kernel's. */
struct recorded_kind {
	const char *name;		/* as --event has it */
	const char *words;		/* for the kernel's command line; NULL: the sampler's, prof=HZ */
};
extern const struct recorded_kind recorded_kinds[];
extern const size_t recorded_kind_count;

struct recorded {
	const char *stream;		/* the recorder's file */
	const char *kernel, *initrd;	/* what was booted; initrd may be NULL */
	const struct guest_volume *volumes;
	size_t volume_count;
	const struct recorded_kind *kind;
	const char *out;		/* perf.data; objects go into OUT.debug */
	char *const *command;
	/* What came of it: */
	uint64_t samples, lost, skipped;
};

/* @return 0, or -1 with one line in error (PROFILE_ERROR bytes). */
int recorded_convert(struct recorded *recorded, char *error);
