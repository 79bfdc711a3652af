/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a function goes whose guard has changed.
 */
#include <kernel/compiler.h>
#include <kernel/crash.h>

/* The compiler's call. */
void __stack_chk_fail(void) NORETURN;
void __stack_chk_fail(void)
{
	const unsigned long function = (uintptr_t)__builtin_return_address(0);

	crash_raise(CRASH_STACK_SMASH, NULL, 0, "the function at %lx has lost the guard of its return address",
		    function);
}
