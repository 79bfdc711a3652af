/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option DEBUG: each spinlock knows its holder; a second take, a foreign release, a sleep with one held and a
 * wrong order are panics.
 */
#pragma once

#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/spinlock.h>

#if CONFIG_DEBUG

static inline void check_taken(struct spinlock *lock)
{
	if (atomic_load_relaxed(&lock->holder) == arch_cpu())
		panic("spinlock %p is taken twice", (void *)lock);
	lock_order_check(lock, &lock->class);
}

/*
 * While it is held, thread_may_sleep() says no. The run lock goes from one thread to the next, and its count with it.
 */
static inline void note_taken(struct spinlock *lock)
{
	atomic_store_relaxed(&lock->holder, arch_cpu());
	arch_cpu()->preempt_count++;
	lock_order_taken(&arch_cpu()->spinlocks_held, lock, &lock->class);
}

static inline void note_released(struct spinlock *lock)
{
	if (lock->holder != arch_cpu())
		panic("spinlock %p is released by a CPU that does not hold it", (void *)lock);
	lock_order_released(&arch_cpu()->spinlocks_held, lock);
	atomic_store_relaxed(&lock->holder, NULL);
	arch_cpu()->preempt_count--;
}

#else

static inline void check_taken(struct spinlock *lock UNUSED)
{
}

static inline void note_taken(struct spinlock *lock UNUSED)
{
}

static inline void note_released(struct spinlock *lock UNUSED)
{
}

#endif
