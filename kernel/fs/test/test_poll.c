/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll, ppoll, select, pselect6.
 */
#include "fs_test.h"

#include <kernel/abi/poll.h>
#include <kernel/abi/time.h>
#include <kernel/clock.h>
#include <kernel/signal.h>

#define FDS (SYSTEST_MEM + 4096)

static user_ptr_t put_fds(const struct abi_pollfd *fds, size_t count)
{
	return systest_put(4096, fds, count * sizeof(*fds));
}

static int16_t revents(unsigned i)
{
	struct abi_pollfd fd;

	systest_read(FDS + i * sizeof(fd), &fd);
	return fd.revents;
}

FSTEST(poll_tells_what_holds)
{
	struct fs_test_pair p = fs_test_pipe(0);
	int file = fs_test_file("f", O_RDWR, "");
	struct abi_pollfd fds[] = { { p.in, POLLIN, 0 },
				    { p.out, POLLOUT | POLLIN, 0 },
				    { -1, POLLIN, 7 },
				    { 99, POLLIN, 0 },
				    { file, POLLIN | POLLOUT, 0 } };

	CHECK_EQ(sys(SYS_poll, put_fds(fds, 5), 5, -1), 3);
	CHECK_EQ(revents(0), 0);
	CHECK_EQ(revents(1), POLLOUT);
	CHECK_EQ(revents(2), 0);
	CHECK_EQ(revents(3), POLLNVAL);
	CHECK_EQ(revents(4), POLLIN | POLLOUT);
	CHECK_EQ(sys(SYS_write, p.out, P("x"), 1), 1);
	CHECK_EQ(sys(SYS_poll, FDS, 1, 0), 1);
	CHECK_EQ(revents(0), POLLIN);
	CHECK_EQ(sys(SYS_close, p.out), 0);
	CHECK_EQ(sys(SYS_poll, FDS, 1, 0), 1);
	CHECK_EQ(revents(0), POLLIN | POLLHUP);
}

FSTEST(poll_without_readers_is_an_error_event)
{
	struct fs_test_pair p = fs_test_pipe(0);
	struct abi_pollfd fd = { p.out, 0, 0 };

	CHECK_EQ(sys(SYS_close, p.in), 0);
	CHECK_EQ(sys(SYS_poll, put_fds(&fd, 1), 1, 0), 1);
	CHECK_EQ(revents(0), POLLERR);
}

FSTEST(poll_waits_and_gives_up)
{
	struct fs_test_pair p = fs_test_pipe(0);
	struct abi_pollfd fds[20];
	const struct abi_timespec time = { 0, 5000000 };
	struct abi_timespec left;
	uint64_t before = clock_ns();

	for (int i = 0; i < 20; i++)
		fds[i] = (struct abi_pollfd){ p.in, POLLIN, 0 };
	CHECK_EQ(sys(SYS_poll, put_fds(fds, 20), 20, 10), 0);
	CHECK(clock_ns() - before >= 10 * NSEC_PER_MSEC);
	CHECK_EQ(sys(SYS_ppoll, FDS, 1, systest_value(0, &time), 0, 0), 0);
	systest_read(SYSTEST_MEM, &left);
	CHECK_EQ(left.sec + left.nsec, 0);
	CHECK_EQ(sys(SYS_poll, 0, 0, 1), 0);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_poll, FDS, 20, -1), EINTR);
	signal_deliver(NULL);
}

FSTEST(poll_errors)
{
	const struct abi_timespec bad = { 0, -1 };

	CHECK_ERR(sys(SYS_poll, SYSTEST_BAD, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_poll, FDS, 5000, 0), EINVAL);
	CHECK_ERR(sys(SYS_ppoll, FDS, 0, systest_value(0, &bad), 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_ppoll, FDS, 0, SYSTEST_BAD, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_ppoll, FDS, 0, 0, SYSTEST_MEM, 4), EINVAL);
	CHECK_ERR(sys(SYS_ppoll, FDS, 0, 0, SYSTEST_BAD, 8), EFAULT);
}

static user_ptr_t put_set(size_t offset, uint64_t bits)
{
	return systest_value(offset, &bits);
}

static uint64_t get_set(user_ptr_t at)
{
	uint64_t bits;

	systest_read(at, &bits);
	return bits;
}

FSTEST(select_keeps_what_is_ready)
{
	struct fs_test_pair p = fs_test_pipe(0);
	const struct abi_timeval time = { 0, 1000 };
	user_ptr_t in = put_set(1024, 1u << p.in), out = put_set(1032, 1u << p.out);

	CHECK_EQ(sys(SYS_select, p.out + 1, in, out, 0, 0), 1);
	CHECK_EQ(get_set(in), 0);
	CHECK_EQ(get_set(out), 1u << p.out);
	put_set(1024, 1u << p.in);
	CHECK_EQ(sys(SYS_select, p.out + 1, in, 0, 0, systest_value(0, &time)), 0);
	CHECK_EQ(get_set(in), 0);
	CHECK_EQ(sys(SYS_write, p.out, P("x"), 1), 1);
	put_set(1024, 1u << p.in);
	CHECK_EQ(sys(SYS_pselect6, p.out + 1, in, out, 0, 0, 0), 2);
	CHECK_EQ(get_set(in), 1u << p.in);
}

FSTEST(select_errors)
{
	const struct abi_timeval bad = { -1, 0 }, endless = { INT64_MAX, 2000000 };
	const struct abi_timespec bad_ns = { 0, 1000000000 };
	const uint64_t mask[2] = { SYSTEST_MEM, 4 };
	user_ptr_t in = put_set(1024, 1u << 9);

	CHECK_ERR(sys(SYS_select, -1, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_select, 10, in, 0, 0, 0), EBADF);
	CHECK_ERR(sys(SYS_select, 10, SYSTEST_BAD, 0, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_select, 0, 0, 0, 0, systest_value(0, &bad)), EINVAL);
	CHECK_ERR(sys(SYS_select, 0, 0, 0, 0, systest_value(0, &endless)), EINVAL);
	CHECK_ERR(sys(SYS_select, 0, 0, 0, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_pselect6, 0, 0, 0, 0, systest_value(0, &bad_ns), 0), EINVAL);
	CHECK_ERR(sys(SYS_pselect6, 0, 0, 0, 0, 0, systest_value(0, &mask)), EINVAL);
	CHECK_ERR(sys(SYS_pselect6, 0, 0, 0, 0, 0, SYSTEST_BAD), EFAULT);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_select, 0, 0, 0, 0, 0), EINTR);
	signal_deliver(NULL);
}
