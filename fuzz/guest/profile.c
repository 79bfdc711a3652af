/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of an input goes (kernel/harness_profile.h): cycles by phase, in the channel, which is the only memory
 * that is written for it beside a word of each thread; so a reset has nothing more to put back, and an input does the
 * same with and without. A crash or the deadline leaves the phase as it was: whoever goes on enters another.
 */
#include <fuzz/guest/guest_internal.h>
#include <kernel/harness_profile.h>
#include <kernel/string.h>
#include <kernel/thread.h>

/* A state is a phase, and above it the place in calls[] of the call that is being made, from 1; 0: none. */
#define STATE(phase, call) ((uint32_t)(phase) | (uint32_t)(call) << 8)
#define STATE_PHASE(state) ((state) & 0xff)
#define STATE_CALL(state) ((state) >> 8)

static bool wanted(void)
{
	return unlikely(channel && channel->profile_on);
}

/* Not in two: an interrupt may change threads, or end the input. */
static uint32_t change(struct channel_profile *profile, uint32_t state)
{
	unsigned long irq = arch_irq_save();
	uint64_t now = arch_cycles(), took = now - profile->since;
	uint32_t former = profile->state;

	profile->cycles[STATE_PHASE(former)] += took;
	if (STATE_CALL(former))
		profile->calls[STATE_CALL(former) - 1].cycles += took;
	profile->since = now;
	profile->state = state;
	arch_irq_restore(irq);
	return former;
}

uint32_t harness_phase_enter(enum harness_phase phase)
{
	uint32_t call;

	if (!wanted())
		return 0;
	call = phase == PHASE_FAULTS ? STATE_CALL(channel->profile.state) : 0;
	return change(&channel->profile, STATE(phase, call));
}

void harness_phase_leave(uint32_t former)
{
	if (wanted())
		change(&channel->profile, former);
}

void harness_phase_call(uint32_t number)
{
	struct channel_profile *profile = &channel->profile;
	uint32_t call = 0;

	if (!wanted())
		return;
	if (profile->call_count < CHANNEL_PROFILE_CALLS) {
		profile->calls[profile->call_count].number = number;
		profile->calls[profile->call_count].cycles = 0;
		call = ++profile->call_count;
	}
	change(profile, STATE(PHASE_CALLS, call));
}

void harness_phase_switch(struct thread *prev, const struct thread *next)
{
	if (wanted())
		prev->harness_phase = change(&channel->profile, next->harness_phase);
}

void profile_begin(void)
{
	struct channel_profile *profile = &channel->profile;

	memset(profile->cycles, 0, sizeof(profile->cycles));
	profile->call_count = 0;
	profile->reset_cycles = 0;
	profile->state = STATE(PHASE_SETUP, 0);
	profile->since = arch_cycles();
}

void profile_end(void)
{
	change(&channel->profile, STATE(PHASE_SETUP, 0));
}

void profile_reset_end(uint64_t start_cycles)
{
	channel->profile.reset_cycles = arch_cycles() - start_cycles;
}
