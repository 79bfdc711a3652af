/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the runner takes from a machine that tells where its time went (fuzz/host/profile.h): truth in full, lies not at
 * all; and whatever it is told, its phases are the time that passed. test/profile.test runs it.
 */
#include <string.h>
#include <time.h>

#include "../profile.h"

#define WAIT_CYCLES 3000000	/* far above what two clocks may disagree by */

static struct profile profile;

uint64_t now_ns(void);
uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void wait_cycles(uint64_t cycles)
{
	uint64_t start = __rdtsc();

	while (__rdtsc() - start < cycles)
		continue;
}

/* One input of a machine that says this after WAIT_CYCLES. */
static void run(const struct channel_profile *told, bool answered)
{
	profile.scale = 1;
	profile_start(&profile);
	profile_asked(&profile);
	wait_cycles(WAIT_CYCLES);
	profile_answered(&profile, told, answered);
	profile_enter(&profile, PROFILE_ENGINE);
	profile_stop(&profile);
}

static uint64_t sum(void)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < PROFILE_PHASES; i++)
		all += profile.cycles[i];
	return all;
}

static bool adds_up(void)
{
	return sum() == profile.since - profile.start_cycles;
}

static bool refused(void)
{
	uint64_t machine = 0, calls = 0;

	for (unsigned i = 0; i < HARNESS_PHASES; i++)
		machine += profile.cycles[PROFILE_MACHINE + i];
	for (unsigned i = 0; i < PROFILE_CALLS_MAX; i++)
		calls += profile.calls[i].count;
	return profile.refused == 1 && !machine && !calls && profile.cycles[PROFILE_UNACCOUNTED] >= WAIT_CYCLES &&
	       adds_up();
}

static void check(const char *name, bool good)
{
	printf("%s %s\n", good ? "ok" : "not ok", name);
}

static struct channel_profile truth(void)
{
	struct channel_profile told = { .call_count = 2 };

	told.cycles[PHASE_DECODE] = WAIT_CYCLES / 4;
	told.cycles[PHASE_CALLS] = WAIT_CYCLES / 2;
	told.calls[0].number = told.calls[1].number = 39;
	told.calls[0].cycles = told.calls[1].cycles = WAIT_CYCLES / 8;
	return told;
}

static void check_truth(void)
{
	struct channel_profile told = truth();

	run(&told, true);
	check("profile_takes_the_truth", profile.inputs == 1 && !profile.refused && adds_up() &&
						 profile.cycles[PROFILE_MACHINE + PHASE_DECODE] == WAIT_CYCLES / 4 &&
						 profile.cycles[PROFILE_MACHINE + PHASE_CALLS] == WAIT_CYCLES / 2 &&
						 profile.cycles[PROFILE_HANDOVER] >= WAIT_CYCLES / 4 &&
						 !profile.cycles[PROFILE_UNACCOUNTED] && profile.calls[39].count == 2 &&
						 profile.calls[39].cycles == WAIT_CYCLES / 4);
}

static void check_lies(void)
{
	struct channel_profile told = truth();

	told.cycles[PHASE_FAULTS] = UINT64_MAX;
	run(&told, true);
	check("profile_refuses_more_time_than_there_was", refused());
	told = truth();
	for (unsigned i = 0; i < HARNESS_PHASES; i++)
		told.cycles[i] = UINT64_MAX / 2 + 1;
	run(&told, true);
	check("profile_refuses_a_sum_that_wraps", refused());
	told = truth();
	told.call_count = UINT32_MAX;
	run(&told, true);
	check("profile_refuses_too_many_calls", refused());
	told = truth();
	told.calls[1].number = PROFILE_CALLS_MAX;
	run(&told, true);
	check("profile_refuses_a_call_that_is_none", refused());
	told = truth();
	told.calls[0].cycles = UINT64_MAX;
	run(&told, true);
	check("profile_refuses_a_call_that_took_for_ever", refused());
	told = truth();
	run(&told, false);
	check("profile_takes_nothing_without_an_answer", refused());
}

static void check_reset(void)
{
	struct channel_profile told = truth();
	uint64_t lie;

	profile.scale = 1;
	profile_start(&profile);
	profile_asked(&profile);
	profile_answered(&profile, &told, true);
	told.reset_cycles = lie = UINT64_MAX;
	profile_reset(&profile, &told);
	profile_stop(&profile);
	check("profile_bounds_a_reset", profile.reset_cycles < lie && profile.reset_cycles <= sum());
}

/* What an audit runs again is the audit's, whatever it enters. */
static void check_hold(void)
{
	struct channel_profile told = truth();
	unsigned former, inner;

	profile.scale = 1;
	profile_start(&profile);
	former = profile_hold(&profile, PROFILE_AUDIT);
	inner = profile_hold(&profile, PROFILE_REBOOT);
	wait_cycles(WAIT_CYCLES);
	profile_release(&profile, inner);
	profile_asked(&profile);
	wait_cycles(WAIT_CYCLES);
	profile_answered(&profile, &told, true);
	profile_release(&profile, former);
	wait_cycles(WAIT_CYCLES);
	profile_stop(&profile);
	check("profile_holds_a_phase", profile.cycles[PROFILE_AUDIT] >= 2 * WAIT_CYCLES &&
					       profile.cycles[PROFILE_ENGINE] >= WAIT_CYCLES &&
					       !profile.cycles[PROFILE_REBOOT] && !profile.inputs && adds_up());
}

/* Of two runs the shorter one, with what came after its answer. */
static void check_best(void)
{
	struct channel_profile told = truth();
	struct profile_run best = { 0 };
	struct profile_best all;

	profile.scale = 1;
	profile_start(&profile);
	for (unsigned i = 0; i < 2; i++) {
		profile_run(&profile, &best);
		profile_asked(&profile);
		wait_cycles(WAIT_CYCLES);
		profile_answered(&profile, &told, true);
		profile_enter(&profile, PROFILE_RESET);
		wait_cycles((i ? 1 : 200) * WAIT_CYCLES);
		profile_enter(&profile, PROFILE_INPUT);
	}
	profile_asked(&profile);
	profile_stop(&profile);
	all = profile_sum_best(&best, 1);
	check("profile_keeps_the_run_that_took_least",
	      all.inputs == 1 && best.cycles[PROFILE_RESET] >= WAIT_CYCLES &&
		      best.cycles[PROFILE_RESET] < 200 * (uint64_t)WAIT_CYCLES && best.total >= 2 * WAIT_CYCLES &&
		      all.cycles[PROFILE_RESET] == best.cycles[PROFILE_RESET]);
}

int main(void)
{
	check_truth();
	check_lies();
	check_reset();
	check_hold();
	check_best();
	return 0;
}
