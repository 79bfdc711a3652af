/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing stacks: between threads, to a given stack and back, and to a jump point. C parts are in context.c.
 */
#include "asm.h"

	.text
	.code64

/* context_swap(uint64_t *save_sp, uint64_t new_sp): all that must survive is the callee-saved registers. */
	.globl context_swap
	.p2align 4
context_swap:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

/* The first return of a new context comes here: rbx = entry, r12 = argument. C makes the call, and checks it. */
	.globl context_start
context_start:
	xorl %ebp, %ebp
	movq %rbx, %rdi
	movq %r12, %rsi
	call context_begin
	ud2

/* long stack_call(void *top, void *arg): stack_call_body(arg) on that stack */
	.globl stack_call
stack_call:
	pushq %rbp
	movq %rsp, %rbp
	movq %rdi, %rsp
	movq %rsi, %rdi
	call stack_call_body
	movq %rbp, %rsp
	popq %rbp
	ret

/* int arch_jump_set(struct arch_jump *): registers here, the rest in jump_save(), which returns 0 to our caller. */
	.globl arch_jump_set
arch_jump_set:
	movq %rbx, 0(%rdi)
	movq %rbp, 8(%rdi)
	movq %r12, 16(%rdi)
	movq %r13, 24(%rdi)
	movq %r14, 32(%rdi)
	movq %r15, 40(%rdi)
	leaq 8(%rsp), %rax
	movq %rax, 48(%rdi)
	movq (%rsp), %rax
	movq %rax, 56(%rdi)
	jmp jump_save

/* jump_resume(struct arch_jump *, long value): by IRETQ, which also ends the blocking of NMIs when we are in one. */
	.globl jump_resume
jump_resume:
	movq %rsi, %rax
	pushq $ASM_DATA_SELECTOR
	pushq 48(%rdi)
	pushq 64(%rdi)
	pushq $ASM_CODE_SELECTOR
	pushq 56(%rdi)
	movq 0(%rdi), %rbx
	movq 8(%rdi), %rbp
	movq 16(%rdi), %r12
	movq 24(%rdi), %r13
	movq 32(%rdi), %r14
	movq 40(%rdi), %r15
	iretq

	.section .note.GNU-stack, "", @progbits
