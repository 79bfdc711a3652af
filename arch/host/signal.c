/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System-call registers and signal frames: in a process there are no programs with code, so nobody comes here.
 */
#include <arch/arch.h>
#include <kernel/log.h>

static NORETURN void no_programs(void)
{
	panic("the host world runs no programs");
}

void arch_syscall_restart(struct arch_regs *regs UNUSED)
{
	no_programs();
}

uint64_t arch_hwcap(void)
{
	return 0;
}

const char *arch_platform(void)
{
	return "x86_64";
}

int arch_signal_push(struct arch_regs *regs UNUSED, const struct arch_signal *signal UNUSED)
{
	no_programs();
}

int arch_signal_pop(struct arch_regs *regs UNUSED, uint64_t *mask UNUSED, struct abi_stack *stack UNUSED)
{
	no_programs();
}
