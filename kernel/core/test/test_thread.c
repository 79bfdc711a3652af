/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads: birth, turns, death.
 */
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

static void set_flag(void *arg)
{
	*(bool *)arg = true;
}

/* Starts fn(arg), waits until it has ended and left its CPU. False when there was no memory. */
static bool run_to_end(void (*fn)(void *arg), void *arg)
{
	struct thread *thread = thread_create("test", fn, arg);
	int err;

	if (!thread)
		return false;
	thread_start(thread);
	err = thread_join(thread);
	while (!err && atomic_load(&thread->refs) != 1)
		thread_yield();
	thread_put(thread);
	return !err;
}

TEST(thread_runs_once_started)
{
	bool ran = false;
	struct thread *thread = thread_create("a name that is too long", set_flag, &ran);

	CHECK(thread);
	CHECK_STR(thread->name, "a name that is ");
	thread_yield();
	CHECK(!ran);
	thread_start(thread);
	CHECK_EQ(thread_join(thread), 0);
	CHECK(ran);
	CHECK_EQ(thread_join(thread), 0); /* as often as one likes */
	thread_put(thread);
}

TEST(thread_that_never_starts_can_be_put)
{
	struct thread *thread = thread_create("unborn", set_flag, NULL);

	CHECK(thread);
	thread_put(thread);
}

static void note_id(void *arg)
{
	*(int *)arg = thread_current()->id;
}

TEST(thread_ids_are_their_own)
{
	int a = 0, b = 0;

	CHECK(run_to_end(note_id, &a));
	CHECK(run_to_end(note_id, &b));
	CHECK(a > 0);
	CHECK(b > 0);
	CHECK(a != b);
	CHECK(a != thread_current()->id);
}

struct relay {
	char text[32];
	int rounds;
};

struct runner {
	struct relay *relay;
	char letter;
};

static void write_letters(void *arg)
{
	struct runner *runner = arg;

	for (int i = 0; i < 3; i++) {
		struct relay *relay = runner->relay;

		relay->text[strlen(relay->text)] = runner->letter;
		thread_yield();
	}
}

TEST(thread_yield_gives_turns_in_order)
{
	struct relay relay = { .rounds = 0 };
	struct runner a = { &relay, 'a' }, b = { &relay, 'b' };
	struct thread *first, *second;

	test_one_cpu();
	first = thread_create("a", write_letters, &a);
	second = thread_create("b", write_letters, &b);
	CHECK(first && second);
	thread_start(first);
	thread_start(second);
	CHECK_EQ(thread_join(first), 0);
	CHECK_EQ(thread_join(second), 0);
	thread_put(first);
	thread_put(second);
	CHECK_STR(relay.text, "ababab");
}

static void do_nothing(void *arg UNUSED)
{
}

TEST(threads_leave_nothing_behind)
{
	struct heap_stats before, after;

	CHECK(run_to_end(do_nothing, NULL));
	heap_stats(&before);
	for (int i = 0; i < 50; i++)
		CHECK(run_to_end(do_nothing, NULL));
	heap_stats(&after);
	CHECK_EQ(after.live_objects, before.live_objects);
}

static void sleep_for_ever(void *arg)
{
	*(int *)arg = clock_sleep_until(UINT64_MAX);
}

TEST(thread_kill_ends_sleeps)
{
	int result = 1;
	struct thread *thread = thread_create("sleeper", sleep_for_ever, &result);

	CHECK(thread);
	thread_start(thread);
	thread_yield();
	CHECK_EQ(result, 1);
	thread_kill(thread);
	CHECK_EQ(thread_join(thread), 0);
	CHECK_EQ(result, -EINTR);
	thread_put(thread);
}

TEST(thread_kill_ends_sleeps_that_come_later)
{
	int result = 1;
	struct thread *thread = thread_create("sleeper", sleep_for_ever, &result);

	CHECK(thread);
	thread_kill(thread);
	CHECK(!thread_wake(thread));
	clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
	CHECK_EQ(result, 1); /* neither started it */
	thread_start(thread);
	CHECK_EQ(thread_join(thread), 0);
	CHECK_EQ(result, -EINTR);
	thread_put(thread);
}

/* Deep, and with something in every frame: a stack that is too small or shared would show. */
static NOINLINE unsigned recurse(unsigned depth, unsigned value)
{
	volatile unsigned keep[16] = { value, depth };

	if (depth)
		value = recurse(depth - 1, value + 1);
	thread_yield();
	return value + keep[1] - depth + keep[2];
}

static void recurse_and_yield(void *arg)
{
	unsigned *value = arg;

	*value = recurse(60, *value);
}

TEST(threads_keep_their_stacks_apart)
{
	unsigned a = 1000, b = 2000;
	struct thread *first = thread_create("a", recurse_and_yield, &a);
	struct thread *second = thread_create("b", recurse_and_yield, &b);

	CHECK(first && second);
	thread_start(first);
	thread_start(second);
	CHECK_EQ(thread_join(first), 0);
	CHECK_EQ(thread_join(second), 0);
	thread_put(first);
	thread_put(second);
	CHECK_EQ(a, 1060);
	CHECK_EQ(b, 2060);
}
