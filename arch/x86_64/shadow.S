/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a function finds that the address it would return to, at RSP, is not the one in R11, which it has kept (option
 * SHADOW_STACK). The function's frame is gone: one is made in its place, so that the report begins
 * with who called it.
 */
#include <instrumentation/shadowstack/place.h>

	.text
	.code64

	.globl shadow_stack_differs
shadow_stack_differs:
	movq (%rsp), %rdi
	movq %r11, %rsi
	movq %r11, (%rsp)
	pushq %rbp
	movq %rsp, %rbp
	andq $-16, %rsp
	call shadow_stack_report
	ud2

/* In the place of a return, where the text is to be small. */
	.globl shadow_stack_return
	.p2align 4
shadow_stack_return:
	movq %gs:SHADOW_STACK_POINTER, %r10
	movq -8(%r10), %r11
	cmpq %r11, (%rsp)
	jne shadow_stack_differs
	subq $8, %gs:SHADOW_STACK_POINTER
	ret

	.section .note.GNU-stack, "", @progbits
