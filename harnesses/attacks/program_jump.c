/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hostile program jumps into the kernel. It has the kernel's privilege: nothing is between them. A negative control,
 * for all but who hides where the kernel is.
 */
#include "attacks.h"

PROGRAM(exits, PROGRAM_EXIT);
/* On a stack of the kernel's, since its own need not be there when the kernel wants it. */
PROGRAM(jumps, "movq %gs:0x10, %rsp\n call *%rdi\n");

static bool benign(const struct attack *attack)
{
	return attack_program_run(exits, 0, 0);
}

static void jump(const struct attack *attack, uintptr_t slide)
{
	attack_primitive(attack);
	attack_program_run(jumps, attack_linked_code(attack_goal) + slide, 0);
}
ATTACK_BODY(jump)

ATTACK(program_jump, .family = "hostile program", .primitive = HOSTILE_PROGRAM, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "layout", .about = "a program jumps into the kernel", .run = run, .benign = benign,
       .adaptive = adaptive);
