/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sleeping and waking.
 */
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>
#include <kernel/wait.h>

static bool is_set(void *arg)
{
	return atomic_load((bool *)arg);
}

static bool never(void *arg UNUSED)
{
	return false;
}

TEST(wait_returns_at_once_when_it_need_not)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	bool flag = true;

	CHECK_EQ(wait_until(&queue, is_set, &flag, WAIT_FOREVER), 0);
	CHECK_EQ(wait_until(&queue, is_set, &flag, 0), 0); /* the condition counts before the deadline */
	CHECK_EQ(wait_until_any(is_set, &flag, 0), 0);
	CHECK(list_empty(&queue.waiters));
}

TEST(wait_ends_at_its_deadline)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	uint64_t deadline = clock_ns() + 5 * NSEC_PER_MSEC;

	CHECK_EQ(wait_until(&queue, never, NULL, 0), -ETIMEDOUT);
	CHECK_EQ(wait_until(&queue, never, NULL, deadline), -ETIMEDOUT);
	CHECK(clock_ns() >= deadline);
	CHECK(list_empty(&queue.waiters));
	deadline = clock_ns() + 5 * NSEC_PER_MSEC;
	CHECK_EQ(clock_sleep_until(deadline), 0);
	CHECK(clock_ns() >= deadline);
}

/* Somebody who waits; result is 1 until it is over. */
struct waiter {
	struct wait_queue *queue;
	wait_condition_t *condition;
	bool *flag;
	int result;
	struct thread *thread;
};

static void wait_for_it(void *arg)
{
	struct waiter *waiter = arg;

	waiter->result = wait_until(waiter->queue, waiter->condition, waiter->flag, WAIT_FOREVER);
}

/* Starts it and lets it fall asleep. */
static void waiter_start(struct waiter *waiter, struct wait_queue *queue, wait_condition_t *condition, bool *flag)
{
	test_one_cpu();
	*waiter = (struct waiter){ queue, condition, flag, 1, NULL };
	waiter->thread = thread_create("waiter", wait_for_it, waiter);
	if (!waiter->thread) {
		test_fail(__FILE__, __LINE__, "no memory for a thread");
		return;
	}
	thread_start(waiter->thread);
	thread_yield();
}

static int waiter_end(struct waiter *waiter)
{
	if (!waiter->thread || thread_join(waiter->thread))
		return -ECHILD;
	thread_put(waiter->thread);
	return waiter->result;
}

TEST(wake_all_wakes_all)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	struct waiter waiters[3];
	bool flag = false;

	for (int i = 0; i < 3; i++)
		waiter_start(&waiters[i], &queue, is_set, &flag);
	wake_all(&queue); /* for nothing: they ask, and sleep on */
	thread_yield();
	for (int i = 0; i < 3; i++)
		CHECK_EQ(waiters[i].result, 1);
	atomic_store(&flag, true);
	wake_all(&queue);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(waiter_end(&waiters[i]), 0);
	CHECK(list_empty(&queue.waiters));
}

TEST(wake_one_wakes_the_first)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	struct waiter first, second;
	bool flag = false;

	waiter_start(&first, &queue, is_set, &flag);
	waiter_start(&second, &queue, is_set, &flag);
	atomic_store(&flag, true);
	wake_one(&queue);
	thread_yield();
	CHECK_EQ(first.result, 0);
	CHECK_EQ(second.result, 1);
	wake_one(&queue);
	CHECK_EQ(waiter_end(&second), 0);
	CHECK_EQ(waiter_end(&first), 0);
}

/* The one that was chosen is killed before it runs; the wake-up must not die with it. */
TEST(wake_one_is_passed_on)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	struct waiter first, second;
	bool flag = false;

	waiter_start(&first, &queue, never, NULL);
	waiter_start(&second, &queue, is_set, &flag);
	atomic_store(&flag, true);
	wake_one(&queue);
	thread_kill(first.thread);
	CHECK_EQ(waiter_end(&first), -EINTR);
	CHECK_EQ(waiter_end(&second), 0);
}

struct watcher {
	struct wait_entry entry;
	int notices;
};

static void count_notice(struct wait_entry *entry)
{
	container_of(entry, struct watcher, entry)->notices++;
}

