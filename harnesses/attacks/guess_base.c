/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guessing where the image is: nothing is known but how randomization places it. One boot is one guess; what is wrong
 * is a crash.
 */
#include "attacks.h"

#include <kernel/random.h>

#define PLACES (UINT64_C(1) << 19) /* pages of the last 2 GiB */

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
	return set_slot(0, 4) == 4;
}

static void run(const struct attack *attack)
{
	uint64_t guess = 0;

	if (IS_ENABLED(CONFIG_LAYOUT)) {
		random_bytes(&guess, sizeof(guess));
		guess = guess % PLACES * PAGE_SIZE;
	}
	benign(attack);
	attack_primitive(attack);
	set_slot((size_t)frame.to_return / sizeof(uint64_t), attack_linked_code(attack_goal) + guess);
}

ATTACK(guess_base, .family = "randomization", .primitive = RELATIVE_WRITE, .knowledge = BLIND,
       .stopped_by = "shadowstack layout", .about = "the base of the image is guessed, once a boot", .run = run,
       .benign = benign);
