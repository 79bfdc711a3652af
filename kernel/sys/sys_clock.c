/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks: reading, setting, and sleeping by them.
 */
#include <kernel/clock.h>
#include <kernel/thread.h>
#include <kernel/time.h>
#include <kernel/timerfd.h>

#include "sys_internal.h"
#include "task.h"

#define RESOLUTION_NS 1
#define RESOLUTION_COARSE_NS (4 * NSEC_PER_MSEC)

uint64_t time_cpu_ns(void)
{
	return process_cpu_ns(process_current());
}

int time_clock_read(int clock, uint64_t *now_ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
		*now_ns = clock_realtime_ns();
		return 0;
	case CLOCK_TAI:
		*now_ns = clock_realtime_ns() + clock_tai_offset_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*now_ns = clock_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*now_ns = time_cpu_ns();
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*now_ns = thread_cpu_ns(thread_current()) - task_current()->cpu_entered_ns;
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- reading ---- */

/*
 * The clocks that pthread_getcpuclockid(3) and clock_getcpuclockid(3) make of a number: negative, the kind in the
 * lowest bits (Linux, include/linux/posix-timers_types.h).
 */
#define CPU_CLOCK_THREAD 4
#define CPU_CLOCK_KIND 3
#define CPU_CLOCK_KINDS 3
#define CPU_CLOCK_ID(clock) (~((clock) >> 3))

static int cpu_clock_read(int clock, uint64_t *now_ns)
{
	int id = CPU_CLOCK_ID(clock), tid = clock & CPU_CLOCK_THREAD ? (id ? id : process_tid()) : 0;
	struct process *process = tid || !id ? process_get(process_current()) : process_find(id);
	struct process_info info;
	int err;

	if ((clock & CPU_CLOCK_KIND) >= CPU_CLOCK_KINDS || !process) {
		if (process)
			process_put(process);
		return -EINVAL;
	}
	err = process_info(process, tid, &info);
	*now_ns = info.cpu_ns;
	process_put(process);
	return err ? -EINVAL : 0;
}

static int read_clock(int clock, uint64_t *now_ns)
{
	return clock < 0 ? cpu_clock_read(clock, now_ns) : time_clock_read(clock, now_ns);
}

SYSCALL(clock_gettime, int clock, user_ptr_t time)
{
	struct abi_timespec spec;
	uint64_t now;

	if (read_clock(clock, &now))
		return -EINVAL;
	spec = time_to_timespec(now);
	return user_write(time, &spec);
}

SYSCALL(clock_getres, int clock, user_ptr_t resolution)
{
	bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
	const struct abi_timespec spec = { 0, coarse ? RESOLUTION_COARSE_NS : RESOLUTION_NS };
	uint64_t now;

	if (read_clock(clock, &now))
		return -EINVAL;
	return resolution ? user_write(resolution, &spec) : 0;
}

SYSCALL(time, user_ptr_t time)
{
	int64_t now = (int64_t)(clock_realtime_ns() / NSEC_PER_SEC);

	if (time && user_write(time, &now))
		return -EFAULT;
	return now;
}

struct abi_timezone {
	int32_t minuteswest, dsttime;
};

static struct abi_timezone timezone;

SYSCALL(gettimeofday, user_ptr_t tv, user_ptr_t tz)
{
	struct abi_timeval now = time_to_timeval(clock_realtime_ns());

	if (tv && user_write(tv, &now))
		return -EFAULT;
	if (tz && user_write(tz, &timezone))
		return -EFAULT;
	return 0;
}

/* ---- setting ---- */

long clock_set_checked(uint64_t now)
{
	if (!process_capable(CAP_SYS_TIME))
		return -EPERM;
	/* The time of day cannot be before boot's own clock: Linux's rule since 4.3. */
	if (now < clock_ns())
		return -EINVAL;
	clock_realtime_set(now);
	timerfd_clock_was_set();
	return 0;
}

SYSCALL(clock_settime, int clock, user_ptr_t time)
{
	struct abi_timespec spec;
	uint64_t now;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (user_read(&spec, time))
		return -EFAULT;
	if (time_from_timespec(&spec, &now))
		return -EINVAL;
	return clock_set_checked(now);
}

SYSCALL(settimeofday, user_ptr_t tv, user_ptr_t tz)
{
	struct abi_timeval time = { 0 };
	struct abi_timezone zone = { 0 };
	uint64_t now;

	if (tv && user_read(&time, tv))
		return -EFAULT;
	if (tv && time_from_timeval(&time, &now))
		return -EINVAL;
	if (tz && user_read(&zone, tz))
		return -EFAULT;
	if (!process_capable(CAP_SYS_TIME))
		return -EPERM;
	if (tz && (zone.minuteswest > 15 * 60 || zone.minuteswest < -15 * 60))
		return -EINVAL;
	if (tz)
		timezone = zone;
	return tv ? clock_set_checked(now) : 0;
}

/* ---- sleeping ---- */

static long write_remaining(user_ptr_t remaining, uint64_t deadline_ns)
{
	uint64_t now = clock_ns();
	struct abi_timespec left = time_to_timespec(deadline_ns > now ? deadline_ns - now : 0);

	if (remaining && user_write(remaining, &left))
		return -EFAULT;
	return -EINTR;
}

static long sleep_for(uint64_t ns, user_ptr_t remaining)
{
	uint64_t deadline_ns = time_add(clock_ns(), ns);

	return clock_sleep_until(deadline_ns) ? write_remaining(remaining, deadline_ns) : 0;
}

/* Until the clock shows a time. The clock may be set meanwhile: the sleep then ends when it was to end before. */
static long sleep_till(int clock, uint64_t time_ns)
{
	uint64_t now;

	if (time_clock_read(clock, &now))
		return -EINVAL;
	if (time_ns <= now)
		return 0;
	return clock_sleep_until(time_add(clock_ns(), time_ns - now));
}

SYSCALL(nanosleep, user_ptr_t time, user_ptr_t remaining)
{
	struct abi_timespec spec;
	uint64_t ns;

	if (user_read(&spec, time))
		return -EFAULT;
	if (time_from_timespec(&spec, &ns))
		return -EINVAL;
	return sleep_for(ns, remaining);
}

SYSCALL(clock_nanosleep, int clock, int flags, user_ptr_t time, user_ptr_t remaining)
{
	struct abi_timespec spec;
	uint64_t ns, now;

	if (time_clock_read(clock, &now) || clock == CLOCK_THREAD_CPUTIME_ID)
		return -EINVAL;
	/* A clock that does not run while we sleep, or has no wake-ups. */
	if (clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE ||
	    clock == CLOCK_PROCESS_CPUTIME_ID)
		return -EOPNOTSUPP;
	if (user_read(&spec, time))
		return -EFAULT;
	if (time_from_timespec(&spec, &ns))
		return -EINVAL;
	return flags & TIMER_ABSTIME ? sleep_till(clock, ns) : sleep_for(ns, remaining);
}
