/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first of the CPU's debug registers, as a breakpoint that is met once. Intel SDM volume 3, 18.2.
 */
#include "trap_internal.h"

#include <arch/arch.h>
#include <kernel/atomic.h>

#define DR6_NOTHING 0xffff0ff0u
#define DR6_FIRST 1u
#define DR7_NOTHING 0x400u
#define DR7_FIRST 2u /* where executed, whatever the task */

static void (*call_reached)(void);

static void set(uint64_t address, uint64_t control)
{
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr6; mov %2, %%dr7" ::"r"(address), "r"((uint64_t)DR6_NOTHING),
			 "r"(control));
}

int arch_break_once(uint64_t address, void (*reached)(void))
{
	atomic_store(&call_reached, reached);
	set(address, DR7_NOTHING | DR7_FIRST);
	return 0;
}

bool trap_is_breakpoint(void)
{
	uint64_t met, control;

	__asm__ volatile("mov %%dr6, %0; mov %%dr7, %1" : "=r"(met), "=r"(control));
	if (!(met & DR6_FIRST) || !(control & DR7_FIRST))
		return false;
	set(0, DR7_NOTHING);
	atomic_load (&call_reached)();
	return true;
}
