/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state of the clock that shows the time of day. Each test leaves it as it was.
 */
#include <kernel/abi/timex.h>
#include <kernel/clock.h>
#include <kernel/systest.h>

#define NO_CLOCK 10

static long adjust(struct abi_timex *timex)
{
	long result = sys(SYS_adjtimex, systest_value(0, timex));

	systest_read(SYSTEST_MEM, timex);
	return result;
}

static void restore(void)
{
	struct abi_timex timex = { .modes = ADJ_STATUS | ADJ_MICRO | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TIMECONST };

	timex.status = STA_UNSYNC;
	timex.maxerror = timex.esterror = 16000000;
	timex.constant = -2;
	CHECK_EQ(adjust(&timex), TIME_ERROR);
	timex = (struct abi_timex){ .modes = ADJ_TAI };
	CHECK_EQ(adjust(&timex), TIME_ERROR);
}

SYSTEST(adjtimex_tells_of_a_free_clock)
{
	struct abi_timex timex = { .offset = 7, .freq = 7, .ppsfreq = 7 };
	int64_t now = (int64_t)(clock_realtime_ns() / NSEC_PER_SEC);

	CHECK_EQ(sizeof(timex), 208);
	CHECK_EQ(adjust(&timex), TIME_ERROR);
	CHECK_EQ(timex.status, STA_UNSYNC);
	CHECK_EQ(timex.maxerror, 16000000);
	CHECK_EQ(timex.constant, 2);
	CHECK_EQ(timex.tick, 10000);
	CHECK_EQ(timex.tolerance, 32768000);
	CHECK_EQ(timex.offset + timex.freq + timex.ppsfreq, 0);
	CHECK(timex.time.sec >= now && timex.time.sec <= now + 60);
	CHECK(timex.time.usec < 1000000);
}

SYSTEST(adjtimex_keeps_what_it_is_told)
{
	struct abi_timex timex = { .modes = ADJ_STATUS | ADJ_NANO | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TIMECONST };

	timex.status = STA_FREQHOLD;
	timex.maxerror = 100;
	timex.esterror = 50;
	timex.constant = 3;
	CHECK_EQ(adjust(&timex), TIME_OK);
	CHECK_EQ(timex.status, STA_FREQHOLD | STA_NANO);
	timex = (struct abi_timex){ 0 };
	CHECK_EQ(adjust(&timex), TIME_OK);
	CHECK_EQ(timex.esterror, 50);
	CHECK_EQ(timex.constant, 3);
	CHECK(timex.maxerror >= 100 && timex.maxerror < 100000);
	restore();
	timex = (struct abi_timex){ .modes = ADJ_OFFSET_SS_READ, .offset = 5 };
	CHECK_EQ(adjust(&timex), TIME_ERROR);
	CHECK_EQ(timex.offset, 0);
	CHECK_EQ(timex.constant, 2);
}

SYSTEST(adjtimex_bounds_the_constant)
{
	struct abi_timex timex = { .modes = ADJ_TIMECONST, .constant = INT64_MAX };

	CHECK_EQ(adjust(&timex), TIME_ERROR);
	CHECK_EQ(timex.constant, 10);
	timex = (struct abi_timex){ .modes = ADJ_TIMECONST, .constant = INT64_MIN };
	CHECK_EQ(adjust(&timex), TIME_ERROR);
	CHECK_EQ(timex.constant, 0);
	timex = (struct abi_timex){ .modes = ADJ_TIMECONST, .constant = 5 };
	CHECK_EQ(adjust(&timex), TIME_ERROR);
	CHECK_EQ(timex.constant, 9);
	restore();
}

