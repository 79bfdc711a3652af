/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of inputs goes: see profile.h.
 */
#include "profile.h"

#include <string.h>

#include "machine.h"

#define SLACK_CYCLES 20000	/* by which two clocks and a wait may disagree */
#define SLACK_SHARE 16		/* and that share of the time */

void profile_start(struct profile *profile)
{
	double scale = profile->scale;

	memset(profile, 0, sizeof(*profile));
	profile->scale = scale;
	profile->on = true;
	profile->current = PROFILE_ENGINE;
	profile->start_ns = now_ns();
	profile->start_cycles = profile->since = __rdtsc();
}

void profile_stop(struct profile *profile)
{
	uint64_t ns = now_ns() - profile->start_ns;

	profile_note(profile);
	profile->on = false;
	profile->seconds = (double)ns / 1e9;
	profile->ns_per_cycle = (double)ns / (double)(profile->since - profile->start_cycles + 1);
}

unsigned profile_hold(struct profile *profile, unsigned phase)
{
	unsigned former = PROFILE_PHASES;

	if (profile_is_on(profile)) {
		former = profile_enter(profile, phase);
		profile->held = true;
	}
	return former;
}

/* What was held by somebody else already stays so. */
void profile_release(struct profile *profile, unsigned former)
{
	if (former == PROFILE_PHASES)
		return;
	profile->held = false;
	profile_enter(profile, former);
}

void profile_run(struct profile *profile, struct profile_run *best)
{
	profile->next_best = best;
}

static void end_run(struct profile *profile)
{
	struct profile_run run = { 0 };

	for (unsigned i = 0; i < PROFILE_PHASES; i++) {
		run.cycles[i] = profile->cycles[i] - profile->run_start[i];
		run.total += run.cycles[i];
	}
	if (!profile->best->total || run.total < profile->best->total)
		*profile->best = run;
}

static void change_run(struct profile *profile)
{
	if (profile->best)
		end_run(profile);
	profile->best = profile->next_best;
	profile->next_best = NULL;
	memcpy(profile->run_start, profile->cycles, sizeof(profile->run_start));
}

void profile_asked(struct profile *profile)
{
	if (!profile_is_on(profile))
		return;
	profile_enter(profile, PROFILE_HANDOVER);
	change_run(profile);
	profile->asked = profile->since;
}

/* False where the machine's words cannot be true: it did not spend more than it was waited for. */
static bool fits(const struct profile *profile, const struct channel_profile *told, uint64_t waited)
{
	double most = (double)waited * (1 + 1.0 / SLACK_SHARE) + SLACK_CYCLES, sum = 0;

	for (unsigned i = 0; i < HARNESS_PHASES; i++)
		sum += (double)told->cycles[i] * profile->scale;
	if (sum > most || told->call_count > CHANNEL_PROFILE_CALLS)
		return false;
	for (uint32_t i = 0; i < told->call_count; i++)
		if (told->calls[i].number >= PROFILE_CALLS_MAX || (double)told->calls[i].cycles * profile->scale > most)
			return false;
	return true;
}

/* Moves the machine's share out of what was waited. */
static void take(struct profile *profile, const struct channel_profile *told, uint64_t waited)
{
	uint64_t left = waited;

	for (unsigned i = 0; i < HARNESS_PHASES; i++) {
		uint64_t part = (uint64_t)((double)told->cycles[i] * profile->scale);

		part = part < left ? part : left;
		left -= part;
		profile->cycles[PROFILE_MACHINE + i] += part;
	}
	profile->cycles[PROFILE_HANDOVER] -= waited - left;
	for (uint32_t i = 0; i < told->call_count; i++) {
		uint64_t part = (uint64_t)((double)told->calls[i].cycles * profile->scale);

		profile->calls[told->calls[i].number].count++;
		profile->calls[told->calls[i].number].cycles += part < waited ? part : waited;
	}
}

void profile_answered(struct profile *profile, const struct channel_profile *from, bool answered)
{
	struct channel_profile told;
	uint64_t waited;

	if (!profile_is_on(profile))
		return;
	profile_enter(profile, PROFILE_INPUT);
	profile->answered = profile->since;
	profile->inputs++;
	waited = profile->answered - profile->asked;
	memcpy(&told, from, sizeof(told));
	/* From here on there is but this copy: whoever still writes the other cannot change what was checked. */
	__asm__ volatile("" ::: "memory");
	if (answered && fits(profile, &told, waited)) {
		take(profile, &told, waited);
		return;
	}
	profile->refused++;
	profile->cycles[PROFILE_HANDOVER] -= waited;
	profile->cycles[PROFILE_UNACCOUNTED] += waited;
}

void profile_reset(struct profile *profile, const struct channel_profile *from)
{
	double took, most;

	if (!profile_is_on(profile))
		return;
	profile_note(profile);
	took = (double)__atomic_load_n(&from->reset_cycles, __ATOMIC_RELAXED) * profile->scale;
	most = (double)(profile->since - profile->answered);
	profile->reset_cycles += (uint64_t)(took < most ? took : most);
}

struct profile_best profile_sum_best(const struct profile_run *runs, size_t count)
{
	struct profile_best best = { 0 };

	for (size_t i = 0; i < count; i++) {
		best.inputs += runs[i].total != 0;
		for (unsigned phase = 0; phase < PROFILE_PHASES; phase++)
			best.cycles[phase] += runs[i].cycles[phase];
	}
	return best;
}
