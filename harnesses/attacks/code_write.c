/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's code: an arbitrary write puts a jump at the start of a function.
 */
#include "attacks.h"

static NOINLINE long tick(long value)
{
	return attack_opaque(value) + 1;
}

static bool benign(const struct attack *attack)
{
	return tick(2) == 3;
}

static void patch(const struct attack *attack, uintptr_t slide)
{
	uint8_t code[12] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* movabs $goal, %rax; jmp *%rax */
	uint64_t goal = attack_linked_code(attack_goal) + slide;

	memcpy(code + 2, &goal, sizeof(goal));
	attack_primitive(attack);
	attack_write(attack_linked_code(tick) + slide, code, sizeof(code));
	tick(1);
}
ATTACK_BODY(patch)

ATTACK(code_write, .family = "writing code", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "wx layout", .about = "a jump is written over the start of a function", .run = run,
       .benign = benign, .adaptive = adaptive);
