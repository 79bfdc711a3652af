/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll: level and edge, one-shot, nesting, files that go away.
 */
#include "fs_test.h"

#include <kernel/abi/poll.h>
#include <kernel/abi/time.h>
#include <kernel/heap.h>
#include <kernel/signal.h>

#define EVENTS (SYSTEST_MEM + 8192)

static long control(int epoll, int op, int fd, uint32_t events, uint64_t data)
{
	const struct abi_epoll_event event = { events, data };

	return sys(SYS_epoll_ctl, (uint64_t)epoll, (uint64_t)op, (uint64_t)fd, systest_value(512, &event));
}

static long wait_now(int epoll, int max)
{
	return sys(SYS_epoll_wait, (uint64_t)epoll, EVENTS, (uint64_t)max, 0);
}

static struct abi_epoll_event event_at(unsigned i)
{
	struct abi_epoll_event event;

	systest_read(EVENTS + i * sizeof(event), &event);
	return event;
}

FSTEST(epoll_level_triggered)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int epoll = (int)sys(SYS_epoll_create1, EPOLL_CLOEXEC);

	CHECK_EQ(sys(SYS_fcntl, epoll, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(control(epoll, EPOLL_CTL_ADD, p.in, EPOLLIN, 42), 0);
	CHECK_EQ(wait_now(epoll, 8), 0);
	CHECK_EQ(sys(SYS_write, p.out, P("x"), 1), 1);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(wait_now(epoll, 8), 1);
		CHECK_EQ(event_at(0).events, EPOLLIN);
		CHECK_EQ(event_at(0).data, 42);
	}
	CHECK(fs_test_reads(p.in, "x"));
	CHECK_EQ(wait_now(epoll, 8), 0);
	CHECK_EQ(sys(SYS_close, p.out), 0);
	CHECK_EQ(wait_now(epoll, 8), 1);
	CHECK_EQ(event_at(0).events, EPOLLHUP);
}

FSTEST(epoll_edge_triggered)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int epoll = (int)sys(SYS_epoll_create, 1);

	CHECK_EQ(sys(SYS_write, p.out, P("x"), 1), 1);
	CHECK_EQ(control(epoll, EPOLL_CTL_ADD, p.in, EPOLLIN | EPOLLET, 1), 0);
	CHECK_EQ(wait_now(epoll, 8), 1);
	CHECK_EQ(wait_now(epoll, 8), 0);
	CHECK_EQ(sys(SYS_write, p.out, P("y"), 1), 1);
	CHECK_EQ(wait_now(epoll, 8), 1);
	CHECK_EQ(wait_now(epoll, 8), 0);
}

FSTEST(epoll_one_shot)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int epoll = (int)sys(SYS_epoll_create1, 0);

	CHECK_EQ(control(epoll, EPOLL_CTL_ADD, p.out, EPOLLOUT | EPOLLONESHOT, 1), 0);
	CHECK_EQ(wait_now(epoll, 8), 1);
	CHECK_EQ(wait_now(epoll, 8), 0);
	CHECK_EQ(control(epoll, EPOLL_CTL_MOD, p.out, EPOLLOUT, 2), 0);
	CHECK_EQ(wait_now(epoll, 8), 1);
	CHECK_EQ(event_at(0).data, 2);
}

/* Those that had no turn come first the next time. */
FSTEST(epoll_takes_turns)
{
	int epoll = (int)sys(SYS_epoll_create1, 0);

	for (int i = 0; i < 3; i++)
		CHECK_EQ(control(epoll, EPOLL_CTL_ADD, fs_test_pipe(0).out, EPOLLOUT, (uint64_t)i), 0);
	CHECK_EQ(wait_now(epoll, 2), 2);
	CHECK_EQ(event_at(0).data, 0);
	CHECK_EQ(wait_now(epoll, 2), 2);
	CHECK_EQ(event_at(0).data, 2);
	CHECK_EQ(event_at(1).data, 0);
	CHECK_ERR(sys(SYS_epoll_wait, epoll, SYSTEST_BAD, 3, 0), EFAULT);
	CHECK_EQ(wait_now(epoll, 3), 3);
}

