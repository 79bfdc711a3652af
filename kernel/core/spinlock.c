/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ticket spinlocks. With option DEBUG each knows its holder, and a second take or a foreign release is a panic.
 */
#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/spinlock.h>

#if CONFIG_DEBUG

static void check_taken(struct spinlock *lock)
{
	if (atomic_load_relaxed(&lock->holder) == arch_cpu())
		panic("spinlock %p is taken twice", (void *)lock);
}

static void set_holder(struct spinlock *lock, struct cpu *holder)
{
	atomic_store_relaxed(&lock->holder, holder);
}

static void check_released(struct spinlock *lock)
{
	if (lock->holder != arch_cpu())
		panic("spinlock %p is released by a CPU that does not hold it", (void *)lock);
	set_holder(lock, NULL);
}

#else

static inline void check_taken(struct spinlock *lock UNUSED)
{
}

static inline void set_holder(struct spinlock *lock UNUSED, struct cpu *holder UNUSED)
{
}

static inline void check_released(struct spinlock *lock UNUSED)
{
}

#endif

unsigned long spin_lock(struct spinlock *lock)
{
	unsigned long flags = arch_irq_save();
	uint32_t ticket;

	check_taken(lock);
	ticket = atomic_fetch_add(&lock->next, 1);
	while (unlikely(atomic_load(&lock->owner) != ticket))
		arch_relax();
	set_holder(lock, arch_cpu());
	return flags;
}

void spin_unlock(struct spinlock *lock, unsigned long flags)
{
	check_released(lock);
	atomic_store(&lock->owner, lock->owner + 1);
	arch_irq_restore(flags);
}
