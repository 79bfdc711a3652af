/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What two processes share, or one with itself.
 */
#include <kernel/abi/poll.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#define NOBODY 999999
#define KCMP_FILE 0
#define KCMP_VM 1
#define KCMP_FILES 2
#define KCMP_SIGHAND 4
#define KCMP_IO 5
#define KCMP_SYSVSEM 6
#define KCMP_EPOLL_TFD 7

SYSTEST(kcmp_of_oneself)
{
	int pid = process_current()->pid;

	for (int type = KCMP_VM; type <= KCMP_SYSVSEM; type++)
		CHECK_EQ(sys(SYS_kcmp, pid, pid, type, 0, 0), 0);
	CHECK_ERR(sys(SYS_kcmp, pid, pid, 8, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_kcmp, pid, pid, -1, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_kcmp, pid, NOBODY, KCMP_VM, 0, 0), ESRCH);
	CHECK_ERR(sys(SYS_kcmp, NOBODY, pid, KCMP_VM, 0, 0), ESRCH);
}

SYSTEST(kcmp_of_files)
{
	int pid = process_current()->pid;

	CHECK_EQ(sys(SYS_dup, 2), 3);
	CHECK_EQ(sys(SYS_kcmp, pid, pid, KCMP_FILE, 2, 3), 0);
	CHECK_EQ(sys(SYS_kcmp, pid, pid, KCMP_FILE, 0, 1), 0);
	CHECK(sys(SYS_kcmp, pid, pid, KCMP_FILE, 1, 2) > 0);
	CHECK_ERR(sys(SYS_kcmp, pid, pid, KCMP_FILE, 1, 4), EBADF);
	CHECK_ERR(sys(SYS_kcmp, pid, pid, KCMP_FILE, -1, 1), EBADF);
}

/* The order is one: what is less this way is greater the other way. */
SYSTEST(kcmp_orders)
{
	struct process *other;
	int pid = process_current()->pid;
	long one, two;

	CHECK_EQ(process_create("other", &other), 0);
	one = sys(SYS_kcmp, pid, other->pid, KCMP_VM, 0, 0);
	two = sys(SYS_kcmp, other->pid, pid, KCMP_VM, 0, 0);
	CHECK(one > 0 && two > 0);
	if (!IS_ENABLED(CONFIG_FUZZ))
		CHECK_EQ(one + two, 3);
	fd_table_put(other->fds);
	other->fds = fd_table_get(process_current()->fds);
	CHECK_EQ(sys(SYS_kcmp, pid, other->pid, KCMP_FILES, 0, 0), 0);
	CHECK_EQ(sys(SYS_kcmp, pid, other->pid, KCMP_FILE, 1, 1), 0);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_kcmp, pid, other->pid, KCMP_FILES, 0, 0), EPERM);
	CHECK_ERR(sys(SYS_kcmp, other->pid, pid, KCMP_FILE, 1, 1), EPERM);
	CHECK_ERR(sys(SYS_kcmp, other->pid, pid, KCMP_EPOLL_TFD, 1, SYSTEST_BAD), EPERM);
	CHECK_ERR(sys(SYS_kcmp, other->pid, pid, 8, 0, 0), EPERM);
	process_teardown(other, 0);
	process_put(other);
}

static long compare_watched(uint64_t fd, uint32_t epoll, uint32_t watched, uint32_t nth)
{
	const uint32_t slot[3] = { epoll, watched, nth };
	int pid = process_current()->pid;

	return sys(SYS_kcmp, pid, pid, KCMP_EPOLL_TFD, fd, systest_value(64, &slot));
}

SYSTEST(kcmp_of_what_an_epoll_watches)
{
	struct abi_epoll_event event = { .events = POLLIN };
	int pid = process_current()->pid;

	CHECK_EQ(sys(SYS_epoll_create1, 0), 3);
	CHECK_EQ(sys(SYS_eventfd2, 0, 0), 4);
	CHECK_EQ(sys(SYS_epoll_ctl, 3, 1, 4, systest_value(0, &event)), 0);
	CHECK_EQ(compare_watched(4, 3, 4, 0), 0);
	CHECK(compare_watched(1, 3, 4, 0) > 0);
	CHECK_ERR(compare_watched(4, 3, 4, 1), ENOENT);
	CHECK_ERR(compare_watched(4, 3, 1, 0), ENOENT);
	CHECK_ERR(compare_watched(4, 4, 4, 0), EINVAL);
	CHECK_ERR(compare_watched(9, 3, 4, 0), EBADF);
	CHECK_ERR(compare_watched(4, 9, 4, 0), EBADF);
	CHECK_ERR(sys(SYS_kcmp, pid, pid, KCMP_EPOLL_TFD, 4, SYSTEST_BAD), EFAULT);
}