FSTEST(epoll_ctl_errors)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int epoll = (int)sys(SYS_epoll_create1, 0), file = fs_test_file("f", O_RDWR, "");

	CHECK_ERR(sys(SYS_epoll_create, 0), EINVAL);
	CHECK_ERR(sys(SYS_epoll_create1, 1), EINVAL);
	CHECK_ERR(control(99, EPOLL_CTL_ADD, p.in, EPOLLIN, 0), EBADF);
	CHECK_ERR(control(epoll, EPOLL_CTL_ADD, 99, EPOLLIN, 0), EBADF);
	CHECK_ERR(control(epoll, EPOLL_CTL_ADD, file, EPOLLIN, 0), EPERM);
	CHECK_ERR(control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN, 0), EINVAL);
	CHECK_ERR(control(p.in, EPOLL_CTL_ADD, p.out, EPOLLIN, 0), EINVAL);
	CHECK_ERR(control(epoll, 7, p.in, EPOLLIN, 0), EINVAL);
	CHECK_ERR(control(epoll, EPOLL_CTL_MOD, p.in, EPOLLIN, 0), ENOENT);
	CHECK_ERR(control(epoll, EPOLL_CTL_DEL, p.in, EPOLLIN, 0), ENOENT);
	CHECK_EQ(control(epoll, EPOLL_CTL_ADD, p.in, EPOLLIN, 0), 0);
	CHECK_ERR(control(epoll, EPOLL_CTL_ADD, p.in, EPOLLIN, 0), EEXIST);
	CHECK_ERR(control(epoll, EPOLL_CTL_MOD, p.in, EPOLLIN | EPOLLEXCLUSIVE, 0), EINVAL);
	CHECK_ERR(sys(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, p.out, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, p.in, SYSTEST_BAD), 0);
	CHECK_EQ(control(epoll, EPOLL_CTL_ADD, p.in, EPOLLIN | EPOLLEXCLUSIVE, 0), 0);
	CHECK_ERR(control(epoll, EPOLL_CTL_MOD, p.in, EPOLLIN, 0), EINVAL);
	CHECK_ERR(control(epoll, EPOLL_CTL_ADD, p.out, EPOLLOUT | EPOLLEXCLUSIVE | EPOLLONESHOT, 0), EINVAL);
}

FSTEST(epoll_wait_errors_and_time)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int epoll = (int)sys(SYS_epoll_create1, 0);
	const struct abi_timespec time = { 0, 1000000 }, bad = { 0, -1 };

	CHECK_ERR(sys(SYS_epoll_wait, 99, EVENTS, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_epoll_wait, p.in, EVENTS, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_epoll_wait, epoll, EVENTS, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_epoll_wait, epoll, SYSTEST_KERNEL, 1, 0), EFAULT);
	CHECK_EQ(sys(SYS_epoll_wait, epoll, EVENTS, 1, 2), 0);
	CHECK_EQ(sys(SYS_epoll_pwait, epoll, EVENTS, 1, 2, 0, 0), 0);
	CHECK_ERR(sys(SYS_epoll_pwait, epoll, EVENTS, 1, 2, SYSTEST_MEM, 3), EINVAL);
	CHECK_EQ(sys(SYS_epoll_pwait2, epoll, EVENTS, 1, systest_value(0, &time), 0, 0), 0);
	CHECK_ERR(sys(SYS_epoll_pwait2, epoll, EVENTS, 1, systest_value(0, &bad), 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_epoll_pwait2, epoll, EVENTS, 1, SYSTEST_BAD, 0, 0), EFAULT);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_epoll_wait, epoll, EVENTS, 1, -1), EINTR);
	signal_deliver(NULL);
}

FSTEST(epoll_nests_without_cycles)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int chain[6];

	for (int i = 0; i < 6; i++)
		chain[i] = (int)sys(SYS_epoll_create1, 0);
	CHECK_EQ(control(chain[0], EPOLL_CTL_ADD, p.in, EPOLLIN, 0), 0);
	for (int i = 1; i < 5; i++)
		CHECK_EQ(control(chain[i], EPOLL_CTL_ADD, chain[i - 1], EPOLLIN, (uint64_t)i), 0);
	CHECK_ERR(control(chain[5], EPOLL_CTL_ADD, chain[4], EPOLLIN, 0), ELOOP);
	CHECK_ERR(control(chain[0], EPOLL_CTL_ADD, chain[1], EPOLLIN, 0), ELOOP);
	CHECK_EQ(wait_now(chain[4], 1), 0);
	CHECK_EQ(sys(SYS_write, p.out, P("x"), 1), 1);
	CHECK_EQ(wait_now(chain[4], 1), 1);
	CHECK_EQ(event_at(0).data, 4);
	CHECK(fs_test_reads(p.in, "x"));
	CHECK_EQ(wait_now(chain[4], 1), 0);
	CHECK_EQ(sys(SYS_close, chain[2]), 0);
	CHECK_EQ(sys(SYS_write, p.out, P("x"), 1), 1);
	CHECK_EQ(wait_now(chain[4], 1), 0);
	CHECK_EQ(wait_now(chain[1], 1), 1);
}

/* What is watched is the open file: it stays while a duplicate does, and goes with the last. */
FSTEST(epoll_forgets_closed_files)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int epoll = (int)sys(SYS_epoll_create1, 0), copy = (int)sys(SYS_dup, p.out);

	CHECK_EQ(control(epoll, EPOLL_CTL_ADD, p.out, EPOLLOUT, 5), 0);
	CHECK_EQ(sys(SYS_close, p.out), 0);
	CHECK_EQ(wait_now(epoll, 1), 1);
	CHECK_EQ(sys(SYS_close, copy), 0);
	CHECK_EQ(wait_now(epoll, 1), 0);
}
