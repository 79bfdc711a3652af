/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hostile program changes where system calls go, in the CPU's own register. A negative control.
 */
#include "attacks.h"

PROGRAM(calls, "movl $39, %eax\n syscall\n" PROGRAM_EXIT);
/* RDI: the goal. */
PROGRAM(writes_lstar, "movl $0xc0000082, %ecx\n"
		      "movl %edi, %eax\n"
		      "movq %rdi, %rdx\n"
		      "shrq $32, %rdx\n"
		      "wrmsr\n"
		      "movq %gs:0x10, %rsp\n"	/* a stack that is there, and what looks like a call */
		      "pushq %rdi\n"
		      "syscall\n" PROGRAM_EXIT);

static bool benign(const struct attack *attack)
{
	return attack_program_run(calls, 0, 0);
}

static void redirect(const struct attack *attack, uintptr_t slide)
{
	attack_primitive(attack);
	attack_program_run(writes_lstar, attack_linked_code(attack_goal) + slide, 0);
}
ATTACK_BODY(redirect)

ATTACK(program_msr, .family = "hostile program", .primitive = HOSTILE_PROGRAM, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "layout", .about = "a program redirects system calls by the CPU's register", .run = run,
       .benign = benign, .adaptive = adaptive);
