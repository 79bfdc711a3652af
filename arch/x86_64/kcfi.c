/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the trap that clang puts before a call through a pointer (option KCFI), for where the function's type is not
 * the pointer's: ud2, then the call through a register, which holds what was to be called.
 */
#include "arch_internal.h"
#include "trap_internal.h"

/* Distances from the words themselves to the ud2s; no order is promised. */
extern const int32_t kcfi_traps_start[], kcfi_traps_end[];

static bool is_kcfi_trap(uint64_t pc)
{
	for (const int32_t *trap = kcfi_traps_start; trap < kcfi_traps_end; trap++)
		if ((uint64_t)trap + (uint64_t)(int64_t)*trap == pc)
			return true;
	return false;
}

/* By its number in an instruction. */
static uint64_t register_value(const struct arch_regs *regs, unsigned number)
{
	const uint64_t values[16] = { regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp,
				      regs->rsi, regs->rdi, regs->r8,  regs->r9,  regs->r10, regs->r11,
				      regs->r12, regs->r13, regs->r14, regs->r15 };

	return values[number];
}

#define UD2_SIZE 2
#define REX_B 0x41
#define GROUP5 0xff
#define IS_CALL_OR_JUMP(modrm) (((modrm) & 0xf8) == 0xd0 || ((modrm) & 0xf8) == 0xe0)

/* add -4(register), %r10d; je over the ud2 */
#define CHECK_SIZE 6
#define TYPE_SIZE 4

bool kcfi_fault_target(const struct arch_regs *regs, uint64_t *target)
{
	*target = regs->cr2 + TYPE_SIZE;
	return is_kcfi_trap(regs->rip + CHECK_SIZE);
}

bool kcfi_trap_target(const struct arch_regs *regs, uint64_t *target)
{
	const uint8_t *call = (const uint8_t *)regs->rip + UD2_SIZE;
	unsigned high = 0;

	if (!is_kcfi_trap(regs->rip))
		return false;
	if (*call == REX_B) {
		high = 8;
		call++;
	}
	*target = call[0] == GROUP5 && IS_CALL_OR_JUMP(call[1]) ? register_value(regs, high | (call[1] & 7)) : 0;
	return true;
}
