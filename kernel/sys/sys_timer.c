/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls around timers that send signals: alarm, setitimer, timer_create.
 */
#include <kernel/time.h>

#include "signal_internal.h"

/* ---- alarm, getitimer, setitimer ---- */

static void exchange(struct signal_timer *timer, const uint64_t new[2], uint64_t old[2])
{
	struct signals *signals = timer->signals;
	unsigned long flags;

	/* Not under the lock, which the timer takes when it fires. */
	if (new)
		timer_cancel(&timer->timer);
	flags = spin_lock(&signals->lock);
	old[0] = signal_timer_left(timer);
	old[1] = timer->interval_ns;
	if (new)
		signal_timer_set(timer, new[0] ? signal_timer_after(timer, new[0]) : 0, new[1]);
	spin_unlock(&signals->lock, flags);
}

/* The time that was left, in seconds, rounded so that a running alarm never looks like none. */
SYSCALL(alarm, unsigned seconds)
{
	const uint64_t new[2] = { seconds * NSEC_PER_SEC, 0 };
	uint64_t old[2], left;

	exchange(&signals_current()->itimers[ITIMER_REAL], new, old);
	left = (old[0] + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
	return (long)(old[0] && !left ? 1 : left);
}

static long write_itimer(user_ptr_t to, const uint64_t times[2])
{
	const struct abi_itimerval value = { time_to_timeval(times[1]), time_to_timeval(times[0]) };

	return user_write(to, &value);
}

SYSCALL(getitimer, int which, user_ptr_t value)
{
	uint64_t now[2];

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	exchange(&signals_current()->itimers[which], NULL, now);
	return write_itimer(value, now);
}

SYSCALL(setitimer, int which, user_ptr_t new, user_ptr_t old)
{
	struct abi_itimerval value = { 0 };
	uint64_t times[2] = { 0 }, before[2];

	if (new && user_read(&value, new))
		return -EFAULT;
	if (time_from_timeval(&value.value, &times[0]) || time_from_timeval(&value.interval, &times[1]))
		return -EINVAL;
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	exchange(&signals_current()->itimers[which], times, before);
	return old ? write_itimer(old, before) : 0;
}

/* ---- timer_create and what goes with it ---- */

static struct signal_timer *timer_find(int id)
{
	struct signals *signals = signals_current();

	if (id < 0 || id >= SIGNAL_TIMERS || !signals->timers[id].used)
		return NULL;
	return &signals->timers[id];
}

static int free_id(const struct signals *signals)
{
	for (int i = 0; i < SIGNAL_TIMERS; i++)
		if (!signals->timers[i].used)
			return i;
	return -EAGAIN;
}

static long check_event(const struct abi_sigevent *event)
{
	int notify = event->notify & ~SIGEV_THREAD_ID;

	if (notify != SIGEV_SIGNAL && notify != SIGEV_NONE && notify != SIGEV_THREAD)
		return -EINVAL;
	if ((event->notify & SIGEV_THREAD_ID) && (notify != SIGEV_SIGNAL || event->tid != process_current()->pid))
		return -EINVAL;
	if (notify != SIGEV_NONE && (event->signo < 1 || event->signo > SIGRTMAX))
		return -EINVAL;
	return 0;
}

static bool clock_has_timers(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return true;
	default:
		return false;
	}
}

SYSCALL(timer_create, int clock, user_ptr_t event, user_ptr_t id)
{
	struct signals *signals = signals_current();
	struct abi_sigevent wanted = { .signo = SIGALRM, .notify = SIGEV_SIGNAL };
	struct signal_timer *timer;
	uint64_t now;
	int number;

	if (event && user_read(&wanted, event))
		return -EFAULT;
	if (!clock_has_timers(clock))
		return time_clock_read(clock, &now) ? -EINVAL : -EOPNOTSUPP;
	if (check_event(&wanted))
		return -EINVAL;
	number = free_id(signals);
	if (number < 0)
		return number;
	if (user_write(id, &number))
		return -EFAULT;
	timer = &signals->timers[number];
	signal_timer_init(signals, timer, clock, wanted.signo);
	timer->id = number;
	timer->notify = wanted.notify & ~SIGEV_THREAD_ID;
	timer->value = event ? wanted.value : (uint64_t)number;
	return 0;
}

static long write_itimerspec(user_ptr_t to, const uint64_t times[2])
{
	const struct abi_itimerspec value = { time_to_timespec(times[1]), time_to_timespec(times[0]) };

	return user_write(to, &value);
}

SYSCALL(timer_gettime, int id, user_ptr_t value)
{
	struct signal_timer *timer = timer_find(id);
	uint64_t now[2];

	if (!timer)
		return -EINVAL;
	exchange(timer, NULL, now);
	return write_itimerspec(value, now);
}

SYSCALL(timer_settime, int id, int flags, user_ptr_t new, user_ptr_t old)
{
	struct signal_timer *timer = timer_find(id);
	struct abi_itimerspec value;
	uint64_t times[2], before[2], now;

	if (!new)
		return -EINVAL;
	if (user_read(&value, new))
		return -EFAULT;
	if (time_from_timespec(&value.value, &times[0]) || time_from_timespec(&value.interval, &times[1]))
		return -EINVAL;
	if (!timer)
		return -EINVAL;
	if ((flags & TIMER_ABSTIME) && times[0]) {
		time_clock_read(timer->clock, &now);
		times[0] = times[0] > now ? times[0] - now : 1;
	}
	exchange(timer, times, before);
	return old ? write_itimerspec(old, before) : 0;
}

SYSCALL(timer_getoverrun, int id)
{
	struct signal_timer *timer = timer_find(id);

	return timer ? timer->overrun : -EINVAL;
}

SYSCALL(timer_delete, int id)
{
	struct signal_timer *timer = timer_find(id);
	const uint64_t off[2] = { 0 };
	uint64_t before[2];
	unsigned long flags;

	if (!timer)
		return -EINVAL;
	exchange(timer, off, before);
	flags = spin_lock(&timer->signals->lock);
	signal_timer_forget(timer);
	timer->used = false;
	spin_unlock(&timer->signals->lock, flags);
	return 0;
}
