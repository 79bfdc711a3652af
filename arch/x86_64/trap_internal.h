/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between trap.c (gates, frames, interrupts) and fault.c (exceptions).
 */
#pragma once

#include <arch/arch.h>

/* Intel SDM volume 3, table 6-1. */
enum x86_trap {
	X86_TRAP_DIVIDE = 0,
	X86_TRAP_DEBUG = 1,
	X86_TRAP_NMI = 2,
	X86_TRAP_BREAKPOINT = 3,
	X86_TRAP_INVALID_OPCODE = 6,
	X86_TRAP_DOUBLE_FAULT = 8,
	X86_TRAP_SEGMENT = 11,
	X86_TRAP_STACK = 12,
	X86_TRAP_PAGE_FAULT = 14,
	X86_TRAP_X87 = 16,
	X86_TRAP_ALIGNMENT = 17,
	X86_TRAP_MACHINE_CHECK = 18,
	X86_TRAP_SIMD = 19,
};

/* The error code of a page fault. */
#define X86_FAULT_PRESENT 1u
#define X86_FAULT_WRITE 2u
#define X86_FAULT_FETCH 16u
#define X86_FAULT_KEY 32u

/* Linux's numbers. */
#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11

/* entry.S; the last two are its jumps back to a program, behind STI. */
struct arch_regs *trap_place(struct arch_regs *regs);
void trap_handle(struct arch_regs *regs);
extern const char syscall_last[], quick_first[], quick_last[];

/* True when the registers are those of a program's code. */
bool trap_from_program(const struct arch_regs *regs);

/* breakpoint.c: whether a debug exception is arch_break_once()'s, which has been answered then. */
bool trap_is_breakpoint(void);

/*
 * kcfi.c: whether the registers are those of a call of a function of another type; what was to be called, 0: unknown.
 */
bool kcfi_trap_target(const struct arch_regs *regs, uint64_t *target);
/* The same where what was to be called cannot even be looked at: a page fault. */
bool kcfi_fault_target(const struct arch_regs *regs, uint64_t *target);

/* fault.c. Interrupts are off; they return with the registers to continue with, or not at all. */
void trap_page_fault(struct arch_regs *regs);
void trap_exception(struct arch_regs *regs);
