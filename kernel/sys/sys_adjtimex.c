/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * adjtimex and clock_adjtime: the state of a clock that nothing disciplines. It can be read and stepped, and keeps what
 * others are to be told of it. It runs at its own rate: what would make it faster or slower for a while, phase-locked
 * loops and leap seconds are refused (-EOPNOTSUPP), and not only kept as if they acted.
 */
#include <kernel/abi/timex.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/mutex.h>
#include <kernel/time.h>

#include "sys_internal.h"

#define ADJTIME (ADJ_OFFSET_SINGLESHOT & ~ADJ_OFFSET)
#define SINGLESHOT ADJ_OFFSET /* beside ADJTIME */
#define READONLY ADJ_NANO     /* likewise */

#define ERROR_LIMIT_US 16000000
#define ERROR_US_PER_SEC 500 /* how far a clock may drift */
#define TICK_US 10000
#define TICK_MIN 9000
#define TICK_MAX 11000
#define PPM_SCALE 65536000	     /* of frequencies: 1000 << 16 */
#define TOLERANCE (INT64_C(500) << 16) /* parts per million, with 16 bits of fraction */
#define CONSTANT_MAX 10
#define CONSTANT_BASE 4 /* more, when the clock counts microseconds */
#define TAI_MAX 100000

/* Those which nothing here could act upon are not among them. */
#define STATUS_KNOWN (STA_UNSYNC | STA_FREQHOLD | STA_RONLY)

static struct clock_state {
	unsigned status;
	int64_t maxerror, esterror, constant;
	uint64_t maxerror_at_ns; /* when it was that */
	unsigned tai;		 /* seconds */
} state = { .status = STA_UNSYNC, .maxerror = ERROR_LIMIT_US, .esterror = ERROR_LIMIT_US, .constant = 2 };

static struct mutex lock = MUTEX_INIT(lock);

uint64_t clock_tai_offset_ns(void)
{
	return atomic_load(&state.tai) * NSEC_PER_SEC;
}

/* The error grows for as long as nobody says how large it is, until it could be any. */
static void grow_error(void)
{
	uint64_t now = clock_ns(), seconds = (now - state.maxerror_at_ns) / NSEC_PER_SEC;

	state.maxerror_at_ns += seconds * NSEC_PER_SEC;
	if (state.maxerror + (int64_t)min(seconds, ERROR_LIMIT_US) * ERROR_US_PER_SEC <= ERROR_LIMIT_US) {
		state.maxerror += (int64_t)seconds * ERROR_US_PER_SEC;
	} else if (seconds) {
		state.maxerror = ERROR_LIMIT_US;
		state.status |= STA_UNSYNC;
	}
}

/* ---- what is asked for ---- */

static long check_rights(const struct abi_timex *timex)
{
	bool reads = timex->modes & ADJTIME ? timex->modes & READONLY : !timex->modes;

	return reads || process_capable(CAP_SYS_TIME) ? 0 : -EPERM;
}

static long check_step(const struct abi_timex *timex)
{
	int64_t limit = timex->modes & ADJ_NANO ? (int64_t)NSEC_PER_SEC : 1000000;

	if (!process_capable(CAP_SYS_TIME))
		return -EPERM;
	return timex->time.usec < 0 || timex->time.usec >= limit ? -EINVAL : 0;
}

static long check_values(const struct abi_timex *timex)
{
	unsigned modes = timex->modes;
	long err;

	if ((modes & ADJTIME) && !(modes & SINGLESHOT))
		return -EINVAL;
	err = check_rights(timex);
	if (err)
		return err;
	if (!(modes & ADJTIME) && (modes & ADJ_TICK) && (timex->tick < TICK_MIN || timex->tick > TICK_MAX))
		return -EINVAL;
	if (modes & ADJ_SETOFFSET)
		err = check_step(timex);
	if (!err && (modes & ADJ_FREQUENCY) &&
	    (timex->freq > INT64_MAX / PPM_SCALE || timex->freq < INT64_MIN / PPM_SCALE))
		err = -EINVAL;
	return err;
}

