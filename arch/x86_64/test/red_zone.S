/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Code that uses the 128 bytes below its stack pointer, as programs' code does and the kernel's own must not.
 */

	.text
	.code64

/*
 * uint64_t red_zone_spin(const volatile bool *end): fills the red zone, spins until *end, returns the number of words
 * that have changed.
 */
	.globl red_zone_spin
red_zone_spin:
	movabsq $0x5a5a5a5aa5a5a5a5, %rdx
	movq $-128, %rcx
1:	movq %rdx, (%rsp, %rcx)
	addq $8, %rcx
	jnz 1b
2:	cmpb $0, (%rdi)
	je 2b
	xorl %eax, %eax
	movq $-128, %rcx
3:	cmpq %rdx, (%rsp, %rcx)
	je 4f
	incl %eax
4:	addq $8, %rcx
	jnz 3b
	ret

	.section .note.GNU-stack, "", @progbits