TEST(watchers_are_told_and_use_nothing_up)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	struct watcher watcher = { .entry = { .notify = count_notice } };
	struct waiter waiter;
	bool flag = false;

	wait_add(&queue, &watcher.entry);
	waiter_start(&waiter, &queue, is_set, &flag);
	atomic_store(&flag, true);
	wake_one(&queue);
	CHECK_EQ(waiter_end(&waiter), 0);
	CHECK_EQ(watcher.notices, 1);
	wake_all(&queue);
	CHECK_EQ(watcher.notices, 2);
	wait_remove(&watcher.entry);
	wait_remove(&watcher.entry);
	wake_all(&queue);
	CHECK_EQ(watcher.notices, 2);
}

struct many {
	struct wait_queue queues[2];
	bool flag;
	int result;
};

static void wait_for_many(void *arg)
{
	struct many *many = arg;
	struct wait_entry entries[2] = { { .thread = thread_current() }, { .thread = thread_current() } };

	wait_add(&many->queues[0], &entries[0]);
	wait_add(&many->queues[1], &entries[1]);
	many->result = wait_until_any(is_set, &many->flag, WAIT_FOREVER);
	wait_remove(&entries[0]);
	wait_remove(&entries[1]);
}

TEST(wait_until_any_hears_every_queue)
{
	for (int i = 0; i < 2; i++) {
		struct many many = { .result = 1 };
		struct thread *thread = thread_create("many", wait_for_many, &many);

		CHECK(thread);
		wait_queue_init(&many.queues[0]);
		wait_queue_init(&many.queues[1]);
		thread_start(thread);
		thread_yield();
		CHECK_EQ(many.result, 1);
		atomic_store(&many.flag, true);
		wake_one(&many.queues[i]);
		CHECK_EQ(thread_join(thread), 0);
		thread_put(thread);
		CHECK_EQ(many.result, 0);
	}
}

/* ---- what the harness looks for ---- */

static int find_true_condition(struct thread *thread, wait_condition_t *condition, void *arg, void *context)
{
	if (!condition(arg))
		return 0;
	*(struct thread **)context = thread;
	return 7;
}

TEST(lost_wakeups_can_be_seen)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	struct thread *found = NULL;
	struct waiter waiter;
	bool flag = false;

	waiter_start(&waiter, &queue, is_set, &flag);
	CHECK_EQ(wait_foreach_sleeper(find_true_condition, &found), 0);
	atomic_store(&flag, true); /* and nobody is told */
	CHECK_EQ(wait_foreach_sleeper(find_true_condition, &found), 7);
	CHECK(found == waiter.thread);
	/* Woken, if not yet running, it has lost nothing. */
	wake_all(&queue);
	CHECK_EQ(wait_foreach_sleeper(find_true_condition, &found), 0);
	CHECK_EQ(waiter_end(&waiter), 0);
}

/* ---- many at once ---- */

/* A counter of things, taken by many and given by one: what a pipe does. */
struct store {
	struct spinlock lock;
	struct wait_queue takers;
	int things, taken;
};

static bool has_things(void *arg)
{
	return atomic_load(&((struct store *)arg)->things) > 0;
}

static bool take_one(struct store *store)
{
	unsigned long flags = spin_lock(&store->lock);
	bool got = store->things > 0;

	store->things -= got;
	store->taken += got;
	spin_unlock(&store->lock, flags);
	return got;
}

static void give_one(struct store *store)
{
	unsigned long flags = spin_lock(&store->lock);

	store->things++;
	spin_unlock(&store->lock, flags);
}

static void take_100(void *arg)
{
	struct store *store = arg;

	for (int i = 0; i < 100;) {
		if (wait_until(&store->takers, has_things, store, WAIT_FOREVER))
			return;
		i += take_one(store);
	}
}

TEST(every_wake_up_counts)
{
	struct store store = { .lock = SPINLOCK_INIT };
	struct thread *threads[3];

	wait_queue_init(&store.takers);
	for (int i = 0; i < 3; i++) {
		threads[i] = thread_create("taker", take_100, &store);
		CHECK(threads[i]);
		thread_start(threads[i]);
	}
	for (int i = 0; i < 300; i++) {
		give_one(&store);
		wake_one(&store.takers);
		if (i % 7 == 0)
			thread_yield();
	}
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(thread_join(threads[i]), 0);
		thread_put(threads[i]);
	}
	CHECK_EQ(store.taken, 300);
	CHECK_EQ(store.things, 0);
}
