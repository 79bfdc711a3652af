/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Code on the heap: a message of the attacker's, to which a function pointer is made to point.
 */
#include "attacks.h"

static long negate(long value)
{
	return -value;
}

static long (*transform)(long value) = negate;

static NOINLINE long apply(long value)
{
	return (*attack_opaque(&transform))(value);
}

static bool benign(const struct attack *attack)
{
	return apply(3) == -3;
}

static void run(const struct attack *attack)
{
	uint8_t code[12] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* movabs $goal, %rax; jmp *%rax */
	uintptr_t slide = attack_leaked_slide(), at;
	uint64_t goal = attack_linked_code(attack_goal) + slide;

	memcpy(code + 2, &goal, sizeof(goal));
	at = attack_leaked_heap(code, sizeof(code));
	if (!at)
		attack_failed(attack, "no memory");
	attack_primitive(attack);
	attack_write64(attack_linked(&transform) + slide, at);
	apply(1);
}

ATTACK(exec_heap, .family = "executing data", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "wx kcfi", .about = "a function pointer leads to a message on the heap", .run = run,
       .benign = benign);
