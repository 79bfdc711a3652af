/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The return address alone, by a write at a distance from an array on the stack: a stack protector's guard between the
 * two is not touched.
 */
#include "attacks.h"

static struct attack_frame frame;

/* The mistake: nobody checks slot. */
static NOINLINE uint64_t set_slot(size_t slot, uint64_t value)
{
	uint64_t slots[8] = { 0 };
	uint64_t *all = attack_opaque(&slots[0]);

	attack_frame_note(&frame, slots);
	all[slot] = value;
	return all[0] + all[7];
}

static bool benign(const struct attack *attack)
{
	return set_slot(7, 42) == 42;
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	benign(attack);
	attack_primitive(attack);
	set_slot((size_t)frame.to_return / sizeof(uint64_t), attack_linked_code(attack_goal) + slide);
}
ATTACK_BODY(overwrite)

ATTACK(ret_relative, .family = "return address", .primitive = RELATIVE_WRITE, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "shadowstack layout", .about = "an array on the stack, written at an unchecked index", .run = run,
       .benign = benign, .adaptive = adaptive);
