/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks: reading, setting, sleeping.
 */
#include <kernel/abi/time.h>
#include <kernel/clock.h>
#include <kernel/systest.h>

#define NO_CLOCK 10

static user_ptr_t spec(int64_t sec, int64_t nsec)
{
	const struct abi_timespec value = { sec, nsec };

	return systest_value(0, &value);
}

static uint64_t read_ns(user_ptr_t address)
{
	struct abi_timespec value;

	systest_read(address, &value);
	return (uint64_t)value.sec * NSEC_PER_SEC + (uint64_t)value.nsec;
}

SYSTEST(clock_gettime_knows_the_clocks)
{
	static const int clocks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11 };
	uint64_t before = clock_ns();

	for (unsigned i = 0; i < array_size(clocks); i++)
		CHECK_EQ(sys(SYS_clock_gettime, clocks[i], SYSTEST_MEM), 0);
	CHECK_EQ(sys(SYS_clock_gettime, CLOCK_MONOTONIC, SYSTEST_MEM), 0);
	CHECK(read_ns(SYSTEST_MEM) >= before && read_ns(SYSTEST_MEM) <= clock_ns());
	CHECK_ERR(sys(SYS_clock_gettime, NO_CLOCK, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_clock_gettime, -1, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_clock_gettime, CLOCK_MONOTONIC, SYSTEST_BAD), EFAULT);
}

SYSTEST(clock_getres_tells_a_resolution)
{
	CHECK_EQ(sys(SYS_clock_getres, CLOCK_MONOTONIC, SYSTEST_MEM), 0);
	CHECK_EQ(read_ns(SYSTEST_MEM), 1);
	CHECK_EQ(sys(SYS_clock_getres, CLOCK_REALTIME_COARSE, SYSTEST_MEM), 0);
	CHECK_EQ(read_ns(SYSTEST_MEM), 4 * NSEC_PER_MSEC);
	CHECK_EQ(sys(SYS_clock_getres, CLOCK_MONOTONIC, 0), 0);
	CHECK_ERR(sys(SYS_clock_getres, NO_CLOCK, 0), EINVAL);
	CHECK_ERR(sys(SYS_clock_getres, CLOCK_MONOTONIC, SYSTEST_BAD), EFAULT);
}

SYSTEST(clock_settime_moves_the_time_of_day)
{
	uint64_t before = clock_realtime_ns(), after;

	CHECK_EQ(sys(SYS_clock_settime, CLOCK_REALTIME, spec(2000000000, 5)), 0);
	after = clock_realtime_ns();
	CHECK_EQ(sys(SYS_time, SYSTEST_MEM), 2000000000);
	clock_realtime_set(before);
	CHECK_EQ(after / NSEC_PER_SEC, 2000000000);
	CHECK_ERR(sys(SYS_clock_settime, CLOCK_MONOTONIC, spec(1, 0)), EINVAL);
	CHECK_ERR(sys(SYS_clock_settime, CLOCK_REALTIME, spec(1, 1000000000)), EINVAL);
	CHECK_ERR(sys(SYS_clock_settime, CLOCK_REALTIME, spec(-1, 0)), EINVAL);
	CHECK_ERR(sys(SYS_clock_settime, CLOCK_REALTIME, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_clock_settime, CLOCK_REALTIME, spec(2000000000, 0)), EPERM);
}

SYSTEST(gettimeofday_agrees_with_time)
{
	struct abi_timeval tv;
	int64_t now;

	CHECK_EQ(sys(SYS_gettimeofday, SYSTEST_MEM, SYSTEST_MEM + 64), 0);
	now = sys(SYS_time, SYSTEST_MEM + 128);
	systest_read(SYSTEST_MEM, &tv);
	CHECK(now - tv.sec <= 1);
	CHECK_MEM(SYSTEST_MEM + 128, &now, sizeof(now));
	CHECK_EQ(sys(SYS_gettimeofday, 0, 0), 0);
	CHECK_ERR(sys(SYS_gettimeofday, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_gettimeofday, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_time, SYSTEST_BAD), EFAULT);
}

SYSTEST(settimeofday_sets_time_and_zone)
{
	const struct abi_timeval tv = { 1900000000, 0 }, bad = { 1, 1000000 };
	const int32_t zone[2] = { -60, 0 }, far[2] = { 9999, 0 }, utc[2] = { 0, 0 };
	uint64_t before = clock_realtime_ns();

	CHECK_EQ(sys(SYS_settimeofday, systest_value(0, &tv), systest_value(32, &zone)), 0);
	CHECK_EQ(sys(SYS_gettimeofday, SYSTEST_MEM + 64, SYSTEST_MEM + 96), 0);
	clock_realtime_set(before);
	CHECK_MEM(SYSTEST_MEM + 64, &tv.sec, sizeof(tv.sec));
	CHECK_MEM(SYSTEST_MEM + 96, zone, sizeof(zone));
	CHECK_EQ(sys(SYS_settimeofday, 0, systest_value(32, &utc)), 0);
	CHECK_ERR(sys(SYS_settimeofday, systest_value(0, &bad), 0), EINVAL);
	CHECK_ERR(sys(SYS_settimeofday, 0, systest_value(32, &far)), EINVAL);
	CHECK_ERR(sys(SYS_settimeofday, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_settimeofday, 0, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_settimeofday, systest_value(0, &tv), 0), EPERM);
}

