/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Part of the return address: its lowest byte, so that nothing has to be known of where the image is, which is moved by
 * whole pages. It then leads behind the question whether the caller may.
 */
#include "attacks.h"

/* In this order, and both within 256 bytes, whatever else changes. */
#define TOGETHER __attribute__((section(".text.attack_ret_partial")))

static struct attack_frame frame;
static uintptr_t returns_to; /* as linked */

static NOINLINE uint32_t set_byte(size_t at, uint8_t value);

static NOINLINE TOGETHER __attribute__((aligned(256))) void grant(void)
{
	attack_goal();
}

static NOINLINE TOGETHER uint32_t handle(size_t at, uint8_t value, bool may)
{
	uint32_t result = set_byte(at, value);

	if (attack_opaque(may))
		grant();
	return result;
}

/* The mistake: nobody checks at. */
static NOINLINE uint32_t set_byte(size_t at, uint8_t value)
{
	uint8_t bytes[32] = { 0 };
	uint8_t *all = attack_opaque(&bytes[0]);

	attack_frame_note(&frame, bytes);
	returns_to = attack_linked(__builtin_return_address(0));
	all[at] = value;
	return all[0] + all[31];
}

static bool benign(const struct attack *attack)
{
	return handle(31, 7, false) == 7;
}

static void run(const struct attack *attack)
{
	benign(attack);
	if ((returns_to ^ attack_linked_code(grant)) >> 8)
		attack_not_applicable(attack, "this compiler has put the two too far from each other");
	attack_primitive(attack);
	handle((size_t)frame.to_return, (uint8_t)attack_linked_code(grant), false);
}

ATTACK(ret_partial, .family = "return address", .primitive = RELATIVE_WRITE, .knowledge = BLIND,
       .stopped_by = "shadowstack", .about = "the lowest byte of the return address, which randomization leaves alone",
       .run = run, .benign = benign);
