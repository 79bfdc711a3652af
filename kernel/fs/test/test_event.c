/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eventfd and timerfd.
 */
#include "fs_test.h"

#include <kernel/abi/poll.h>
#include <kernel/abi/time.h>
#include <kernel/clock.h>
#include <kernel/signal.h>

static long put(int fd, uint64_t value)
{
	return sys(SYS_write, (uint64_t)fd, systest_value(256, &value), 8);
}

/* The number read, or an error. */
static int64_t take(int fd)
{
	int64_t value;
	long n = sys(SYS_read, (uint64_t)fd, SYSTEST_MEM, 8);

	if (n != 8)
		return n;
	systest_read(SYSTEST_MEM, &value);
	return value;
}

FSTEST(eventfd_counts)
{
	int fd = (int)sys(SYS_eventfd2, 3, EFD_NONBLOCK);

	CHECK_EQ(systest_events(fd), POLLIN | POLLOUT);
	CHECK_EQ(put(fd, 4), 8);
	CHECK_EQ(take(fd), 7);
	CHECK_ERR(take(fd), EAGAIN);
	CHECK_EQ(systest_events(fd), POLLOUT);
	CHECK_EQ(put(fd, UINT64_MAX - 1), 8);
	CHECK_ERR(put(fd, 1), EAGAIN);
	CHECK_EQ(systest_events(fd), POLLIN);
	CHECK_ERR(put(fd, UINT64_MAX), EINVAL);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_MEM, 7), EINVAL);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_MEM, 9), EINVAL);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM, 7), EINVAL);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_BAD, 8), EFAULT);
	CHECK_EQ(sys(SYS_lseek, fd, 5, SEEK_SET), 0);
	CHECK_ERR(sys(SYS_pread64, fd, SYSTEST_MEM, 8, 0), ESPIPE);
	CHECK_ERR(sys(SYS_eventfd2, 0, 2), EINVAL);
}

FSTEST(eventfd_semaphore)
{
	int fd = (int)sys(SYS_eventfd2, 2, EFD_SEMAPHORE | EFD_NONBLOCK);

	CHECK_EQ(take(fd), 1);
	CHECK_EQ(take(fd), 1);
	CHECK_ERR(take(fd), EAGAIN);
}

FSTEST(eventfd_sleepers_are_interrupted)
{
	int fd = (int)sys(SYS_eventfd, 0);

	systest_interrupt_soon();
	CHECK_ERR(take(fd), EINTR);
	signal_deliver(NULL);
	CHECK_EQ(put(fd, UINT64_MAX - 1), 8);
	systest_interrupt_soon();
	CHECK_ERR(put(fd, 1), EINTR);
	signal_deliver(NULL);
}

static long set_timer(int fd, int flags, uint64_t value_ns, uint64_t interval_ns)
{
	const struct abi_itimerspec spec = {
		{ 0, (int64_t)interval_ns }, { (int64_t)(value_ns / NSEC_PER_SEC), (int64_t)(value_ns % NSEC_PER_SEC) }
	};

	return sys(SYS_timerfd_settime, (uint64_t)fd, (uint64_t)flags, systest_value(1024, &spec), SYSTEST_MEM + 2048);
}

FSTEST(timerfd_expires_once)
{
	int fd = (int)sys(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct abi_itimerspec spec;

	CHECK_ERR(take(fd), EAGAIN);
	CHECK_EQ(set_timer(fd, 0, 1000 * NSEC_PER_SEC, 7), 0);
	CHECK_EQ(sys(SYS_timerfd_gettime, fd, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &spec);
	CHECK(spec.value.sec >= 990 && spec.value.sec <= 1000);
	CHECK_EQ(spec.interval.nsec, 7);
	CHECK_EQ(systest_events(fd), 0);
	CHECK_EQ(set_timer(fd, 0, 5 * NSEC_PER_MSEC, 0), 0);
	systest_read(SYSTEST_MEM + 2048, &spec);
	CHECK(spec.value.sec >= 990);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETFL, 0), 0);
	CHECK_EQ(take(fd), 1);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERR(take(fd), EAGAIN);
}

FSTEST(timerfd_counts_intervals)
{
	int fd = (int)sys(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
	uint64_t start = clock_ns();

	CHECK_EQ(set_timer(fd, TFD_TIMER_ABSTIME, start + NSEC_PER_MSEC, NSEC_PER_MSEC), 0);
	CHECK_EQ(clock_sleep_until(start + 5 * NSEC_PER_MSEC + NSEC_PER_MSEC / 2), 0);
	CHECK(take(fd) >= 5);
	CHECK(take(fd) >= 1);
	CHECK_EQ(set_timer(fd, 0, 0, 0), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERR(take(fd), EAGAIN);
	CHECK_EQ(set_timer(fd, TFD_TIMER_ABSTIME, 1, 0), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETFL, 0), 0);
	CHECK_EQ(take(fd), 1);
}

FSTEST(timerfd_is_told_that_the_clock_was_set)
{
	int fd = (int)sys(SYS_timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK);
	uint64_t wall = clock_realtime_ns() + 1000 * NSEC_PER_SEC, now = clock_realtime_ns();
	struct abi_timespec spec = { (int64_t)(now / NSEC_PER_SEC), 0 };

	CHECK_EQ(set_timer(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, wall, 0), 0);
	CHECK_ERR(take(fd), EAGAIN);
	CHECK_EQ(sys(SYS_clock_settime, CLOCK_REALTIME, systest_value(0, &spec)), 0);
	CHECK_EQ(systest_events(fd), POLLIN);
	CHECK_ERR(take(fd), ECANCELED);
	CHECK_EQ(sys(SYS_clock_settime, CLOCK_REALTIME, systest_value(0, &spec)), 0);
	CHECK_ERR(set_timer(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, wall, 0), ECANCELED);
	CHECK_ERR(take(fd), EAGAIN);
	CHECK_ERR(take(fd), EAGAIN);
	/* A timer that moves with the clock is due when the clock has passed it. */
	CHECK_EQ(set_timer(fd, TFD_TIMER_ABSTIME, wall, 0), 0);
	spec.sec += 2000;
	CHECK_EQ(sys(SYS_clock_settime, CLOCK_REALTIME, systest_value(0, &spec)), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETFL, 0), 0);
	CHECK_EQ(take(fd), 1);
	spec.sec -= 2000;
	CHECK_EQ(sys(SYS_clock_settime, CLOCK_REALTIME, systest_value(0, &spec)), 0);
}

FSTEST(timerfd_errors)
{
	int fd = (int)sys(SYS_timerfd_create, CLOCK_MONOTONIC, 0);

	CHECK_ERR(sys(SYS_timerfd_create, 77, 0), EINVAL);
	CHECK_ERR(sys(SYS_timerfd_create, CLOCK_MONOTONIC, 1), EINVAL);
	CHECK_ERR(set_timer(fd, 4, 1, 0), EINVAL);
	CHECK_ERR(set_timer(fd, 0, 1, NSEC_PER_SEC), EINVAL);
	CHECK_ERR(set_timer(99, 0, 1, 0), EBADF);
	CHECK_ERR(set_timer(1, 0, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_timerfd_settime, fd, 0, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_timerfd_gettime, 99, SYSTEST_MEM), EBADF);
	CHECK_ERR(sys(SYS_timerfd_gettime, 1, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_timerfd_gettime, fd, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM, 7), EINVAL);
	systest_become(1000);
	CHECK_ERR(sys(SYS_timerfd_create, CLOCK_REALTIME_ALARM, 0), EPERM);
}