/* Without a phase-locked loop ADJ_OFFSET does nothing on Linux either. */
static long check_means(const struct abi_timex *timex)
{
	unsigned modes = timex->modes;

	if (modes & ADJTIME)
		return !(modes & READONLY) && timex->offset ? -EOPNOTSUPP : 0;
	if ((modes & ADJ_STATUS) && ((unsigned)timex->status & ~STATUS_KNOWN))
		return -EOPNOTSUPP;
	if ((modes & ADJ_FREQUENCY) && timex->freq)
		return -EOPNOTSUPP;
	return (modes & ADJ_TICK) && timex->tick != TICK_US ? -EOPNOTSUPP : 0;
}

/* ---- doing it ---- */

static long step(const struct abi_timex *timex)
{
	int64_t ns = timex->time.usec * (timex->modes & ADJ_NANO ? 1 : (int64_t)NSEC_PER_USEC), now;

	if (__builtin_mul_overflow(timex->time.sec, (int64_t)NSEC_PER_SEC, &now) ||
	    __builtin_add_overflow(now, ns, &now) || __builtin_add_overflow(now, (int64_t)clock_realtime_ns(), &now) ||
	    now < 0)
		return -EINVAL;
	return clock_set_checked((uint64_t)now);
}

static void set_constant(int64_t constant)
{
	int64_t base = state.status & STA_NANO ? 0 : CONSTANT_BASE;

	state.constant = min(min(max(constant, -base), CONSTANT_MAX) + base, CONSTANT_MAX);
}

static void set_state(const struct abi_timex *timex)
{
	unsigned modes = timex->modes;

	if (modes & ADJ_STATUS)
		state.status = (state.status & STA_RONLY) | ((unsigned)timex->status & ~STA_RONLY);
	if (modes & ADJ_NANO)
		state.status |= STA_NANO;
	if (modes & ADJ_MICRO)
		state.status &= ~STA_NANO;
	if (modes & ADJ_MAXERROR) {
		state.maxerror = min(max(timex->maxerror, 0), ERROR_LIMIT_US);
		state.maxerror_at_ns = clock_ns();
	}
	if (modes & ADJ_ESTERROR)
		state.esterror = min(max(timex->esterror, 0), ERROR_LIMIT_US);
	if (modes & ADJ_TIMECONST)
		set_constant(timex->constant);
	if ((modes & ADJ_TAI) && timex->constant >= 0 && timex->constant <= TAI_MAX)
		atomic_store(&state.tai, (unsigned)timex->constant);
}

static void tell(struct abi_timex *timex)
{
	struct abi_timespec now = time_to_timespec(clock_realtime_ns());

	*timex = (struct abi_timex){
		.modes = timex->modes,
		.maxerror = state.maxerror,
		.esterror = state.esterror,
		.status = (int32_t)state.status,
		.constant = state.constant,
		.precision = 1,
		.tolerance = TOLERANCE,
		.time = { now.sec, state.status & STA_NANO ? now.nsec : now.nsec / (int64_t)NSEC_PER_USEC },
		.tick = TICK_US,
		.tai = (int32_t)state.tai,
	};
}

static long adjust(struct abi_timex *timex)
{
	long err = check_values(timex);

	if (!err)
		err = check_means(timex);
	if (!err && (timex->modes & ADJ_SETOFFSET))
		err = step(timex);
	if (err)
		return err;
	mutex_lock(&lock);
	grow_error();
	if (!(timex->modes & ADJTIME))
		set_state(timex);
	tell(timex);
	mutex_unlock(&lock);
	return timex->status & (int32_t)(STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : TIME_OK;
}

static long adjust_for(user_ptr_t buf, const struct abi_timex *given)
{
	struct abi_timex timex = *given;
	long result = adjust(&timex);

	return result >= 0 && user_write(buf, &timex) ? -EFAULT : result;
}

SYSCALL(adjtimex, user_ptr_t buf)
{
	struct abi_timex timex;

	return user_read(&timex, buf) ? -EFAULT : adjust_for(buf, &timex);
}

SYSCALL(clock_adjtime, int clock, user_ptr_t buf)
{
	struct abi_timex timex;
	uint64_t now;

	if (user_read(&timex, buf))
		return -EFAULT;
	if (clock >= 0 && time_clock_read(clock, &now))
		return -EINVAL;
	return clock == CLOCK_REALTIME ? adjust_for(buf, &timex) : -EOPNOTSUPP;
}