SYSTEST(adjtimex_steps_the_clock)
{
	struct abi_timex timex = { .modes = ADJ_SETOFFSET, .time = { 1000, 500000 } };
	uint64_t before = clock_realtime_ns(), after;

	CHECK_EQ(adjust(&timex), TIME_ERROR);
	after = clock_realtime_ns();
	timex = (struct abi_timex){ .modes = ADJ_SETOFFSET | ADJ_NANO, .time = { -1001, 500000000 } };
	CHECK_EQ(adjust(&timex), TIME_ERROR);
	restore();
	CHECK(after - before >= 1000 * NSEC_PER_SEC + NSEC_PER_SEC / 2);
	CHECK(after - before < 1060 * NSEC_PER_SEC);
	CHECK(clock_realtime_ns() - before < 60 * NSEC_PER_SEC);
	timex = (struct abi_timex){ .modes = ADJ_SETOFFSET, .time = { INT64_MIN, 0 } };
	CHECK_ERR(adjust(&timex), EINVAL);
	timex.time.sec = -(int64_t)(clock_realtime_ns() / NSEC_PER_SEC) - 5;
	CHECK_ERR(adjust(&timex), EINVAL);
}

SYSTEST(adjtimex_sets_atomic_time)
{
	struct abi_timex timex = { .modes = ADJ_TAI, .constant = 37 };
	struct abi_timespec now;

	CHECK_EQ(adjust(&timex), TIME_ERROR);
	CHECK_EQ(timex.tai, 37);
	CHECK_EQ(sys(SYS_clock_gettime, CLOCK_TAI, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &now);
	CHECK(now.sec >= timex.time.sec + 37 && now.sec < timex.time.sec + 97);
	timex.constant = -1;
	CHECK_EQ(adjust(&timex), TIME_ERROR);
	CHECK_EQ(timex.tai, 37);
	restore();
}

/* Each must be refused, by either call. */
static void refuse(struct abi_timex timex, int error)
{
	CHECK_ERR(adjust(&timex), error);
	CHECK_ERR(sys(SYS_clock_adjtime, CLOCK_REALTIME, SYSTEST_MEM), error);
}

SYSTEST(adjtimex_refuses)
{
	refuse((struct abi_timex){ .modes = 0x8000 }, EINVAL);
	refuse((struct abi_timex){ .modes = ADJ_TICK, .tick = 8999 }, EINVAL);
	refuse((struct abi_timex){ .modes = ADJ_TICK, .tick = 11001 }, EINVAL);
	refuse((struct abi_timex){ .modes = ADJ_FREQUENCY, .freq = INT64_MAX }, EINVAL);
	refuse((struct abi_timex){ .modes = ADJ_SETOFFSET, .time = { 0, -1 } }, EINVAL);
	refuse((struct abi_timex){ .modes = ADJ_SETOFFSET, .time = { 0, 1000000 } }, EINVAL);
	refuse((struct abi_timex){ .modes = ADJ_TICK, .tick = 10001 }, EOPNOTSUPP);
	refuse((struct abi_timex){ .modes = ADJ_FREQUENCY, .freq = 1 }, EOPNOTSUPP);
	refuse((struct abi_timex){ .modes = ADJ_STATUS, .status = 1 /* STA_PLL */ }, EOPNOTSUPP);
	refuse((struct abi_timex){ .modes = ADJ_OFFSET_SINGLESHOT, .offset = 1 }, EOPNOTSUPP);
	CHECK_ERR(sys(SYS_adjtimex, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_adjtimex, SYSTEST_READONLY), EFAULT);
	CHECK_ERR(sys(SYS_clock_adjtime, CLOCK_REALTIME, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_clock_adjtime, NO_CLOCK, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_clock_adjtime, CLOCK_MONOTONIC, SYSTEST_MEM), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_clock_adjtime, -6, SYSTEST_MEM), EOPNOTSUPP);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	refuse((struct abi_timex){ .modes = ADJ_MICRO }, EPERM);
	refuse((struct abi_timex){ .modes = ADJ_OFFSET_SINGLESHOT }, EPERM);
	refuse((struct abi_timex){ .modes = ADJ_OFFSET_SS_READ | ADJ_SETOFFSET }, EPERM);
	CHECK_EQ(sys(SYS_clock_adjtime, CLOCK_REALTIME, systest_value(0, &(struct abi_timex){ 0 })), TIME_ERROR);
}
