/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The profile of inputs (kernel/harness_profile.h) on a channel of its own: time goes to the phase that is current, and
 * to the call; a thread that sleeps pays nothing.
 */
#include <fuzz/guest/guest_internal.h>
#include <kernel/harness_profile.h>
#include <kernel/heap.h>
#include <kernel/test.h>
#include <kernel/thread.h>

#define WORK_CYCLES UINT64_C(3000000)

static struct channel *saved;

/* False: no memory. */
static bool open_profile(void)
{
	struct channel *own = heap_zalloc(sizeof(*own));

	if (!own)
		return false;
	own->profile_on = 1;
	saved = channel;
	channel = own;
	profile_begin();
	return true;
}

static struct channel_profile close_profile(void)
{
	struct channel *own = channel;
	struct channel_profile profile = own->profile;

	channel = saved;
	heap_free(own);
	return profile;
}

static void work(unsigned units)
{
	uint64_t start = arch_cycles();

	while (arch_cycles() - start < units * WORK_CYCLES)
		continue;
}

TEST(profile_gives_time_to_the_phase_that_is_current)
{
	struct channel_profile profile;
	uint64_t start = arch_cycles(), all, sum = 0;
	uint32_t former;

	CHECK(open_profile());
	harness_phase_enter(PHASE_DECODE);
	work(2);
	harness_phase_call(39);
	work(1);
	former = harness_phase_enter(PHASE_FAULTS);
	work(3);
	harness_phase_leave(former);
	work(1);
	harness_phase_enter(PHASE_ARGUMENTS);
	profile_end();
	all = arch_cycles() - start;
	profile = close_profile();

	CHECK(profile.cycles[PHASE_DECODE] >= 2 * WORK_CYCLES);
	CHECK(profile.cycles[PHASE_CALLS] >= 2 * WORK_CYCLES);
	CHECK(profile.cycles[PHASE_FAULTS] >= 3 * WORK_CYCLES);
	for (unsigned i = 0; i < HARNESS_PHASES; i++)
		sum += profile.cycles[i];
	CHECK(sum >= 7 * WORK_CYCLES);
	CHECK(sum <= all);
	CHECK_EQ(profile.call_count, 1);
	CHECK_EQ(profile.calls[0].number, 39);
	CHECK_EQ(profile.calls[0].cycles, profile.cycles[PHASE_CALLS] + profile.cycles[PHASE_FAULTS]);
}

static void other(void *arg)
{
	harness_phase_enter(PHASE_TEARDOWN);
	work(3);
	*(bool *)arg = true;
}

TEST(profile_of_a_thread_waits_with_it)
{
	uint64_t start = arch_cycles(), all;
	struct channel_profile profile;
	struct thread *thread;
	bool done = false;

	test_one_cpu();
	CHECK(open_profile());
	harness_phase_call(1);
	thread = thread_create("other", other, &done);
	if (thread) {
		thread_start(thread);
		thread_join(thread);
		thread_put(thread);
	}
	profile_end();
	all = arch_cycles() - start;
	profile = close_profile();

	CHECK(done);
	CHECK(profile.cycles[PHASE_TEARDOWN] >= 3 * WORK_CYCLES);
	CHECK(profile.calls[0].cycles > 0);
	CHECK(profile.calls[0].cycles + profile.cycles[PHASE_TEARDOWN] <= all);
}

TEST(profile_tells_no_more_calls_than_there_is_room_for)
{
	struct channel_profile profile;

	CHECK(open_profile());
	for (unsigned i = 0; i < CHANNEL_PROFILE_CALLS + 10; i++)
		harness_phase_call(i);
	profile_end();
	profile = close_profile();

	CHECK_EQ(profile.call_count, CHANNEL_PROFILE_CALLS);
	CHECK_EQ(profile.calls[CHANNEL_PROFILE_CALLS - 1].number, CHANNEL_PROFILE_CALLS - 1);
	CHECK(profile.cycles[PHASE_CALLS] > 0);
}
