/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of inputs goes, for "--profile": one phase is current at any time, and the time until the next
 * profile_enter() is its, in cycles of the runner's counter. So phases are disjoint and add up to all of the time. What
 * the machine says of its own share (struct channel_profile) is taken out of the time that it was waited for, and only
 * if it fits into that.
 */
#pragma once

#include <fuzz/abi/channel.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <x86intrin.h>

#include "json.h"

enum profile_phase {
	PROFILE_ENGINE,		/* between two inputs: who chooses them */
	PROFILE_INPUT,		/* the input into the channel, the answer out of it */
	PROFILE_HANDOVER,	/* until a request is seen, until its answer is */
	PROFILE_MACHINE,	/* HARNESS_PHASES of them, the machine's */
	PROFILE_RESET = PROFILE_MACHINE + HARNESS_PHASES, /* waiting for the machine's part of it */
	PROFILE_RESTORE,	/* pages that the runner writes back */
	PROFILE_COVERAGE,	/* counters cleared, and looked at */
	PROFILE_AUDIT,		/* memory compared, inputs run again to be sure */
	PROFILE_REBOOT,		/* another machine */
	PROFILE_UNACCOUNTED,	/* waited for a machine that then did not say, or not the truth */
	PROFILE_PHASES
};

#define PROFILE_CALLS_MAX 512	/* numbers of system calls */

/*
 * One run of one input: from its request to the next one's, so that its own reset is in it. Were it counted with what
 * follows, the runs that take least would be those before which the runner was held up, and the reset over meanwhile.
 */
struct profile_run {
	uint64_t total, cycles[PROFILE_PHASES];
};

struct profile {
	bool on;
	bool held;		/* all is the current phase's: see profile_hold() */
	unsigned current;	/* enum profile_phase */
	uint64_t since;
	uint64_t asked, answered; /* when the last request was made, and when it was seen to be done */
	double scale;		/* cycles here for each of the machine's, by profile_measure_scale() */
	uint64_t cycles[PROFILE_PHASES];
	uint64_t reset_cycles;	/* the machine's part of resets, waited for or not */
	uint64_t inputs, refused;
	struct profile_run *best, *next_best; /* of the input that was asked for last; of the next one; or NULL */
	uint64_t run_start[PROFILE_PHASES];
	uint64_t start_cycles, start_ns;
	double seconds, ns_per_cycle;
	struct {
		uint64_t count, cycles;
	} calls[PROFILE_CALLS_MAX];
};

struct executor;

/* Measures scale on a machine that runs, for which the executor has this profile. 0; -1 with one line in error. */
int profile_measure_scale(struct profile *profile, struct executor *executor, char *error);
/* From here on, in PROFILE_ENGINE, with nothing noted yet. */
void profile_start(struct profile *profile);
/* Adds what is current; afterwards nothing is noted any more. */
void profile_stop(struct profile *profile);

static inline bool profile_is_on(const struct profile *profile)
{
	return __builtin_expect(profile && profile->on && !profile->held, 0);
}

static inline void profile_note(struct profile *profile)
{
	uint64_t now = __rdtsc();

	profile->cycles[profile->current] += now - profile->since;
	profile->since = now;
}

/* Returns the phase that it was before. profile: NULL where nobody asked. */
static inline unsigned profile_enter(struct profile *profile, unsigned phase)
{
	unsigned former = 0;

	if (profile_is_on(profile)) {
		profile_note(profile);
		former = profile->current;
		profile->current = phase;
	}
	return former;
}

/* The same, and until profile_release(former) no other phase is entered: what an audit runs is the audit's. */
unsigned profile_hold(struct profile *profile, unsigned phase);
void profile_release(struct profile *profile, unsigned former);

/* Around a request that runs an input. answered: it said that it was done, and so what of. */
void profile_asked(struct profile *profile);
void profile_answered(struct profile *profile, const struct channel_profile *from, bool answered);
/* Its part of the reset is over. */
void profile_reset(struct profile *profile, const struct channel_profile *from);

/* Of many inputs together, of each the run that took the least: what nothing disturbed. */
struct profile_best {
	uint64_t inputs;
	uint64_t cycles[PROFILE_PHASES];
};

/* The next request runs this input: best becomes that run if it took less than best, or if there is none yet. */
void profile_run(struct profile *profile, struct profile_run *best);
struct profile_best profile_sum_best(const struct profile_run *runs, size_t count);

/* ---- profile_report.c ---- */

/* A table of at most 80 columns. */
void profile_print(FILE *out, const struct profile *profile, const struct profile_best *best);
/* "profile": an object. */
void profile_json(struct json *json, const struct profile *profile, const struct profile_best *best);
