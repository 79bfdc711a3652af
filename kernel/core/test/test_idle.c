/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens when nothing can run and a harness decides: the idle function, and the virtual clock.
 */
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/mutex.h>
#include <kernel/test.h>
#include <kernel/thread.h>
#include <kernel/wait.h>

#include "../sched_internal.h"

#define START_NS (5 * NSEC_PER_SEC)

static unsigned idle_calls;

static bool is_set(void *arg)
{
	return atomic_load((bool *)arg);
}

static bool never(void *arg UNUSED)
{
	return false;
}

/* As harness mode does it: to the next timer, or no hope. */
static int jump_to_next_timer(void)
{
	uint64_t next = timer_next_ns();

	idle_calls++;
	if (next == UINT64_MAX)
		return -EINTR;
	clock_virtual_advance(next - min(clock_ns(), next));
	return 0;
}

static void harness_mode(bool on)
{
	idle_calls = 0;
	wait_set_idle(on ? jump_to_next_timer : NULL);
	if (on)
		clock_virtual_start(START_NS);
	else
		clock_virtual_stop();
}

TEST(virtual_clock_moves_only_when_told)
{
	test_one_cpu();
	harness_mode(true);
	uint64_t first = clock_ns(), realtime = clock_realtime_ns();
	for (int i = 0; i < 1000; i++)
		arch_relax();
	uint64_t second = clock_ns();
	clock_virtual_advance(123);
	uint64_t third = clock_ns(), realtime_after = clock_realtime_ns();
	harness_mode(false);
	CHECK_EQ(first, START_NS);
	CHECK_EQ(second, START_NS);
	CHECK_EQ(third, START_NS + 123);
	CHECK_EQ(realtime_after, realtime + 123);
	CHECK(!clock_is_virtual());
}

TEST(idle_ends_waits_without_hope)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	int result;

	test_one_cpu();
	harness_mode(true);
	result = wait_until(&queue, never, NULL, WAIT_FOREVER);
	harness_mode(false);
	CHECK_EQ(result, -EINTR);
	CHECK(list_empty(&queue.waiters));
}

TEST(idle_jumps_to_the_deadline)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	uint64_t after, after_sleep;
	int result, sleep_result;

	test_one_cpu();
	harness_mode(true);
	result = wait_until(&queue, never, NULL, START_NS + NSEC_PER_SEC);
	after = clock_ns();
	sleep_result = clock_sleep_until(START_NS + 3600 * NSEC_PER_SEC);
	after_sleep = clock_ns();
	harness_mode(false);
	CHECK_EQ(result, -ETIMEDOUT);
	CHECK_EQ(after, START_NS + NSEC_PER_SEC);
	CHECK_EQ(sleep_result, 0);
	CHECK_EQ(after_sleep, START_NS + 3600 * NSEC_PER_SEC);
}

struct waiter {
	struct wait_queue queue;
	bool flag;
	int result;
};

static void wait_for_flag(void *arg)
{
	struct waiter *waiter = arg;

	waiter->result = wait_until(&waiter->queue, is_set, &waiter->flag, WAIT_FOREVER);
}

static void set_flag_later(void *arg)
{
	struct waiter *waiter = arg;

	if (clock_sleep_until(clock_ns() + NSEC_PER_SEC))
		return;
	atomic_store(&waiter->flag, true);
	wake_all(&waiter->queue);
}

/* While another thread can run, the idle function is not asked; the sleeper is woken by it. */
TEST(idle_is_asked_only_when_nothing_runs)
{
	struct waiter waiter = { .result = 1 };
	struct thread *setter;
	unsigned calls;

	test_one_cpu();
	setter = thread_create("setter", set_flag_later, &waiter);
	CHECK(setter);
	wait_queue_init(&waiter.queue);
	harness_mode(true);
	thread_start(setter);
	wait_for_flag(&waiter);
	calls = idle_calls;
	CHECK_EQ(thread_join(setter), 0);
	harness_mode(false);
	thread_put(setter);
	CHECK_EQ(waiter.result, 0);
	CHECK_EQ(calls, 1);
}

/* The one that slept last gives up; when it has ended, the next. */
TEST(idle_ends_the_last_sleeper_first)
{
	struct waiter waiter = { .result = 1 };
	struct thread *thread;
	int join_result;

	test_one_cpu();
	thread = thread_create("waiter", wait_for_flag, &waiter);
	CHECK(thread);
	wait_queue_init(&waiter.queue);
	harness_mode(true);
	thread_start(thread);
	join_result = thread_join(thread);
	harness_mode(false);
	thread_put(thread);
	CHECK_EQ(join_result, 0);
	CHECK_EQ(waiter.result, -EINTR);
}

/* ---- a deadlock ---- */

static void lock_and_unlock(void *arg)
{
	mutex_lock(arg);
	mutex_unlock(arg);
}

TEST(idle_tells_a_deadlock_of_mutexes_from_a_wait)
{
	struct thread *locker, *sleeper;
	struct mutex mutex = MUTEX_INIT(mutex);
	struct waiter waiter = { .result = 1 };
	bool with_locker, with_both;

	test_one_cpu();
	wait_queue_init(&waiter.queue);
	locker = thread_create("locker", lock_and_unlock, &mutex);
	sleeper = thread_create("sleeper", wait_for_flag, &waiter);
	CHECK(locker && sleeper);
	mutex_lock(&mutex);
	thread_start(locker);
	thread_yield();
	with_locker = wait_end_hope(NULL);
	thread_start(sleeper);
	thread_yield();
	with_both = wait_end_hope(NULL);
	mutex_unlock(&mutex);
	CHECK_EQ(thread_join(locker), 0);
	CHECK_EQ(thread_join(sleeper), 0);
	thread_put(locker);
	thread_put(sleeper);
	CHECK(!with_locker);
	CHECK(with_both);
	CHECK_EQ(waiter.result, -EINTR);
}
