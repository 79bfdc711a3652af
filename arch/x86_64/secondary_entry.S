/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where CPUs beside the first begin: in real mode, at the start of a page below 1 MiB (Intel SDM volume 3, 8.4.3), to
 * which secondary.c has copied the first part. The rest runs in the image, on the boot's page tables and then on the
 * kernel's. No memory is written before each CPU has a stack of its own, as they all come at once.
 */
#include "boot_asm.h"

	.section .rodata
	.code16
	.globl secondary_start, secondary_start_end
	.p2align 4
secondary_start:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl 3f - secondary_start
	movl %cr0, %eax
	orl $1, %eax			/* PE */
	movl %eax, %cr0
	ljmpl $ASM_CODE32_SELECTOR, $PHYS(secondary_protected)
	.p2align 2
3:	.word 4 * 8 - 1
	.long PHYS(boot_gdt)
secondary_start_end:

	.section .text.boot, "ax"
	.code32
secondary_protected:
	movl $ASM_DATA_SELECTOR, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	boot_tables_load
	/* PG, WP, PE; the caches, which a CPU starts without, on. */
	movl $0x80010011, %eax
	movl %eax, %cr0
	ljmp $ASM_CODE_SELECTOR, $PHYS(secondary_long)

	.code64
secondary_long:
	movabsq $secondary_high, %rax
	jmp *%rax
secondary_high:
	lgdt boot_gdt_pointer_high
	movq arch_kernel_pagetable, %rax
	movq %rax, %cr3

	/* Who is this? Leaf 0xb has ids of 32 bits, leaf 1 of 8. */
	xorl %eax, %eax
	cpuid
	cmpl $0xb, %eax
	jb 1f
	movl $0xb, %eax
	xorl %ecx, %ecx
	cpuid
	movl %edx, %edi
	testl %ebx, %ebx
	jnz 2f
1:	movl $1, %eax
	cpuid
	shrl $24, %ebx
	movl %ebx, %edi

2:	xorl %ecx, %ecx
3:	incl %ecx
	cmpl $64, %ecx			/* CPUS_MAX */
	je 5f
	movq cpus(, %rcx, 8), %rbx
	testq %rbx, %rbx
	jz 5f
	cmpl %edi, ASM_CPU_HARDWARE_ID(%rbx)
	jne 3b
	movq ASM_CPU_KERNEL_STACK_TOP(%rbx), %rsp
	subq $ASM_REGS_SIZE + 64, %rsp
	xorl %ebp, %ebp
	movl %ebx, %eax
	movq %rbx, %rdx
	shrq $32, %rdx
	movl $0xc0000101, %ecx		/* GS */
	wrmsr
	movq %rbx, %rdi
	call secondary_main
5:	cli
	hlt
	jmp 5b

	.section .note.GNU-stack, "", @progbits
