/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A shadow stack of the attacker's: a call that writes a list of words where it is told overwrites its own return
 * address, and in struct cpu the pointer to the running thread's shadow stack.
 */
#include "attacks.h"

#include <instrumentation/shadowstack/place.h>
#include <kernel/cpu.h>

struct pair {
	uintptr_t where;
	uint64_t value;
};

static struct attack_frame frame;
static struct attack_leaky last; /* pointer: a variable of the last call, long over */

/* The mistake: where is anywhere. */
static NOINLINE void apply(const struct pair *pairs, size_t count)
{
	uint64_t done[2] = { 0 };
	uint64_t *all = attack_opaque(&done[0]);

	attack_frame_note(&frame, done);
	last.pointer = all;
	for (size_t i = 0; i < count; i++) {
		*(volatile uint64_t *)pairs[i].where = pairs[i].value;
		all[0]++;
	}
}

static bool benign(const struct attack *attack)
{
	uint64_t words[2] = { 0 };
	const struct pair pairs[2] = { { (uintptr_t)&words[0], 4 }, { (uintptr_t)&words[1], 5 } };

	apply(pairs, 2);
	return attack_opaque(&words[0])[0] == 4 && attack_opaque(&words[0])[1] == 5;
}

static void run(const struct attack *attack)
{
	static uint64_t copies[128]; /* the goal's own calls need some */
	uintptr_t slide = attack_leaked_slide(), cpu = attack_read64(attack_linked(&cpus[0]) + slide), forged;
	uint64_t goal = attack_linked_code(attack_goal) + slide;
	struct pair pairs[2] = { 0 };

	copies[0] = goal;
	forged = attack_leaked_heap(copies, sizeof(copies));
	if (!forged)
		attack_failed(attack, "no memory");
	apply(pairs, 0);
	pairs[0] = (struct pair){ attack_leaky_read(&last, ATTACK_LEAK) + (uintptr_t)frame.to_return, goal };
	pairs[1] = (struct pair){ cpu + SHADOW_STACK_POINTER, forged + sizeof(goal) };
	attack_primitive(attack);
	apply(pairs, 2);
}

ATTACK(shadow_pointer, .family = "shadow stack", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "", .aims_at = "shadowstack", .about = "the pointer to the shadow stack is overwritten",
       .run = run, .benign = benign);
