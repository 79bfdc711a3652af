/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of system calls as the command line has them, and what becomes of a program that makes another call.
 */
#include <kernel/signal.h>
#include <kernel/string.h>
#include <kernel/systest.h>

#include "../sys_internal.h"

TEST(syscall_sets_are_read)
{
	struct syscall_set set = { 0 };

	syscall_set_add(&set, "");
	for (uint64_t number = 0; number < SYSCALL_SET_MAX; number++)
		CHECK(!syscall_set_has(&set, number));
	syscall_set_add(&set, "read,,futex_waitv,no_such_call,rea,");
	for (uint64_t number = 0; number < SYSCALL_SET_MAX; number++)
		CHECK_EQ(syscall_set_has(&set, number), number == SYS_read || number == SYS_futex_waitv);
	syscall_set_add(&set, "write");
	CHECK(syscall_set_has(&set, SYS_read) && syscall_set_has(&set, SYS_write));
	CHECK(!syscall_set_has(&set, SYSCALL_SET_MAX) && !syscall_set_has(&set, UINT64_MAX));
}

static void make_denied_call(void)
{
	syscall_deny(SYS_getpid);
}

TEST(denied_call_ends_the_program)
{
	CHECK_EQ(systest_program(make_denied_call), SIGSYS);
}
