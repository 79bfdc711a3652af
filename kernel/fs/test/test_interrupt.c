/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that wait for events: a signal ends each of them, and each wants descriptors that are open.
 */
#include "fs_test.h"

#include <kernel/abi/poll.h>

#define SET FS_TEST_FREE
#define BUF (FS_TEST_FREE + 256)

/* A set of descriptors with one in it. */
static user_ptr_t set_of(int fd)
{
	const uint64_t set = UINT64_C(1) << fd;

	return systest_value(SET - SYSTEST_MEM, &set);
}

FSTEST(waits_for_events_end_with_a_signal)
{
	int epoll = (int)sys(SYS_epoll_create1, 0);
	struct fs_test_pair pipe = fs_test_pipe(0);
	const struct abi_pollfd poll = { .fd = pipe.in, .events = POLLIN };

	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_pselect6, 16, set_of(pipe.in), 0, 0, 0, 0), EINTR);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_ppoll, systest_value(BUF - SYSTEST_MEM, &poll), 1, 0, 0, 8), EINTR);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_epoll_pwait, epoll, BUF, 1, -1, 0, 8), EINTR);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_epoll_pwait2, epoll, BUF, 1, 0, 0, 8), EINTR);
}

FSTEST(waits_for_events_want_open_descriptors)
{
	CHECK_ERR(sys(SYS_pselect6, 16, set_of(9), 0, 0, 0, 0), EBADF);
	CHECK_ERR(sys(SYS_epoll_pwait, 99, BUF, 1, 0, 0, 8), EBADF);
	CHECK_ERR(sys(SYS_epoll_pwait2, 99, BUF, 1, 0, 0, 8), EBADF);
}

FSTEST(pipes_are_not_synced)
{
	struct fs_test_pair pipe = fs_test_pipe(0);

	CHECK_ERR(sys(SYS_fsync, pipe.out), EINVAL);
	CHECK_ERR(sys(SYS_fdatasync, pipe.out), EINVAL);
}
