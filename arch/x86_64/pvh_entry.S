/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PVH entry (Xen's "x86/HVM direct boot ABI"): the loader finds the entry in the note below and jumps to it in
 * 32-bit flat mode, paging off, EBX = physical address of hvm_start_info. We build tables that map the first 4 GiB at
 * 0, at DIRECT_MAP_BASE and (1 GiB of it) at KERNEL_BASE in 2 MiB pages, enter long mode and call pvh_boot(EBX).
 * arch_memory_init() replaces the tables.
 */
#include "boot_asm.h"

#include <instrumentation/shadowstack/place.h>

#define PRESENT_WRITE 0x3
#define PRESENT_WRITE_LARGE 0x83

	/* In a PT_NOTE of its own with 4-byte alignment: loaders that find an 8-aligned one misread it. */
	.section .note.Xen, "a", @note
	.p2align 2
	.long 4, 4, 18		/* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long PHYS(pvh_start)

	.globl pvh_start_phys
	.set pvh_start_phys, PHYS(pvh_start)

	.section .text.boot, "ax"
	.code32
	.globl pvh_start
pvh_start:
	cld
	cli
	movl %ebx, %esi
	rdtsc
	movl %eax, PHYS(first_cycles)
	movl %edx, PHYS(first_cycles) + 4

	/* 2048 large pages in four tables that follow each other. */
	movl $PHYS(boot_directory), %edi
	movl $PRESENT_WRITE_LARGE, %eax
	movl $2048, %ecx
1:	movl %eax, (%edi)
	addl $0x200000, %eax
	addl $8, %edi
	decl %ecx
	jnz 1b

	movl $PHYS(boot_directory) + PRESENT_WRITE, %eax
	movl $PHYS(boot_pointers_low), %edi
	movl $PHYS(boot_pointers_low) + PRESENT_WRITE, PHYS(boot_root)
	movl $PHYS(boot_pointers_low) + PRESENT_WRITE, PHYS(boot_root) + 256 * 8
	movl $PHYS(boot_pointers_high) + PRESENT_WRITE, PHYS(boot_root) + 511 * 8
	movl %eax, PHYS(boot_pointers_high) + 510 * 8
	movl $4, %ecx
2:	movl %eax, (%edi)
	addl $0x1000, %eax
	addl $8, %edi
	decl %ecx
	jnz 2b

	boot_tables_load
	movl %cr0, %eax
	orl $0x80010001, %eax		/* PG, WP, PE */
	movl %eax, %cr0
	lgdt PHYS(boot_gdt_pointer)
	ljmp $ASM_CODE_SELECTOR, $PHYS(long_mode)

	.code64
long_mode:
#if CONFIG_LAYOUT_IMAGE
	movl $PHYS(boot_stack) + ASM_BOOT_STACK_SIZE - 64, %esp
	movl %esi, %ebx
	movl %esi, %edi
	call image_move			/* from here on symbols are where the image has been moved to */
	movl %ebx, %esi
#endif
	movabsq $high_half, %rax
	jmp *%rax
high_half:
	movl $ASM_DATA_SELECTOR, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	lgdt boot_gdt_pointer_high
	/* The top is kept free for the registers of a program that this thread may come to run. */
	movq $boot_stack + ASM_BOOT_STACK_SIZE - ASM_REGS_SIZE - 64, %rsp
	xorl %ebp, %ebp
	/* What the compiler's code for stacks looks for at GS: the boot CPU's. */
	movq cpus, %rax
	movq $boot_shadow, SHADOW_STACK_POINTER(%rax)
	movq %rax, %rdx
	shrq $32, %rdx
	movl $0xc0000101, %ecx
	wrmsr
	movl %esi, %edi
	call pvh_boot
	ud2

	.section .rodata
	.p2align 3
	.globl boot_gdt, boot_gdt_pointer, boot_gdt_pointer_high
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 64-bit code */
	.quad 0x00cf93000000ffff	/* data */
	.quad 0x00cf9b000000ffff	/* 32-bit code */
boot_gdt_pointer:
	.word boot_gdt_pointer - boot_gdt - 1
	.long PHYS(boot_gdt)
boot_gdt_pointer_high:
	.word boot_gdt_pointer - boot_gdt - 1
	.quad boot_gdt

	.bss
	.globl first_cycles
	.p2align 3
first_cycles:			/* the cycle counter at pvh_start */
	.skip 8
	.p2align 12
	.globl boot_stack, boot_shadow, boot_root
boot_stack:
	.skip ASM_BOOT_STACK_SIZE
boot_shadow:
	.skip 4096
boot_root:
	.skip 4096
boot_pointers_low:
	.skip 4096
boot_pointers_high:
	.skip 4096
boot_directory:
	.skip 4 * 4096

	.section .note.GNU-stack, "", @progbits
