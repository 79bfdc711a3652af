/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ticket spinlocks whose use is checked (option DEBUG). Otherwise these functions are in line (kernel/spinlock.h).
 */
#include <kernel/atomic.h>
#include <kernel/spinlock.h>

#include "spinlock_check.h"

unsigned long spin_lock(struct spinlock *lock)
{
	unsigned long flags = arch_irq_save();
	uint32_t ticket;

	check_taken(lock);
	ticket = atomic_fetch_add(&lock->next, 1);
	if (unlikely(atomic_load(&lock->owner) != ticket))
		spin_wait(lock, ticket);
	note_taken(lock);
	return flags;
}

void spin_unlock(struct spinlock *lock, unsigned long flags)
{
	note_released(lock);
	atomic_store(&lock->owner, lock->owner + 1);
	arch_irq_restore(flags);
}
