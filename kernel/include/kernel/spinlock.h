/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spinlocks: for a few instructions, in any context. Holding one means interrupts, and so preemption, are off on this
 * CPU; nothing that may sleep is called. Fair (ticket) order. Not recursive: the debug preset reports a second take.
 */
#pragma once

#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/compiler.h>
#include <kernel/lock_order.h>

struct spinlock {
	uint32_t next;		/* ticket of the next taker */
	uint32_t owner;		/* ticket that holds it; next == owner: free */
#if CONFIG_DEBUG
	struct cpu *holder;	/* NULL: free */
	struct lock_class *class;
#endif
};

#define SPINLOCK_INIT { .next = 0 }

struct cpu;

#if CONFIG_DEBUG
#define spin_init(lock) (*(lock) = (struct spinlock){ .class = LOCK_CLASS_HERE(#lock) })
#else
#define spin_init(lock) (*(lock) = (struct spinlock)SPINLOCK_INIT)
#endif

/*
 * Takes the lock with interrupts off; returns the former interrupt state for spin_unlock(). On one CPU that is all; and
 * not even that is needed while an input of a harness runs, where the one interrupt there is ends the input.
 */
extern bool spin_needs_no_irq_off;

#if !CONFIG_TICKET_LOCKS

static ALWAYS_INLINE unsigned long spin_lock(struct spinlock *lock UNUSED)
{
	return spin_needs_no_irq_off ? 0 : arch_irq_save();
}

static ALWAYS_INLINE void spin_unlock(struct spinlock *lock UNUSED, unsigned long flags)
{
	if (flags)
		arch_irq_restore(flags);
	else
		compiler_barrier();
}
#else

/* The same without waiting: false when another CPU holds it. */
bool spin_try_lock(struct spinlock *lock, unsigned long *flags);

/* Until the ticket's turn has come. */
void spin_wait(const struct spinlock *lock, uint32_t ticket);

#if CONFIG_DEBUG
unsigned long spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock, unsigned long flags);
#else

/* In line, as a call and what a shadow stack adds to one are more than what is to be done. */
static ALWAYS_INLINE unsigned long spin_lock(struct spinlock *lock)
{
	unsigned long flags = arch_irq_save();
	uint32_t ticket = atomic_fetch_add(&lock->next, 1);

	if (unlikely(atomic_load(&lock->owner) != ticket))
		spin_wait(lock, ticket);
	return flags;
}

/* Interrupts are off until here. */
static ALWAYS_INLINE void spin_unlock(struct spinlock *lock, unsigned long flags)
{
	atomic_store(&lock->owner, atomic_load_relaxed(&lock->owner) + 1);
	if (flags)
		arch_irq_enable();
}
#endif
#endif

/* From now on nothing interrupts but what never returns. */
void spin_no_more_interrupts(void);
