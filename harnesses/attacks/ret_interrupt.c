/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The return address of what an interrupt handler calls, by a linear overflow: a device sends more than there is room
 * for.
 */
#include "attacks.h"

static struct attack_frame frame;
static uint8_t received[256];
static size_t received_len;
static unsigned sum;

/* The mistake: the length is the device's. */
static NOINLINE unsigned take_packet(const uint8_t *from, size_t len)
{
	uint8_t copy[48];
	unsigned total = 0;

	attack_frame_note(&frame, copy);
	memcpy(attack_opaque(&copy[0]), from, len);
	for (size_t i = 0; i < sizeof(copy); i++)
		total += copy[i];
	return total;
}

static void handler(void)
{
	sum = take_packet(received, received_len);
}

static bool benign(const struct attack *attack)
{
	memset(received, 2, sizeof(received));
	received_len = 48;
	attack_in_interrupt(handler);
	return sum == 96;
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	uint64_t goal = attack_linked_code(attack_goal) + slide;

	benign(attack);
	memcpy(received + frame.to_return, &goal, sizeof(goal));
	received_len = (size_t)frame.to_return + sizeof(goal);
	attack_primitive(attack);
	attack_in_interrupt(handler);
}
ATTACK_BODY(overflow)

ATTACK(ret_interrupt, .family = "return address", .primitive = HOSTILE_DEVICE, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "stackprotector shadowstack layout", .about = "an overflow below an interrupt handler", .run = run,
       .benign = benign, .adaptive = adaptive);
