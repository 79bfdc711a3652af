/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalfd: signals as something to read, to poll and to wait for.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/poll.h>
#include <kernel/abi/time.h>
#include <kernel/file.h>
#include <kernel/signal.h>
#include <kernel/systest.h>

#define SET 8 /* sizeof(sigset_t) of the calls */
#define BUF (SYSTEST_MEM + 4096)
#define RECORD sizeof(struct abi_signalfd_siginfo)

static user_ptr_t set_of(uint64_t set)
{
	return systest_value(128, &set);
}

/* The signals are blocked: they wait to be read. */
static int signalfd(uint64_t set, unsigned flags)
{
	if (sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(set), 0, SET))
		test_fail(__FILE__, __LINE__, "the signals are not blocked");
	return (int)sys(SYS_signalfd4, -1, set_of(set), SET, flags);
}

static long take(int fd, size_t len, struct abi_signalfd_siginfo told[2])
{
	long n = sys(SYS_read, (uint64_t)fd, BUF, len);

	systest_get(BUF, told, 2 * RECORD);
	return n;
}

SYSTEST(signalfd_gives_signals_that_wait)
{
	int pid = process_current()->pid, fd = signalfd(SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(40), SFD_NONBLOCK);
	struct abi_signalfd_siginfo told[2];
	struct abi_siginfo info = { .code = SI_QUEUE };

	CHECK_ERR(take(fd, RECORD, told), EAGAIN);
	CHECK_EQ(systest_events(fd), 0);
	CHECK_EQ(sys(SYS_kill, pid, SIGUSR1), 0);
	CHECK_EQ(systest_events(fd), POLLIN);
	info.value = UINT64_C(0x123456789);
	CHECK_EQ(sys(SYS_rt_sigqueueinfo, pid, 40, systest_value(256, &info)), 0);
	CHECK_ERR(take(fd, RECORD - 1, told), EINVAL);
	CHECK_EQ(take(fd, 3 * RECORD - 1, told), 2 * RECORD);
	CHECK_EQ(told[0].signo, SIGUSR1);
	CHECK_EQ(told[0].code, SI_USER);
	CHECK_EQ(told[0].pid, pid);
	CHECK_EQ(told[1].signo, 40);
	CHECK_EQ(told[1].code, SI_QUEUE);
	CHECK_EQ(told[1].value, UINT64_C(0x123456789));
	CHECK_EQ(told[1].value_int, 0x23456789);
	CHECK_ERR(take(fd, RECORD, told), EAGAIN);
	CHECK_EQ(systest_events(fd), 0);
	CHECK_ERR(sys(SYS_write, fd, BUF, RECORD), EINVAL);
	CHECK_EQ(sys(SYS_kill, pid, SIGUSR1), 0);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_BAD, RECORD), EFAULT);
}

SYSTEST(signalfd_set_can_be_changed)
{
	int pid = process_current()->pid, fd = signalfd(SIGNAL_BIT(SIGUSR1), SFD_NONBLOCK | SFD_CLOEXEC);
	struct abi_signalfd_siginfo told[2];

	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(SIGNAL_BIT(SIGUSR2)), 0, SET), 0);
	CHECK_EQ(sys(SYS_kill, pid, SIGUSR2), 0);
	CHECK_ERR(take(fd, RECORD, told), EAGAIN);
	CHECK_EQ(sys(SYS_signalfd, fd, set_of(SIGNAL_BIT(SIGUSR2) | SIGNAL_BIT(SIGKILL)), SET), fd);
	CHECK_EQ(take(fd, RECORD, told), RECORD);
	CHECK_EQ(told[0].signo, SIGUSR2);
	CHECK_EQ(told[0].uid, 0);
}

SYSTEST(signalfd_waits_for_a_timer)
{
	const struct abi_itimerval soon = { { 0, 0 }, { 0, 500 } };
	int fd = signalfd(SIGNAL_BIT(SIGALRM), 0);
	struct abi_signalfd_siginfo told[2];
	int epoll = (int)sys(SYS_epoll_create1, 0);
	const struct abi_epoll_event event = { EPOLLIN, 77 };
	struct abi_epoll_event seen;

	CHECK_EQ(sys(SYS_setitimer, 0, systest_value(640, &soon), 0), 0);
	CHECK_EQ(take(fd, RECORD, told), RECORD);
	CHECK_EQ(told[0].signo, SIGALRM);
	CHECK_EQ(sys(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, systest_value(700, &event)), 0);
	CHECK_EQ(sys(SYS_epoll_wait, epoll, BUF, 1, 0), 0);
	CHECK_EQ(sys(SYS_setitimer, 0, systest_value(640, &soon), 0), 0);
	CHECK_EQ(sys(SYS_epoll_wait, epoll, BUF, 1, 10000), 1);
	systest_read(BUF, &seen);
	CHECK_EQ(seen.data, 77);
	CHECK_EQ(take(fd, RECORD, told), RECORD);
}

SYSTEST(signalfd_errors)
{
	user_ptr_t set = set_of(SIGNAL_BIT(SIGUSR1));

	CHECK_ERR(sys(SYS_signalfd4, -1, set, 4, 0), EINVAL);
	CHECK_ERR(sys(SYS_signalfd4, -1, set, SET, 1), EINVAL);
	CHECK_ERR(sys(SYS_signalfd4, 0, set, SET, 0), EINVAL);
	CHECK_ERR(sys(SYS_signalfd4, 77, set, SET, 0), EBADF);
	CHECK_ERR(sys(SYS_signalfd4, -1, SYSTEST_BAD, SET, 0), EFAULT);
	CHECK_ERR(sys(SYS_signalfd, -1, set, 4), EINVAL);
	CHECK_ERR(sys(SYS_signalfd, 77, set, SET), EBADF);
	CHECK_ERR(sys(SYS_signalfd, -1, SYSTEST_BAD, SET), EFAULT);
}