SYSTEST(nanosleep_sleeps)
{
	uint64_t before = clock_ns();

	CHECK_EQ(sys(SYS_nanosleep, spec(0, 2000000), 0), 0);
	CHECK(clock_ns() - before >= 2 * NSEC_PER_MSEC);
	CHECK_ERR(sys(SYS_nanosleep, spec(0, -1), 0), EINVAL);
	CHECK_ERR(sys(SYS_nanosleep, spec(-1, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_nanosleep, SYSTEST_BAD, 0), EFAULT);
}

SYSTEST(nanosleep_ends_with_a_signal)
{
	uint64_t left;

	CHECK_EQ(sys(SYS_rt_sigprocmask, 0, 0, 0, 8), 0);
	/*
	 * SIGALRM's default action would end the test: it gets a handler, which is only recorded here. It comes again
	 * and again, as the first may come before the wait.
	 */
	CHECK_EQ(sys(SYS_rt_sigaction, 14, systest_put(256, (uint64_t[4]){ 0x400000 }, 32), 0, 8), 0);
	CHECK_EQ(sys(SYS_setitimer, 0, systest_put(512, (int64_t[4]){ 0, 50000, 0, 2000 }, 32), 0), 0);
	CHECK_ERR(sys(SYS_nanosleep, spec(100, 0), SYSTEST_MEM + 64), EINTR);
	left = read_ns(SYSTEST_MEM + 64);
	CHECK(left > 90 * NSEC_PER_SEC && left < 100 * NSEC_PER_SEC);
	CHECK_EQ(sys(SYS_setitimer, 0, systest_put(512, (int64_t[4]){ 0, 50000, 0, 2000 }, 32), 0), 0);
	CHECK_ERR(sys(SYS_nanosleep, spec(100, 0), SYSTEST_BAD), EFAULT);
}

SYSTEST(clock_nanosleep_until_a_time)
{
	uint64_t target = clock_ns() + 2 * NSEC_PER_MSEC;

	CHECK_EQ(sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
		     spec((int64_t)(target / NSEC_PER_SEC), (int64_t)(target % NSEC_PER_SEC)), 0),
		 0);
	CHECK(clock_ns() >= target);
	CHECK_EQ(sys(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, spec(1, 0), 0), 0);
	CHECK_EQ(sys(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, spec(0, 1000), 0), 0);
}

SYSTEST(clock_nanosleep_errors)
{
	CHECK_ERR(sys(SYS_clock_nanosleep, NO_CLOCK, 0, spec(0, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, spec(0, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, spec(0, 0), 0), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, spec(0, 2000000000), 0), EINVAL);
	CHECK_ERR(sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, SYSTEST_BAD, 0), EFAULT);
}

static uint64_t read_cpu_clock(int clock)
{
	int64_t now[2] = { 0, 0 };

	if (sys(SYS_clock_gettime, clock, SYSTEST_MEM))
		return 0;
	systest_read(SYSTEST_MEM, &now);
	return (uint64_t)now[0] * NSEC_PER_SEC + (uint64_t)now[1];
}

#define CPU_CLOCK(id, kind) ((int)(~(unsigned)(id) << 3 | (kind)))
#define KIND_SCHED 2
#define KIND_THREAD_SCHED 6

SYSTEST(cpu_clocks_have_numbers)
{
	int pid = (int)sys(SYS_getpid), tid = (int)sys(SYS_gettid);
	uint64_t before = read_cpu_clock(CPU_CLOCK(tid, KIND_THREAD_SCHED)), after;

	for (uint64_t end = clock_ns() + 3 * NSEC_PER_MSEC; clock_ns() < end;)
		arch_relax();
	after = read_cpu_clock(CPU_CLOCK(0, KIND_THREAD_SCHED));
	CHECK(after > before);
	CHECK(read_cpu_clock(CLOCK_THREAD_CPUTIME_ID) >= after);
	CHECK(read_cpu_clock(CPU_CLOCK(pid, KIND_SCHED)) >= after);
	CHECK(read_cpu_clock(CPU_CLOCK(0, KIND_SCHED)) >= after);
	CHECK_EQ(sys(SYS_clock_getres, CPU_CLOCK(pid, KIND_SCHED), 0), 0);
	CHECK_ERR(sys(SYS_clock_gettime, CPU_CLOCK(pid, 3), SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_clock_gettime, CPU_CLOCK(30000, KIND_SCHED), SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_clock_gettime, CPU_CLOCK(30000, KIND_THREAD_SCHED), SYSTEST_MEM), EINVAL);
}
