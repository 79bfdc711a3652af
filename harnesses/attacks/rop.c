/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Return-oriented programming: a linear overflow puts a chain of two places behind the buffer. The first is a gadget
 * that the image has anywhere in its bytes, and which loads an argument; the second is a function of the kernel's that
 * asks for that argument.
 */
#include "attacks.h"

#define PASSWORD UINT64_C(0x70617373776f7264)

static struct attack_frame frame;

/* Nobody calls it with the password. */
static NOINLINE void vault(uint64_t password)
{
	if (attack_opaque(password) == PASSWORD)
		attack_goal();
}

/* The mistake: len is the sender's. */
static NOINLINE unsigned first_byte(const void *message, size_t len)
{
	uint8_t copy[32] = { 0 };
	uint8_t *bytes = attack_opaque(&copy[0]);

	attack_frame_note(&frame, copy);
	memcpy(bytes, message, len);
	return bytes[0];
}

static bool benign(const struct attack *attack)
{
	vault(0);
	return first_byte("x", 1) == 'x';
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	static const uint8_t pop_rdi_ret[] = { 0x5f, 0xc3 };
	uint64_t chain[3] = { attack_gadget(pop_rdi_ret, 2), PASSWORD, attack_linked_code(vault) };
	uint8_t message[256] = { 0 };

	if (!chain[0])
		attack_not_applicable(attack, "the image has no gadget that pops RDI");
	chain[0] += slide;
	chain[2] += slide;
	benign(attack);
	memcpy(message + frame.to_return, chain, sizeof(chain));
	attack_primitive(attack);
	first_byte(message, (size_t)frame.to_return + sizeof(chain));
}
ATTACK_BODY(overflow)

ATTACK(rop, .family = "code reuse", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "stackprotector shadowstack layout", .about = "a chain of a gadget, its argument and a function",
       .run = run, .benign = benign, .adaptive = adaptive);
