/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ticket spinlocks.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/metrics.h>
#include <kernel/spinlock.h>

#include "spinlock_check.h"

METRIC_COUNTER(spinlock_contentions, "Times that a CPU found a spinlock taken and waited for it");

static NOINLINE void wait_for_turn(const struct spinlock *lock, uint32_t ticket)
{
	uint64_t start = TRACE_START(spin_wait);

	metric_inc(spinlock_contentions);
	while (atomic_load(&lock->owner) != ticket)
		arch_relax();
	TRACE(spin_wait, lock, trace_since(start));
}

unsigned long spin_lock(struct spinlock *lock)
{
	unsigned long flags = arch_irq_save();
	uint32_t ticket;

	check_taken(lock);
	ticket = atomic_fetch_add(&lock->next, 1);
	if (unlikely(atomic_load(&lock->owner) != ticket))
		wait_for_turn(lock, ticket);
	note_taken(lock);
	return flags;
}

bool spin_try_lock(struct spinlock *lock, unsigned long *flags)
{
	uint32_t owner;

	*flags = arch_irq_save();
	owner = atomic_load(&lock->owner);
	if (atomic_compare_exchange(&lock->next, &owner, owner + 1)) {
		note_taken(lock);
		return true;
	}
	arch_irq_restore(*flags);
	return false;
}

void spin_unlock(struct spinlock *lock, unsigned long flags)
{
	note_released(lock);
	atomic_store(&lock->owner, lock->owner + 1);
	arch_irq_restore(flags);
}
