/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The return address, by way of a pointer: an overflow inside a structure on the stack changes where the next write
 * goes, and does not reach a stack protector's guard. Where the frame is was leaked by a request before.
 */
#include "attacks.h"

struct request {
	char name[32];
	uint64_t *result;
};

static struct attack_frame frame;
static struct attack_leaky last; /* pointer: the request that was served last, long over */

/* The mistake: len is the sender's. The other one: last is left to point to what is gone. */
static NOINLINE void serve(const void *message, size_t len, uint64_t value)
{
	uint64_t result = 0;
	struct request request = { .result = attack_opaque(&result) };

	attack_frame_note(&frame, &request);
	last.pointer = &request;
	memcpy(attack_opaque(&request.name[0]), message, len);
	*attack_opaque(request.result) = value;
}

static bool benign(const struct attack *attack)
{
	static const char name[32] = "volume";

	serve(name, sizeof(name), 1);
	return !strcmp(((const struct request *)last.pointer)->name, "volume") || last.pointer;
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	struct request forged = { .name = "volume" };

	benign(attack);
	forged.result = (uint64_t *)(attack_leaky_read(&last, ATTACK_LEAK) + (uintptr_t)frame.to_return);
	attack_primitive(attack);
	serve(&forged, sizeof(forged), attack_linked_code(attack_goal) + slide);
}

static void run(const struct attack *attack)
{
	overwrite(attack, attack_leaked_slide());
}

ATTACK(ret_pointer, .family = "return address", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "shadowstack", .about = "an overflow changes a pointer beside it, through which is written next",
       .run = run, .benign = benign);
