/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spinlocks and mutexes.
 */
#include <arch/arch.h>
#include <kernel/crash.h>
#include <kernel/mutex.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

TEST(spinlock_keeps_interrupts_off)
{
	struct spinlock a = SPINLOCK_INIT, b = SPINLOCK_INIT;
	unsigned long outer, inner;

	CHECK(arch_irq_enabled());
	outer = spin_lock(&a);
	CHECK(!arch_irq_enabled());
	inner = spin_lock(&b);
	spin_unlock(&b, inner);
	CHECK(!arch_irq_enabled());
	spin_unlock(&a, outer);
	CHECK(arch_irq_enabled());
	CHECK_EQ(a.next, a.owner);
}

static void take_twice(void *arg)
{
	spin_lock(arg);
	spin_lock(arg);
}

static void release_untaken(void *arg)
{
	spin_unlock(arg, arch_irq_enabled());
}

static void sleep_with(void *arg)
{
	struct mutex mutex = MUTEX_INIT(mutex);

	spin_lock(arg);
	mutex_lock(&mutex);
}

TEST(spinlock_misuse_is_found)
{
	static struct spinlock lock = SPINLOCK_INIT;

	if (!IS_ENABLED(CONFIG_DEBUG)) {
		test_skip("needs DEBUG");
		return;
	}
	CHECK_EQ(test_crash_of(take_twice, &lock), CRASH_PANIC);
	spin_init(&lock);
	CHECK_EQ(test_crash_of(release_untaken, &lock), CRASH_PANIC);
	spin_init(&lock);
	CHECK_EQ(test_crash_of(sleep_with, &lock), CRASH_PANIC);
	CHECK(thread_may_sleep());
}

/* ---- mutexes ---- */

struct shared {
	struct mutex lock;
	int inside, rounds, worst;
	char order[8];
};

static void take_turns(void *arg)
{
	struct shared *shared = arg;

	for (int i = 0; i < 50; i++) {
		mutex_lock(&shared->lock);
		shared->worst = max(shared->worst, ++shared->inside);
		thread_yield();
		shared->inside--;
		shared->rounds++;
		mutex_unlock(&shared->lock);
	}
}

TEST(mutex_lets_one_in_at_a_time)
{
	struct shared shared = { .lock = MUTEX_INIT(shared.lock) };
	struct thread *threads[4];

	for (unsigned i = 0; i < array_size(threads); i++) {
		threads[i] = thread_create("turns", take_turns, &shared);
		CHECK(threads[i]);
		thread_start(threads[i]);
	}
	for (unsigned i = 0; i < array_size(threads); i++) {
		CHECK_EQ(thread_join(threads[i]), 0);
		thread_put(threads[i]);
	}
	CHECK_EQ(shared.rounds, 200);
	CHECK_EQ(shared.worst, 1);
	CHECK_EQ(shared.lock.owner, 0);
}

struct arrival {
	struct shared *shared;
	char letter;
};

static void sign_in(void *arg)
{
	struct arrival *arrival = arg;

	mutex_lock(&arrival->shared->lock);
	arrival->shared->order[arrival->shared->rounds++] = arrival->letter;
	mutex_unlock(&arrival->shared->lock);
}

TEST(mutex_is_handed_over_in_order_of_arrival)
{
	struct shared shared = { .lock = MUTEX_INIT(shared.lock) };
	struct arrival arrivals[3] = { { &shared, 'a' }, { &shared, 'b' }, { &shared, 'c' } };
	struct thread *threads[3];

	test_one_cpu();
	mutex_lock(&shared.lock);
	for (unsigned i = 0; i < 3; i++) {
		threads[i] = thread_create("arrival", sign_in, &arrivals[i]);
		CHECK(threads[i]);
		thread_start(threads[i]);
		thread_yield(); /* it runs until it has to wait */
	}
	CHECK(!mutex_try_lock(&shared.lock));
	mutex_unlock(&shared.lock);
	/* Handed over, not up for grabs: whoever comes now queues. */
	CHECK(!mutex_try_lock(&shared.lock));
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(thread_join(threads[i]), 0);
		thread_put(threads[i]);
	}
	CHECK_STR(shared.order, "abc");
	CHECK(mutex_try_lock(&shared.lock));
	CHECK(mutex_is_mine(&shared.lock));
	mutex_unlock(&shared.lock);
	CHECK(!mutex_is_mine(&shared.lock));
}

TEST(mutex_is_not_ended_by_a_kill)
{
	struct shared shared = { .lock = MUTEX_INIT(shared.lock) };
	struct arrival arrival = { &shared, 'k' };
	struct thread *thread = thread_create("killed", sign_in, &arrival);

	CHECK(thread);
	mutex_lock(&shared.lock);
	thread_start(thread);
	thread_yield();
	thread_kill(thread);
	thread_yield();
	CHECK_EQ(shared.rounds, 0);
	mutex_unlock(&shared.lock);
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
	CHECK_EQ(shared.rounds, 1);
}

static void lock_twice(void *arg)
{
	mutex_lock(arg);
	mutex_lock(arg);
}

static void unlock_free(void *arg)
{
	mutex_unlock(arg);
}

TEST(mutex_misuse_panics)
{
	struct mutex mutex;

	mutex_init(&mutex);
	CHECK_EQ(test_crash_of(lock_twice, &mutex), CRASH_PANIC);
	CHECK(mutex_is_mine(&mutex));
	mutex_unlock(&mutex);
	CHECK_EQ(test_crash_of(unlock_free, &mutex), CRASH_PANIC);
}
