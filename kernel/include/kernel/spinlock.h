/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spinlocks: for a few instructions, in any context. Holding one means interrupts, and so preemption, are off on this
 * CPU; nothing that may sleep is called. Fair (ticket) order. Not recursive: the debug preset reports a second take.
 */
#pragma once

#include <kernel/compiler.h>

struct spinlock {
	uint32_t next;		/* ticket of the next taker */
	uint32_t owner;		/* ticket that holds it; next == owner: free */
#if CONFIG_DEBUG
	struct cpu *holder;	/* NULL: free */
#endif
};

#define SPINLOCK_INIT { .next = 0 }

struct cpu;

static inline void spin_init(struct spinlock *lock)
{
	*lock = (struct spinlock)SPINLOCK_INIT;
}

/* Takes the lock with interrupts off; returns the former interrupt state for spin_unlock(). */
unsigned long spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock, unsigned long flags);
