/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything at once: threads that lock, sleep, wake, and are preempted every few microseconds, at any instruction.
 */
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/mutex.h>
#include <kernel/test.h>
#include <kernel/thread.h>

#define THREADS 6
#define ROUNDS 400
#define LATE_MAX_NS (100 * NSEC_PER_USEC)

/*
 * Asks for a switch at the end of its own interrupt, again and again, at intervals that do not repeat soon. A machine
 * whose interrupts are late, as they take longer than that, gets as much time again: else it would do nothing else. But
 * who comes late as the host did something else has missed nothing.
 */
struct storm {
	struct timer timer;
	uint64_t due;
	uint32_t seed;
	bool over;
};

static void strike(struct timer *timer)
{
	struct storm *storm = container_of(timer, struct storm, timer);
	uint64_t now = clock_ns(), late = storm->due && now > storm->due ? min(now - storm->due, LATE_MAX_NS) : 0;

	arch_cpu()->need_resched = true;
	storm->seed = storm->seed * 1664525 + 1013904223;
	storm->due = now + 2 * late + 2 * NSEC_PER_USEC + storm->seed % (30 * NSEC_PER_USEC);
	if (!atomic_load(&storm->over))
		timer_arm(timer, storm->due);
}

struct sea {
	struct mutex mutex;
	struct spinlock lock;
	struct wait_queue queue;
	uint64_t under_mutex, under_lock; /* increments that are not atomic by themselves */
	unsigned things, put, taken;
};

static void add_one_slowly(volatile uint64_t *n)
{
	uint64_t was = *n;

	clock_ns(); /* in the host world interrupts come here */
	*n = was + 1;
}

static bool has_things(void *arg)
{
	return atomic_load(&((struct sea *)arg)->things) != 0;
}

/* Puts one in, takes one out; whoever finds none sleeps until another has put one. */
static bool exchange(struct sea *sea, bool put)
{
	unsigned long flags = spin_lock(&sea->lock);
	bool done = put || sea->things;

	add_one_slowly(&sea->under_lock);
	if (done) {
		sea->things += put ? 1 : -1;
		*(put ? &sea->put : &sea->taken) += 1;
	}
	spin_unlock(&sea->lock, flags);
	if (put)
		wake_one(&sea->queue);
	return done;
}

static void sail(void *arg)
{
	struct sea *sea = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		mutex_lock(&sea->mutex);
		add_one_slowly(&sea->under_mutex);
		mutex_unlock(&sea->mutex);
		exchange(sea, true);
		do {
			if (wait_until(&sea->queue, has_things, sea, WAIT_FOREVER))
				return;
		} while (!exchange(sea, false));
		if (i % 64 == 0 && clock_sleep_until(clock_ns() + 10 * NSEC_PER_USEC))
			return;
	}
}

static uint64_t all_switches(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < cpu_count; i++)
		sum += cpus[i]->switches;
	return sum;
}

TEST(threads_weather_a_storm)
{
	struct storm storm = { .seed = 1 };
	struct sea sea = { .mutex = MUTEX_INIT(sea.mutex), .queue = WAIT_QUEUE_INIT(sea.queue) };
	struct thread *threads[THREADS];
	uint64_t switches = all_switches();

	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = thread_create("sailor", sail, &sea);
		CHECK(threads[i]);
	}
	timer_init(&storm.timer, strike);
	timer_arm(&storm.timer, 0);
	for (unsigned i = 0; i < THREADS; i++)
		thread_start(threads[i]);
	for (unsigned i = 0; i < THREADS; i++) {
		CHECK_EQ(thread_join(threads[i]), 0);
		thread_put(threads[i]);
	}
	atomic_store(&storm.over, true);
	timer_cancel(&storm.timer);
	timer_cancel(&storm.timer); /* it may have armed itself in between */
	CHECK_EQ(sea.under_mutex, THREADS * ROUNDS);
	CHECK_EQ(sea.put, THREADS * ROUNDS);
	CHECK_EQ(sea.taken, THREADS * ROUNDS);
	CHECK_EQ(sea.things, 0);
	CHECK(list_empty(&sea.queue.waiters));
	/* More than they sleep; how much depends on the machine. With a CPU for nearly each they seldom make way. */
	CHECK(cpu_count > 1 || all_switches() - switches > THREADS * (ROUNDS / 64));
}
