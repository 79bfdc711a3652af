/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ticket spinlocks: what is not in line. ticket_checked.c has the rest of them where their use is checked.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/metrics.h>
#include <kernel/spinlock.h>

#include "spinlock_check.h"

METRIC_COUNTER(spinlock_contentions, "Times that a CPU found a spinlock taken and waited for it");

NOINLINE void spin_wait(const struct spinlock *lock, uint32_t ticket)
{
	uint64_t start = TRACE_START(spin_wait);

	metric_inc(spinlock_contentions);
	while (atomic_load(&lock->owner) != ticket)
		arch_relax();
	TRACE(spin_wait, lock, start);
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
