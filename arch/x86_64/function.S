/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a traced function calls first (option TRACE_FUNCTIONS), before it has a frame: its registers are its arguments,
 * and all of them are kept. Entry only: arch_function_enter is told where. With exits the function is made to return to
 * function_return, and who called it is kept by the tracer.
 */
#include "asm.h"

	.text
	.code64

.macro save_arguments
	pushq %rax
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
.endm

.macro restore_arguments
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	popq %rax
.endm

/* The stack: where the function goes on, then where it returns to, which is given itself or its place. */
.macro entry take:req, tell:req
	pushq %rbp
	movq %rsp, %rbp
	save_arguments
	movq 8(%rbp), %rdi
	\take 16(%rbp), %rsi
	call \tell
	restore_arguments
	popq %rbp
	ret
.endm

	.globl function_entry
	.p2align 4
function_entry:
	entry movq, function_entered

	.globl function_entry_exits
	.p2align 4
function_entry_exits:
	entry leaq, function_entered_exits

/* A traced function has returned: its results are kept, and it goes on where it was called. */
	.globl function_return
	.p2align 4
function_return:
	subq $8, %rsp		/* the place of its return address */
	pushq %rbp
	movq %rsp, %rbp
	pushq %rax
	pushq %rdx
	leaq 8(%rbp), %rdi
	call function_left
	movq %rax, 8(%rbp)
	popq %rdx
	popq %rax
	popq %rbp
	ret
