/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers that assembly shares with C; cpu.c and context.c assert that they are what the compiler lays out.
 */
#pragma once

#define ASM_KERNEL_BASE 0xffffffff80000000

#define ASM_CODE_SELECTOR 0x08
#define ASM_DATA_SELECTOR 0x10
#define ASM_CODE32_SELECTOR 0x18 /* only on the way up */

/* struct cpu */
#define ASM_CPU_KERNEL_STACK_TOP 0x10
#define ASM_CPU_USER_SP 0x18
#define ASM_CPU_HARDWARE_ID 0x34

/* struct arch_regs */
#define ASM_REGS_R11 (8 * 8)
#define ASM_REGS_R10 (9 * 8)
#define ASM_REGS_R9 (10 * 8)
#define ASM_REGS_R8 (11 * 8)
#define ASM_REGS_RAX (12 * 8)
#define ASM_REGS_RCX (13 * 8)
#define ASM_REGS_RDX (14 * 8)
#define ASM_REGS_RSI (15 * 8)
#define ASM_REGS_RDI (16 * 8)
#define ASM_REGS_VECTOR (17 * 8)
#define ASM_REGS_RIP (19 * 8)
#define ASM_REGS_RFLAGS (21 * 8)
#define ASM_REGS_RSP (22 * 8)
#define ASM_REGS_SIZE (24 * 8)

#define ASM_BOOT_STACK_SIZE 0x8000
