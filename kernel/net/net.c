/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network's lock, its thread, and what lwIP takes from the kernel. The thread polls devices after their interrupts
 * and calls lwIP's timers; a device that interrupts too often is polled in turns with everybody else's work.
 */
#include "stack.h"

#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/random.h>
#include <kernel/thread.h>
#include <lwip/init.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

static struct mutex lock = MUTEX_INIT(lock);
static struct wait_queue work = WAIT_QUEUE_INIT(work);
static bool more_work;			/* lock */
static uint64_t sleeps_until_ns;	/* the thread; 0: it does not sleep. lock */
static bool timers_moved;		/* atomic */

/* ---- for lwIP ---- */

uint32_t sys_now(void)
{
	return (uint32_t)(clock_ns() / NSEC_PER_MSEC);
}

uint32_t net_random(void)
{
	uint32_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

void *net_heap_alloc(size_t size)
{
	return heap_alloc(size);
}

void *net_heap_array(size_t count, size_t size)
{
	return heap_array(count, size);
}

void net_heap_free(void *object)
{
	heap_free(object);
}

/* ---- the lock ---- */

void net_lock(void)
{
	mutex_lock(&lock);
}

/* When lwIP's next timer is due; UINT64_MAX: never. Lock. */
static uint64_t next_timer_ns(void)
{
	uint32_t ms = sys_timeouts_sleeptime();

	return ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE ? UINT64_MAX : clock_ns() + ms * NSEC_PER_MSEC;
}

void net_unlock(void)
{
	bool sooner;

	netif_poll_all();
	netdevs_flush();
	sooner = sleeps_until_ns && next_timer_ns() < sleeps_until_ns;
	if (sooner) {
		sleeps_until_ns = 0;
		atomic_store(&timers_moved, true);
	}
	mutex_unlock(&lock);
	if (sooner)
		wake_all(&work);
}

/* ---- the thread ---- */

void netdev_schedule(struct netdev *dev)
{
	atomic_store(&dev->scheduled, true);
	wake_all(&work);
}

static bool has_work(void *arg UNUSED)
{
	return atomic_load(&timers_moved) || netdevs_scheduled();
}

static void net_main(void *arg UNUSED)
{
	for (;;) {
		uint64_t until;
		int err;

		net_lock();
		more_work = false;
		netdevs_poll(&more_work);
		sys_check_timeouts();
		until = more_work ? 0 : next_timer_ns();
		atomic_store(&timers_moved, false);
		sleeps_until_ns = until;
		net_unlock();
		if (!until) {
			thread_yield();
			continue;
		}
		err = wait_until(&work, has_work, NULL, until);
		if (err == -EINTR)
			return;
	}
}

/* ---- start ---- */

static int net_init(void)
{
	struct thread *thread;

	lwip_init();
	thread = thread_create("net", net_main, NULL);
	if (!thread)
		return -ENOMEM;
	thread_start(thread);
	thread_put(thread);
	return 0;
}
INIT_CALL(INIT_BUS, net_init);
