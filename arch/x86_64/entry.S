/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every way into the kernel after boot, and the ways back. A trap or interrupt starts on an interrupt stack (IST), with
 * interrupts off, saves struct arch_regs there, and lets trap_place() move that frame to where it may be preempted.
 * Programs run at the kernel's privilege level with a live red zone, so nothing may be pushed on an interrupted stack.
 */
#include "asm.h"

.macro push_registers
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
.endm

/* From the start of a frame to its vector. */
.macro pop_registers
	addq $16, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
.endm

/* CF, PF, AF, ZF, SF, which SAHF sets, bit 1, which is always set, and IF, which STI does. */
#define SAHF_FLAGS 0x2d7

/* The program's, as far as they are SAHF_FLAGS; RAX is lost. */
.macro arithmetic_flags_from_r11
	movl %r11d, %eax
	shll $8, %eax
	testl %eax, %eax	/* OF = 0 */
	sahf
.endm

	.text
	.code64

/* 256 stubs of 16 bytes; those vectors for which the CPU pushes no error code push a zero. */
	.globl trap_stubs
	.p2align 4
trap_stubs:
	.set vector, 0
	.rept 256
	.p2align 4
	.set has_code, vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
	.if !(has_code || vector == 29 || vector == 30)
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

	.p2align 4
trap_common:
	push_registers
	pushq $-1
	pushq $0
	cld
	movq ASM_REGS_VECTOR(%rsp), %rax
	cmpq $2, %rax
	je 1f
	cmpq $18, %rax
	jne 2f
	/* NMI and #MC can hit anywhere: GS is set from the word above this stack. */
1:	movq ASM_REGS_SIZE(%rsp), %rax
	movq %rax, %rdx
	shrq $32, %rdx
	movl $0xc0000101, %ecx
	wrmsr
2:	movq %rsp, %rdi
	call trap_place
	movq %rax, %rsp
	movq %rax, %rdi
	call trap_handle
	.globl trap_return
trap_return:
	pop_registers
	addq $16, %rsp
	iretq

/*
 * The syscall instruction, used by a program at the kernel's own level: RCX = its next instruction, R11 = its flags,
 * interrupts off (SFMASK), its stack still live, red zone included.
 */
	.globl syscall_stub
	.p2align 4
syscall_stub:
	movq %rsp, %gs:ASM_CPU_USER_SP
	movq %gs:ASM_CPU_KERNEL_STACK_TOP, %rsp
	cmpq syscall_quick_size(%rip), %rax
	jae 1f
	cmpq $0, syscall_quick(, %rax, 8)
	je 1f
	testl $~SAHF_FLAGS, %r11d
	jz quick
1:	pushq $ASM_DATA_SELECTOR
	pushq %gs:ASM_CPU_USER_SP
	pushq %r11
	pushq $ASM_CODE_SELECTOR
	pushq %rcx
	pushq $0
	pushq $256		/* X86_VECTOR_SYSCALL */
	push_registers
	pushq %rax
	pushq $0
	cld
	sti
	movq %rsp, %rdi
	call syscall_entry	/* it returns with interrupts off; true: no register but the result has changed */
	/*
	 * Back by jump, with the flags taken first and STI last: its shadow covers the jump, so no interrupt sees
	 * kernel code on the program's stack. Registers that a signal or sigreturn has changed, or flags that SAHF
	 * cannot set (POPFQ costs an emulated CPU as much as thirty other instructions), need the full way.
	 */
	testb %al, %al
	jz trap_return
	movq ASM_REGS_RIP(%rsp), %rcx
	cmpq %rcx, ASM_REGS_RCX(%rsp)
	jne trap_return
	movq ASM_REGS_RFLAGS(%rsp), %r11
	cmpq %r11, ASM_REGS_R11(%rsp)
	jne trap_return
	testl $~SAHF_FLAGS, %r11d
	jnz trap_return
	arithmetic_flags_from_r11
	/* The others are as the program left them: C keeps them. */
	movq ASM_REGS_R10(%rsp), %r10
	movq ASM_REGS_R9(%rsp), %r9
	movq ASM_REGS_R8(%rsp), %r8
	movq ASM_REGS_RAX(%rsp), %rax
	movq ASM_REGS_RDX(%rsp), %rdx
	movq ASM_REGS_RSI(%rsp), %rsi
	movq ASM_REGS_RDI(%rsp), %rdi
	movq ASM_REGS_RSP(%rsp), %rsp
	sti
	.globl syscall_last, quick_last
syscall_last:
	jmp *%rcx

/* With the check that a compiler makes of calls through pointers (option KCFI); R10 and R11 are lost. */
.macro call_quick
#if CONFIG_KCFI
	movq syscall_quick(, %rax, 8), %r11
	movl -4(%r11), %r10d
	cmpl $__kcfi_typeid_sys_getppid, %r10d
	je 2f
1:	ud2
	.pushsection .kcfi_traps, "ao", @progbits, .text
	.long 1b - .
	.popsection
2:	call *%r11
#else
	call *syscall_quick(, %rax, 8)
#endif
.endm

/*
 * A call of syscall_quick[]: interrupts stay off, so what comes meanwhile comes when the program goes on, and finds
 * nothing of the kernel to be looked after.
 */
	.globl quick_first
quick_first:
quick:
	pushq %rcx
	pushq %r11
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %r8
	pushq %r9
	pushq %r10
	call_quick
	popq %r10
	popq %r9
	popq %r8
	popq %rdx
	popq %rsi
	movq %rax, %rdi
	movq 8(%rsp), %r11
	arithmetic_flags_from_r11
	movq %rdi, %rax
	popq %rdi
	popq %r11
	popq %rcx
	movq %gs:ASM_CPU_USER_SP, %rsp
	sti
quick_last:
	jmp *%rcx

/* user_resume(struct arch_regs *): continues what the registers say. Interrupts are off. */
	.globl user_resume
user_resume:
	movq %rdi, %rsp
	jmp trap_return

	.section .note.GNU-stack, "", @progbits
