/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where an interrupt goes back to: the frame that the entry code saved is data on a kernel stack. An interrupt
 * handler writes at an unchecked index of an array that lies below it.
 */
#include "attacks.h"

#include <kernel/cpu.h>

static ptrdiff_t to_pc; /* from the array, as a debugger shows it */
static size_t slot;
static uint64_t value, first;

/* The mistake: nobody checks slot, which is the device's. */
static NOINLINE uint64_t set_slot(size_t at, uint64_t to)
{
	uint64_t slots[8] = { 0 };
	uint64_t *all = attack_opaque(&slots[0]);

	to_pc = (char *)&arch_cpu()->irq_regs->rip - (char *)all;
	all[at] = to;
	return all[0];
}

static void handler(void)
{
	first = set_slot(slot, value);
}

static bool benign(const struct attack *attack)
{
	slot = 0;
	value = 5;
	attack_in_interrupt(handler);
	return first == 5;
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	benign(attack);
	slot = (size_t)to_pc / sizeof(uint64_t);
	value = attack_linked_code(attack_goal) + slide;
	attack_primitive(attack);
	attack_in_interrupt(handler);
}
ATTACK_BODY(overwrite)

ATTACK(trap_frame, .family = "return address", .primitive = RELATIVE_WRITE, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "shadowstack layout", .about = "the registers that an interrupt has saved", .run = run,
       .benign = benign, .adaptive = adaptive);
