/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of interrupts: SIDT tells any code where it is, and a gate tells where the kernel is. A hostile program
 * writes a gate, and raises its exception.
 */
#include "attacks.h"

PROGRAM(reads_gate, "subq $16, %rsp\n"
		    "sidt (%rsp)\n"
		    "movq 2(%rsp), %rax\n"
		    "movq 48(%rax), %rax\n" PROGRAM_EXIT);
/* RDI: the goal. Gate 3, the breakpoint's. */
PROGRAM(writes_gate, "subq $16, %rsp\n"
		     "sidt (%rsp)\n"
		     "movq 2(%rsp), %rax\n"
		     "movw %di, 48(%rax)\n"
		     "shrq $16, %rdi\n"
		     "movw %di, 54(%rax)\n"
		     "shrq $16, %rdi\n"
		     "movl %edi, 56(%rax)\n"
		     "int3\n" PROGRAM_EXIT);

static bool benign(const struct attack *attack)
{
	return attack_program_run(reads_gate, 0, 0);
}

static void run(const struct attack *attack)
{
	attack_primitive(attack);
	attack_program_run(writes_gate, attack_linked_code(attack_goal) + attack_leaked_slide(), 0);
}

ATTACK(idt, .family = "interrupt table", .primitive = HOSTILE_PROGRAM, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "readonly", .about = "a program writes a gate of the table of interrupts", .run = run,
       .benign = benign);
