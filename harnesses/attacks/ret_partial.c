/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Part of the return address: its two low bytes, so that nothing has to be known of where the image is but for what
 * is above a page, which randomization does not change. It leads to another function of the same page.
 */
#include "attacks.h"

/* All of it in one page, whatever else changes. */
#define SAME_PAGE __attribute__((section(".text.attack_ret_partial")))

static struct attack_frame frame;

static NOINLINE SAME_PAGE __attribute__((aligned(1024))) void grant(void)
{
	attack_goal();
}

/* The mistake: nobody checks at. */
static NOINLINE SAME_PAGE uint32_t set_word(size_t at, uint16_t value)
{
	uint16_t words[16] = { 0 };
	uint16_t *all = attack_opaque(&words[0]);

	attack_frame_note(&frame, words);
	all[at] = value;
	return all[0] + all[15];
}

/* Who may is asked elsewhere: nobody is. */
static NOINLINE SAME_PAGE uint32_t handle(size_t at, uint16_t value, bool may)
{
	uint32_t result = set_word(at, value);

	if (attack_opaque(may))
		grant();
	return result;
}

static bool benign(const struct attack *attack)
{
	return handle(15, 7, false) == 7;
}

static void run(const struct attack *attack)
{
	benign(attack);
	attack_primitive(attack);
	handle((size_t)frame.to_return / sizeof(uint16_t), (uint16_t)attack_linked_code(grant), false);
}

ATTACK(ret_partial, .family = "return address", .primitive = RELATIVE_WRITE, .knowledge = BLIND,
       .stopped_by = "shadowstack", .about = "two low bytes of the return address, which randomization leaves alone",
       .run = run, .benign = benign);
