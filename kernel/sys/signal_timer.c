/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers that send signals: setitimer, alarm and timer_create. A timer whose signal waits is not armed; it catches up
 * when the signal is taken (that is what "overrun" counts), so that a short interval cannot keep the kernel busy.
 */
#include <kernel/thread.h>
#include <kernel/time.h>

#include "signal_internal.h"

/* How often at most a timer fires whose signal is ignored. */
#define IGNORED_INTERVAL_NS (10 * NSEC_PER_MSEC)

static uint64_t timer_clock_now(const struct signal_timer *timer)
{
	if (timer->cpu_time)
		return process_cpu_ns(timer->signals->process);
	return clock_ns() + timer->clock_offset_ns;
}

/* CPU time passes at most as fast as real time: the earliest moment at which the timer can be due. */
static uint64_t deadline_of(const struct signal_timer *timer, uint64_t now)
{
	uint64_t left = timer->expiry_ns > now ? timer->expiry_ns - now : 0;

	return time_add(clock_ns(), left);
}

static void arm(struct signal_timer *timer)
{
	timer->armed = true;
	if (timer->notify != SIGEV_NONE)
		timer_arm(&timer->timer, deadline_of(timer, timer_clock_now(timer)));
}

/* Moves the expiry past now by whole intervals; returns how many expiries were passed over. */
static uint64_t forward(struct signal_timer *timer, uint64_t now)
{
	uint64_t missed;

	if (timer->expiry_ns > now)
		return 0;
	missed = (now - timer->expiry_ns) / timer->interval_ns;
	timer->expiry_ns = time_add(timer->expiry_ns, (missed + 1) * timer->interval_ns);
	return missed;
}

static void send(struct signal_timer *timer)
{
	struct signals *signals = timer->signals;
	struct signal_queued queued = { .signo = timer->signo, .code = SI_TIMER, .timer = timer };

	if (timer->id < 0) {
		queued.code = SI_KERNEL;
	} else {
		queued.data[0] = (uint32_t)timer->id;
		queued.data[1] = timer->value;
	}
	signal_queue(signals, NULL, &queued);
	signals_update(signals);
}

/* The timer's interrupt; interrupts are off. */
static void fire(struct timer *expired)
{
	struct signal_timer *timer = container_of(expired, struct signal_timer, timer);
	struct signals *signals = timer->signals;
	unsigned long flags = spin_lock(&signals->lock);
	bool due = timer->armed && timer_clock_now(timer) >= timer->expiry_ns;

	if (timer->armed && !due) {
		arm(timer); /* a CPU clock that has not come so far */
	} else if (due) {
		timer->armed = false;
		send(timer);
	}
	spin_unlock(&signals->lock, flags);
	if (due) {
		wake_all(&signals->arrivals);
		signalfd_tell();
	}
}

void signal_timer_taken(struct signal_timer *timer, bool dropped)
{
	uint64_t now = timer_clock_now(timer), missed;

	if (!timer->used || timer->armed)
		return;
	timer->overrun = 0;
	if (!timer->interval_ns) {
		timer->expiry_ns = 0;
		return;
	}
	missed = forward(timer, now);
	timer->overrun = (int)min(missed, (uint64_t)INT32_MAX);
	timer->armed = true;
	if (dropped)
		timer_arm(&timer->timer, max(deadline_of(timer, now), time_add(clock_ns(), IGNORED_INTERVAL_NS)));
	else
		timer_arm(&timer->timer, deadline_of(timer, now));
}

void signal_timer_set(struct signal_timer *timer, uint64_t expiry_ns, uint64_t interval_ns)
{
	timer->armed = false;
	timer->expiry_ns = expiry_ns;
	timer->interval_ns = interval_ns;
	timer->overrun = 0;
	if (expiry_ns)
		arm(timer);
}

uint64_t signal_timer_after(const struct signal_timer *timer, uint64_t ns)
{
	return time_add(timer_clock_now(timer), ns);
}

void signal_timer_forget(struct signal_timer *timer)
{
	struct signal_pending *pending = &timer->signals->pending;

	for (unsigned i = 0; i < pending->len; i++)
		if (pending->queue[i].timer == timer)
			pending->queue[i].timer = NULL;
}

uint64_t signal_timer_left(struct signal_timer *timer)
{
	uint64_t now = timer_clock_now(timer), expiry = timer->expiry_ns;

	if (!expiry || (!timer->interval_ns && !timer->armed))
		return 0;
	if (expiry <= now) {
		if (!timer->interval_ns)
			return timer->notify == SIGEV_NONE ? 0 : 1;
		expiry = time_add(expiry, ((now - expiry) / timer->interval_ns + 1) * timer->interval_ns);
	}
	return max(expiry - now, (uint64_t)1);
}

void signal_timer_init(struct signals *signals, struct signal_timer *timer, int clock, int signo)
{
	uint64_t now = 0;

	*timer = (struct signal_timer){ .used = true, .clock = clock, .id = -1, .signo = signo, .signals = signals };
	timer->cpu_time = clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
	if (!timer->cpu_time && !time_clock_read(clock, &now))
		timer->clock_offset_ns = now - clock_ns();
	timer_init(&timer->timer, fire);
}

static void stop(struct signal_timer *timer)
{
	if (!timer->used)
		return;
	timer->used = timer->armed = false;
	timer_cancel(&timer->timer);
}

void signal_timers_delete(struct signals *signals)
{
	for (unsigned i = 0; i < array_size(signals->timers); i++) {
		unsigned long flags;

		stop(&signals->timers[i]);
		flags = spin_lock(&signals->lock);
		if (signals->timers[i].signals)
			signal_timer_forget(&signals->timers[i]);
		spin_unlock(&signals->lock, flags);
	}
}

void signal_timers_stop(struct signals *signals)
{
	for (unsigned i = 0; i < array_size(signals->itimers); i++)
		stop(&signals->itimers[i]);
	for (unsigned i = 0; i < array_size(signals->timers); i++)
		stop(&signals->timers[i]);
}
