/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of system calls: an entry is overwritten, and a program makes that call.
 */
#include "attacks.h"

#include <kernel/systest.h>

static void call(void *result)
{
	*(long *)result = sys(SYS_sched_yield);
}

static bool benign(const struct attack *attack)
{
	long result = -1;

	return attack_in_process(call, &result) && !result;
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	long result;

	attack_primitive(attack);
	attack_write64(attack_linked(&syscall_table[SYS_sched_yield].call) + slide,
		       attack_linked_code(attack_goal) + slide);
	attack_in_process(call, &result);
}

static void run(const struct attack *attack)
{
	overwrite(attack, attack_leaked_slide());
}

ATTACK(syscall_table, .family = "registrations", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "wx kcfi", .about = "an entry of the table of system calls", .run = run, .benign = benign);
