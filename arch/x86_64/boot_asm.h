/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For assembly: what the first CPU and the others do on their way from 32-bit code to long mode.
 */
#pragma once

#include "asm.h"

#define PHYS(symbol) (symbol - ASM_KERNEL_BASE)

/* Long mode with the boot's page tables, as soon as CR0 says that there is paging. Changes eax, ecx and edx. */
/* clang-format off */
.macro boot_tables_load
	movl %cr4, %eax
	orl $0x20, %eax			/* PAE */
	movl %eax, %cr4
	movl $PHYS(boot_root), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx		/* EFER: LME, NXE */
	rdmsr
	orl $0x900, %eax
	wrmsr
.endm
