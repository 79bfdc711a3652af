/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a function does whose return address is not what it was.
 */
#include <instrumentation/shadowstack/shadowstack.h>
#include <kernel/crash.h>

void shadow_stack_report(uint64_t found, uint64_t kept)
{
	crash_raise(CRASH_SHADOW_STACK, NULL, found, "the return address is %lx, and was %lx when the function began",
		    found, kept);
}
