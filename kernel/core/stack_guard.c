/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the stack protector's guards come from: as many at once as a block of the entropy source makes, once that is
 * seeded. A copy of the machine begins without any; in copies that nobody tells of it the rest of a block differs by
 * the cycle counter alone. Bytes that are fixed are asked for one guard at a time, whatever the boot has drawn.
 */
#include <kernel/cpu.h>
#include <kernel/random.h>
#include <kernel/spinlock.h>
#include <kernel/stack_guard.h>
#include <kernel/string.h>
#include <kernel/suspend.h>

static struct spinlock lock = SPINLOCK_INIT;
static uint64_t guards[4];
static size_t guards_left;

uint64_t stack_guard_draw(void)
{
	unsigned long irq = spin_lock(&lock);
	bool fixed = random_is_fixed();
	uint64_t guard;

	if (!guards_left || fixed) {
		memset(guards, 0, sizeof(guards));
		guards_left = random_is_seeded() && !fixed ? array_size(guards) : 1;
		random_bytes(guards, guards_left * sizeof(guards[0]));
	}
	guard = guards[--guards_left];
	guards[guards_left] = 0;
	if (!fixed)
		guard ^= arch_cycles() << 8;
	spin_unlock(&lock, irq);
	return guard & STACK_GUARD_MASK;
}

static void forget_guards(void)
{
	unsigned long irq = spin_lock(&lock);

	memset(guards, 0, sizeof(guards));
	guards_left = 0;
	spin_unlock(&lock, irq);
}
SUSPEND_CALL(SUSPEND_CORE, stack_guards, NULL, forget_guards, NULL);

NO_STACK_PROTECTOR void stack_guard_renew(void)
{
	unsigned long irq = arch_irq_save();

	arch_cpu()->stack_guard = stack_guard_draw();
	arch_irq_restore(irq);
}
