/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exception table says where the kernel goes on when a copy to or from a program faults: its entries are made to
 * lead to the goal, and a program passes a bad pointer. No pointer to a function is touched.
 */
#include "attacks.h"

#include <kernel/systest.h>

struct entry {
	int32_t fault, fixup; /* distances from themselves */
};
extern const struct entry __start_exception_table[], __stop_exception_table[];

static void call(void *result)
{
	*(long *)result = sys(SYS_uname, SYSTEST_BAD);
}

static bool benign(const struct attack *attack)
{
	long result = 0;

	return attack_in_process(call, &result) && result == -EFAULT;
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	uintptr_t goal = attack_linked_code(attack_goal);
	long result;

	attack_primitive(attack);
	for (const struct entry *e = __start_exception_table; e < __stop_exception_table; e++) {
		uintptr_t at = attack_linked(&e->fixup);
		int32_t distance = (int32_t)(goal - at);

		attack_write(at + slide, &distance, sizeof(distance));
	}
	attack_in_process(call, &result);
}

static void run(const struct attack *attack)
{
	overwrite(attack, attack_leaked_slide());
}

ATTACK(exception_table, .family = "exception table", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "wx", .about = "a fault of a copy goes on at the goal", .run = run, .benign = benign);
