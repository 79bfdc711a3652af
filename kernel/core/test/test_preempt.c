/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preemption: threads that never give way are made to. In the host world interrupts arrive only at arch_relax() and
 * when the clock is read, so what must not contain either is skipped there.
 */
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/test.h>
#include <kernel/thread.h>

static bool stop_spinning;

static void spin_relaxed(void *arg)
{
	while (!atomic_load(&stop_spinning)) {
		(*(volatile unsigned long *)arg)++;
		arch_relax();
	}
}

static void spin_hard(void *arg)
{
	while (!atomic_load(&stop_spinning))
		(*(volatile unsigned long *)arg)++;
}

/* Runs two threads that never sleep, for some slices; counts what each did. */
static void race(void (*spin)(void *arg), unsigned long counts[2])
{
	struct thread *threads[2];

	atomic_store(&stop_spinning, false);
	for (int i = 0; i < 2; i++) {
		counts[i] = 0;
		threads[i] = thread_create("spin", spin, &counts[i]);
		if (!threads[i]) {
			atomic_store(&stop_spinning, true);
			test_fail(__FILE__, __LINE__, "no memory for a thread");
			return;
		}
		thread_start(threads[i]);
	}
	if (clock_sleep_until(clock_ns() + 60 * NSEC_PER_MSEC))
		test_fail(__FILE__, __LINE__, "the sleep was interrupted");
	atomic_store(&stop_spinning, true);
	for (int i = 0; i < 2; i++) {
		if (thread_join(threads[i]))
			test_fail(__FILE__, __LINE__, "the join was interrupted");
		thread_put(threads[i]);
	}
}

TEST(preempt_shares_the_cpu)
{
	unsigned long counts[2];

	test_one_cpu();
	race(spin_relaxed, counts);
	CHECK(counts[0] > 0);
	CHECK(counts[1] > 0);
}

TEST(preempt_interrupts_code_that_does_not_expect_it)
{
	unsigned long counts[2];

	test_one_cpu();
	if (IS_ENABLED(CONFIG_ARCH_HOST)) {
		test_skip("no asynchronous interrupts in this world");
		return;
	}
	race(spin_hard, counts);
	CHECK(counts[0] > 0);
	CHECK(counts[1] > 0);
}

static void count_up(void *arg)
{
	atomic_fetch_add((unsigned long *)arg, 1);
}

TEST(preempt_disable_keeps_the_cpu)
{
	unsigned long count = 0, while_disabled;
	struct thread *thread;
	uint64_t end;

	test_one_cpu();
	thread = thread_create("other", count_up, &count);
	CHECK(thread);
	preempt_disable();
	CHECK(!thread_may_sleep());
	thread_start(thread);
	/* The end of the slice asks for a switch; on a busy host the interrupt may be late. */
	for (end = clock_ns() + 5 * NSEC_PER_SEC; clock_ns() < end && !*(volatile bool *)&arch_cpu()->need_resched;)
		arch_relax();
	while_disabled = atomic_load(&count);
	/* Its slice is long over: the switch happens right here. */
	preempt_enable();
	CHECK(thread_may_sleep());
	CHECK_EQ(while_disabled, 0);
	CHECK_EQ(atomic_load(&count), 1);
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
}

TEST(preempt_accounts_cpu_time)
{
	struct thread *self = thread_current();
	uint64_t before, after, end;

	thread_yield();
	before = self->cpu_ns + (clock_ns() - self->switched_in_ns);
	for (end = clock_ns() + 5 * NSEC_PER_MSEC; clock_ns() < end;)
		arch_relax();
	after = self->cpu_ns + (clock_ns() - self->switched_in_ns);
	CHECK(after - before >= 4 * NSEC_PER_MSEC);
	before = after;
	CHECK_EQ(clock_sleep_until(clock_ns() + 60 * NSEC_PER_MSEC), 0);
	after = self->cpu_ns + (clock_ns() - self->switched_in_ns);
	CHECK(after - before < 50 * NSEC_PER_MSEC);
}
