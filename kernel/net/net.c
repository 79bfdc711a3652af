/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network's lock, its thread, and what lwIP takes from the kernel. The thread polls devices after their interrupts
 * and runs its timers (timers.c); a device that interrupts too often is polled in turns with everybody else's work.
 */
#include "stack.h"

#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/net.h>
#include <kernel/random.h>
#include <kernel/suspend.h>
#include <kernel/thread.h>
#include <lwip/init.h>

static struct mutex lock = MUTEX_INIT(lock);
static struct wait_queue work = WAIT_QUEUE_INIT(work);
static struct timer alarm;		/* for the next of timers.c; background work: nobody is kept waiting by it */
static uint64_t alarm_ns;		/* when it rings; UINT64_MAX: never. lock */
static bool alarm_rang;			/* atomic */
static bool any_scheduled;		/* a device, since they were last polled; atomic */
static long pieces;			/* that lwIP has allocated; lock */

/* ---- for lwIP ---- */

uint32_t net_random(void)
{
	uint32_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

void *net_heap_alloc(size_t size)
{
	void *object = heap_alloc(size);

	pieces += object != NULL;
	return object;
}

void *net_heap_array(size_t count, size_t size)
{
	void *object = heap_array(count, size);

	pieces += object != NULL;
	return object;
}

void net_heap_free(void *object)
{
	pieces -= object != NULL;
	heap_free(object);
}

long net_pieces(void)
{
	long n;

	net_lock();
	n = pieces;
	net_unlock();
	return n;
}

/* ---- the lock ---- */

void net_lock(void)
{
	mutex_lock(&lock);
}

static void ring(struct timer *timer UNUSED)
{
	atomic_store(&alarm_rang, true);
	wake_all(&work);
}

static void deliver_looped_back(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif) {
		if (netif->loop_first)
			netif_poll(netif);
	}
}

void net_unlock(void)
{
	uint64_t next;

	deliver_looped_back();
	netdevs_flush();
	next = net_timers_due_ns();
	if (next < alarm_ns) {
		alarm_ns = next;
		timer_arm(&alarm, next);
	}
	mutex_unlock(&lock);
}

/* Nobody is in the middle of anything here while the machine stands still. */
static void go_on(bool copied UNUSED)
{
	net_unlock();
}
SUSPEND_CALL(SUSPEND_CORE, network, net_lock, NULL, go_on);

/* ---- the thread ---- */

void netdevs_schedule(struct netdev *dev)
{
	atomic_store(&dev->scheduled, true);
	atomic_store(&any_scheduled, true);
	wake_all(&work);
}

static bool has_work(void *arg UNUSED)
{
	return atomic_load(&alarm_rang) || atomic_load(&any_scheduled);
}

static void net_main(void *arg UNUSED)
{
	for (;;) {
		bool more = false;

		net_lock();
		if (atomic_exchange(&alarm_rang, false))
			alarm_ns = UINT64_MAX;
		atomic_store(&any_scheduled, false);
		netdevs_poll(&more);
		net_timers_run();
		net_unlock();
		if (more)
			thread_yield();
		else
			wait_for_work(&work, has_work, NULL);
	}
}

/* ---- start ---- */

static int net_init(void)
{
	struct thread *thread;

	timer_init(&alarm, ring);
	alarm.deferrable = true;
	alarm_ns = UINT64_MAX;
	lwip_init();
	/* Loop-back sums nothing up, but programs look at their echoes' sums. */
	netif_get_by_index(1)->chksum_flags |= NETIF_CHECKSUM_GEN_ICMP | NETIF_CHECKSUM_CHECK_ICMP;
	netdev_set_stack(&netif_stack);
	thread = thread_create("net", net_main, NULL);
	if (!thread)
		return -ENOMEM;
	thread_start(thread);
	thread_put(thread);
	return 0;
}
INIT_CALL(INIT_BUS, net_init);
