/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A secret of the kernel's, by an arbitrary read of where the image has it. A negative control, for all but who hides
 * where that is.
 */
#include "attacks.h"

static uint64_t key;

static bool benign(const struct attack *attack)
{
	uint64_t word = 5, copy;

	attack_read(&copy, (uintptr_t)&word, sizeof(copy));
	return copy == 5;
}

static void leak(const struct attack *attack, uintptr_t slide)
{
	key = attack_secret();
	attack_primitive(attack);
	attack_won(attack_read64(attack_linked(&key) + slide));
}
ATTACK_BODY(leak)

ATTACK(read_secret, .family = "leak", .primitive = ARBITRARY_READ, .knowledge = LAYOUT_KNOWN, .stopped_by = "layout",
       .about = "a key among the kernel's data is read", .run = run, .benign = benign, .adaptive = adaptive);
