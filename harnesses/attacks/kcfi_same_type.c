/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What kcfi cannot tell: the pointer's type is the goal's own. A negative control.
 */
#include "attacks.h"

static unsigned polled;

static void poll(void)
{
	polled++;
}

static void (*poller)(void) = poll;

static NOINLINE void idle(void)
{
	(*attack_opaque(&poller))();
}

static bool benign(const struct attack *attack)
{
	idle();
	return polled == 1;
}

static void run(const struct attack *attack)
{
	uintptr_t slide = attack_leaked_slide();

	attack_primitive(attack);
	attack_write64(attack_linked(&poller) + slide, attack_linked_code(attack_goal) + slide);
	idle();
}

ATTACK(kcfi_same_type, .family = "kcfi", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED, .stopped_by = "",
       .aims_at = "kcfi", .about = "a function pointer leads to a function of its own type: a negative control",
       .run = run, .benign = benign);
