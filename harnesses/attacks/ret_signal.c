/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The return address of what takes a signal frame off a program's stack: the frame says itself how long its extended
 * state is, as Linux' frames do, and that is believed.
 */
#include "attacks.h"

#include <kernel/systest.h>

struct extended {
	uint64_t magic, size;
	uint64_t words[64];
};

#define STATE_WORDS 16
#define STATE_MAGIC UINT64_C(0x46505853)

static struct attack_frame frame;
static uint64_t restored;

/* The mistake: size is checked against nothing. */
static NOINLINE int restore(user_ptr_t at)
{
	uint64_t state[STATE_WORDS] = { 0 };
	uint64_t *words = attack_opaque(&state[0]), header[2];

	attack_frame_note(&frame, state);
	if (user_copy_in(header, at, sizeof(header)) || header[0] != STATE_MAGIC)
		return -EFAULT;
	if (user_copy_in(words, at + sizeof(header), header[1]))
		return -EFAULT;
	restored = words[0] + words[STATE_WORDS - 1];
	return 0;
}

static void well_formed(void *result)
{
	struct extended state = { STATE_MAGIC, STATE_WORDS * 8, { [0] = 1, [STATE_WORDS - 1] = 2 } };

	*(bool *)result = !restore(systest_value(64, &state)) && restored == 3;
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(well_formed, &right) && right;
}

static void malformed(void *arg)
{
	struct extended state = { STATE_MAGIC, (size_t)frame.to_return + 8, { 0 } };

	state.words[frame.to_return / 8] = *(uintptr_t *)arg;
	restore(systest_value(64, &state));
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	uintptr_t goal = attack_linked_code(attack_goal) + slide;

	benign(attack);
	attack_primitive(attack);
	attack_in_process(malformed, &goal);
}
ATTACK_BODY(overflow)

ATTACK(ret_signal, .family = "return address", .primitive = HOSTILE_PROGRAM, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "stackprotector shadowstack layout", .about = "a signal frame that lies about its length",
       .run = run, .benign = benign, .adaptive = adaptive);
