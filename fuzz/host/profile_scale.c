/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast a machine's counter of cycles runs, by this process's: a moment is read on both, and a later one. See
 * profile.h.
 */
#include <stdio.h>
#include <unistd.h>

#include "executor.h"

#define STAMPS 64			/* of which the one is taken that nothing disturbed */
#define APART_US 50000
#define SCALE_MAX 1000.0

struct stamp {
	uint64_t here, there;
};

/* The machine reads its counter while it is asked to do nothing. 0 or -1. */
static int take_stamp(struct executor *executor, struct stamp *stamp)
{
	const struct channel_profile *told = &executor_machine(executor)->channel->profile;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < STAMPS; i++) {
		uint64_t before = __rdtsc(), took;

		if (executor_request(executor, REQUEST_NOP, 0))
			return -1;
		took = __rdtsc() - before;
		if (took >= best)
			continue;
		best = took;
		stamp->here = before + took / 2;
		stamp->there = __atomic_load_n(&told->since, __ATOMIC_RELAXED);
	}
	return 0;
}

int profile_measure_scale(struct profile *profile, struct executor *executor, char *error)
{
	struct stamp first, last;
	int err = take_stamp(executor, &first);

	if (!err) {
		usleep(APART_US);
		err = take_stamp(executor, &last);
	}
	if (err) {
		snprintf(error, MACHINE_ERROR, "%s", executor_error(executor));
		return -1;
	}
	if (last.there > first.there)
		profile->scale = (double)(last.here - first.here) / (double)(last.there - first.there);
	if (last.there > first.there && profile->scale > 1 / SCALE_MAX && profile->scale < SCALE_MAX)
		return 0;
	snprintf(error, MACHINE_ERROR, "the machine's counter of cycles makes no sense");
	return -1;
}
