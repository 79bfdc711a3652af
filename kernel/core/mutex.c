/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mutexes. Without contention both operations are one compare-exchange of the owner word, in line (kernel/mutex.h) or,
 * where their use is checked, in mutex_checked.c. With it, the owner hands the mutex to the first in the queue; nobody
 * can overtake.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/mutex.h>
#include <kernel/thread.h>

#include "mutex_check.h"
#include "sched_internal.h"

#define CONTENDED ((uintptr_t)1)

METRIC_COUNTER(mutex_contentions, "Times that a thread found a mutex taken and waited for it");

struct claim {
	struct list node; /* on the mutex's queue */
	struct thread *thread;
	bool granted;
};

void mutex_init_class(struct mutex *mutex, struct lock_class *class)
{
	mutex->owner = 0;
	wait_queue_init(&mutex->waiters);
	order_init(mutex, class);
}

static uintptr_t me(void)
{
	return (uintptr_t)thread_current();
}

bool mutex_is_mine(const struct mutex *mutex)
{
	return (atomic_load_relaxed(&mutex->owner) & ~CONTENDED) == me();
}

bool mutex_try_lock(struct mutex *mutex)
{
	uintptr_t expected = 0;
	bool mine = atomic_compare_exchange(&mutex->owner, &expected, me());

	if (mine)
		order_taken(mutex);
	return mine;
}

static bool is_granted(void *arg)
{
	struct claim *claim = arg;

	return atomic_load(&claim->granted);
}

NOINLINE void mutex_lock_contended(struct mutex *mutex)
{
	struct claim claim = { .thread = thread_current() };
	struct sleeper sleeper = { .condition = is_granted, .arg = &claim, .stubborn = true };
	const struct thread *holder;
	uint64_t holder_id, start;
	unsigned long flags;

	metric_inc(mutex_contentions);
	if (mutex_is_mine(mutex))
		panic("mutex %p is taken twice by thread \"%s\"", (void *)mutex, claim.thread->name);
	flags = spin_lock(&mutex->waiters.lock);
	if (!atomic_fetch_or(&mutex->owner, CONTENDED)) {
		/* Released meanwhile; and then nobody waits, or it would have been handed over. */
		atomic_store(&mutex->owner, me());
		spin_unlock(&mutex->waiters.lock, flags);
		order_taken(mutex);
		return;
	}
	list_append(&mutex->waiters.waiters, &claim.node);
	holder = (const struct thread *)(mutex->owner & ~CONTENDED);
	holder_id = holder ? (uint64_t)holder->id : 0;
	spin_unlock(&mutex->waiters.lock, flags);
	start = TRACE_START(lock_wait);
	wait_sleep(&sleeper, WAIT_FOREVER);
	TRACE(lock_wait, mutex, holder_id, start);
	order_taken(mutex);
}

NOINLINE void mutex_unlock_contended(struct mutex *mutex)
{
	unsigned long flags;
	struct claim *claim;
	struct thread *next;

	if (!mutex_is_mine(mutex))
		panic("mutex %p is released by thread \"%s\", which does not hold it", (void *)mutex,
		      thread_current()->name);
	flags = spin_lock(&mutex->waiters.lock);
	claim = list_first(&mutex->waiters.waiters, struct claim, node);
	list_remove(&claim->node);
	next = thread_get(claim->thread);
	atomic_store(&mutex->owner, (uintptr_t)next | (list_empty(&mutex->waiters.waiters) ? 0 : CONTENDED));
	spin_unlock(&mutex->waiters.lock, flags);
	/* From here on the claim, which lies on the next owner's stack, may be gone. */
	atomic_store(&claim->granted, true);
	memory_barrier();
	thread_wake(next);
	thread_put(next);
}
