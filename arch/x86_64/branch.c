/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Branches that are chosen at boot: makes jumps of the no-ops that arch_branch() has left.
 */
#include "arch_internal.h"

#include <kernel/string.h>

#define JUMP 0xe9
#define JUMP_SIZE 5

extern const struct x86_branch_site __start_branch_sites[], __stop_branch_sites[];

static void make_jump(const struct x86_branch_site *site)
{
	uint8_t *at = (uint8_t *)((uintptr_t)&site->at + (uintptr_t)(intptr_t)site->at);
	uintptr_t to = (uintptr_t)&site->to + (uintptr_t)(intptr_t)site->to;
	int32_t distance = (int32_t)(to - ((uintptr_t)at + JUMP_SIZE));

	at[0] = JUMP;
	memcpy(at + 1, &distance, sizeof(distance));
}

void arch_branch_take(unsigned key)
{
	uint32_t leaf = 0, subleaf = 0;

	for (const struct x86_branch_site *site = __start_branch_sites; site < __stop_branch_sites; site++)
		if (site->key == key)
			make_jump(site);
	/* The CPU may have fetched what was there before. */
	__asm__ volatile("cpuid" : "+a"(leaf), "+c"(subleaf)::"rbx", "rdx", "memory");
}

/* ---- entries of functions (option TRACE_FUNCTIONS) ---- */

#define CALL 0xe8

extern uint8_t *const __start___patchable_function_entries[] WEAK, *const __stop___patchable_function_entries[] WEAK;
extern const char function_entry[] WEAK, function_entry_exits[] WEAK, function_return[] WEAK;

size_t arch_functions(void)
{
	return (size_t)(__stop___patchable_function_entries - __start___patchable_function_entries);
}

void arch_function_patch(size_t n, bool exits)
{
	uint8_t *at = __start___patchable_function_entries[n];
	uintptr_t to = (uintptr_t)(exits ? function_entry_exits : function_entry);
	int32_t distance = (int32_t)(to - ((uintptr_t)at + JUMP_SIZE));

	at[0] = CALL;
	memcpy(at + 1, &distance, sizeof(distance));
}

uint64_t arch_function_return(void)
{
	return (uint64_t)function_return;
}
