/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The return address, by a linear overflow of a buffer on the stack, and all that lies between them.
 */
#include "attacks.h"

static struct attack_frame frame;

/* The mistake: len is the sender's. */
static NOINLINE unsigned checksum(const uint8_t *packet, size_t len)
{
	uint8_t copy[64];
	unsigned sum = 0;

	attack_frame_note(&frame, copy);
	memcpy(attack_opaque(&copy[0]), packet, len);
	for (size_t i = 0; i < sizeof(copy); i++)
		sum += copy[i];
	return sum;
}

static bool benign(const struct attack *attack)
{
	uint8_t packet[64];

	memset(packet, 3, sizeof(packet));
	return checksum(packet, sizeof(packet)) == 192;
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	uint8_t packet[256] = { 0 };
	uint64_t goal = attack_linked_code(attack_goal) + slide;

	benign(attack);
	memcpy(packet + frame.to_return, &goal, sizeof(goal));
	attack_primitive(attack);
	checksum(packet, (size_t)frame.to_return + sizeof(goal));
}
ATTACK_BODY(overflow)

ATTACK(ret_linear, .family = "return address", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "stackprotector shadowstack layout", .about = "a copy with an unchecked length onto the stack",
       .run = run, .benign = benign, .adaptive = adaptive);
