/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mutexes: sleeping locks with an owner. Threads only, never in interrupts. Not recursive (a second take by the owner
 * panics). Waiters get it in order of arrival.
 */
#pragma once

#include <kernel/wait.h>

struct mutex {
	uintptr_t owner;	/* the thread; the lowest bit: others wait, and get it from the owner */
	struct wait_queue waiters;
#if CONFIG_DEBUG
	struct lock_class *class;
#endif
};

#define MUTEX_INIT(name) { .waiters = WAIT_QUEUE_INIT((name).waiters) }

#if CONFIG_DEBUG
#define mutex_init(mutex) mutex_init_class(mutex, LOCK_CLASS_HERE(#mutex))
#else
#define mutex_init(mutex) mutex_init_class(mutex, NULL)
#endif
void mutex_init_class(struct mutex *mutex, struct lock_class *class);
bool mutex_try_lock(struct mutex *mutex);
/* When it is not free; and when others wait, or the mutex is not the caller's. */
void mutex_lock_contended(struct mutex *mutex);
void mutex_unlock_contended(struct mutex *mutex);

#if CONFIG_DEBUG
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
#else

/* Sleeps until it has the mutex; not ended by a kill, so keep what it protects short. */
static ALWAYS_INLINE void mutex_lock(struct mutex *mutex)
{
	uintptr_t expected = 0;

	if (unlikely(!atomic_compare_exchange(&mutex->owner, &expected, (uintptr_t)arch_thread())))
		mutex_lock_contended(mutex);
}

static ALWAYS_INLINE void mutex_unlock(struct mutex *mutex)
{
	uintptr_t expected = (uintptr_t)arch_thread();

	if (unlikely(!atomic_compare_exchange(&mutex->owner, &expected, 0)))
		mutex_unlock_contended(mutex);
}
#endif
/* For asserts. */
bool mutex_is_mine(const struct mutex *mutex);
