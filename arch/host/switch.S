/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing stacks and registers on x86_64 hosts. Only what the System V ABI says a call keeps is saved.
 * C wrappers, which also tell the sanitizer, are in context.c.
 */
	.text

/* void arch_host_switch(void **save_sp, void *load_sp) */
	.globl arch_host_switch
	.type arch_host_switch, @function
arch_host_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size arch_host_switch, . - arch_host_switch

/* Where a new context starts: rbx holds the function, r12 its argument, and rsp is 16-byte aligned. */
	.globl arch_host_start
	.type arch_host_start, @function
arch_host_start:
	movq	%r12, %rdi
	xorl	%ebp, %ebp
	pushq	$0
	jmpq	*%rbx
	.size arch_host_start, . - arch_host_start

/* long arch_host_call(void *stack_top, long (*fn)(void *), void *arg): keeps a frame, for call chains. */
	.globl arch_host_call
	.type arch_host_call, @function
arch_host_call:
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rdi, %rsp
	movq	%rdx, %rdi
	callq	*%rsi
	movq	%rbp, %rsp
	popq	%rbp
	ret
	.size arch_host_call, . - arch_host_call

/* int arch_jump_set(struct arch_jump *jump) */
	.globl arch_jump_set
	.type arch_jump_set, @function
arch_jump_set:
	pushq	%rdi
	callq	arch_host_jump_stack
	popq	%rdi
	movq	%rbx, 0(%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	movq	(%rsp), %rdx
	leaq	8(%rsp), %rcx
	movq	%rcx, 48(%rdi)
	movq	%rdx, 56(%rdi)
	xorl	%eax, %eax
	ret
	.size arch_jump_set, . - arch_jump_set

/* void arch_host_jump(struct arch_jump *jump, int value) */
	.globl arch_host_jump
	.type arch_host_jump, @function
arch_host_jump:
	movq	0(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	48(%rdi), %rsp
	movl	%esi, %eax
	jmpq	*56(%rdi)
	.size arch_host_jump, . - arch_host_jump

	.section .note.GNU-stack, "", @progbits
