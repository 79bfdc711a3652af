/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the stack protector's guards come from.
 */
#include <kernel/cpu.h>
#include <kernel/random.h>
#include <kernel/stack_guard.h>

uint64_t stack_guard_draw(void)
{
	uint64_t guard;

	random_bytes(&guard, sizeof(guard));
	return guard & STACK_GUARD_MASK;
}

NO_STACK_PROTECTOR void stack_guard_renew(void)
{
	unsigned long irq = arch_irq_save();

	arch_cpu()->stack_guard = stack_guard_draw();
	arch_irq_restore(irq);
}
