/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crashes that a unit test expects: the handler jumps back into the test.
 */
#include <arch/arch.h>
#include <kernel/cpu.h>
#include <kernel/crash.h>
#include <kernel/lock_order.h>
#include <kernel/test.h>

static struct arch_jump jump;
static struct crash_record caught;

static void catch_crash(const struct crash_record *record)
{
	caught = *record;
	crash_clear();
	arch_jump(&jump, 1);
}

enum crash_kind test_crash_of(void (*fn)(void *arg), void *arg)
{
	unsigned long irq = arch_irq_save();
	uint32_t irq_depth = arch_cpu()->irq_depth, preempt_count = arch_cpu()->preempt_count;
	const struct locks_mark held = lock_order_mark();

	arch_irq_restore(irq);
	caught.kind = CRASH_NONE;
	crash_set_handler(catch_crash);
	if (arch_jump_set(&jump) == 0)
		fn(arg);
	crash_set_handler(NULL);
	lock_order_forget(&held);
	arch_cpu()->irq_depth = irq_depth;
	arch_cpu()->preempt_count = preempt_count;
	arch_irq_restore(irq);
	return caught.kind;
}

const struct crash_record *test_crash_record(void)
{
	return &caught;
}
