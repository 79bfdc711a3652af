/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers that send signals: alarm, interval timers, timer_create.
 */
#include <kernel/abi/time.h>
#include <kernel/clock.h>
#include <kernel/signal.h>
#include <kernel/systest.h>

#define SET 8
#define HANDLER 0x400000

static user_ptr_t times(int64_t interval_sec, int64_t interval_part, int64_t sec, int64_t part)
{
	return systest_put(0, (int64_t[4]){ interval_sec, interval_part, sec, part }, 32);
}

static void handle(int signo)
{
	const struct abi_sigaction action = { .handler = HANDLER };

	sys(SYS_rt_sigaction, signo, systest_value(900, &action), 0, SET);
}

/* Blocks it until wait_for_signal(), so that it cannot come before the wait however slow the machine is. */
static void handle_in_wait(int signo)
{
	uint64_t set = SIGNAL_BIT(signo);

	handle(signo);
	sys(SYS_rt_sigprocmask, SIG_BLOCK, systest_value(512, &set), 0, SET);
}

static long wait_for_signal(void)
{
	uint64_t none = 0;

	return sys(SYS_rt_sigsuspend, systest_value(512, &none), SET);
}

static uint64_t event_count(void)
{
	struct signal_events now;

	signal_events(&now);
	return now.count;
}

SYSTEST(alarm_tells_what_was_left)
{
	CHECK_EQ(sys(SYS_alarm, 100), 0);
	CHECK_EQ(sys(SYS_alarm, 0), 100);
	CHECK_EQ(sys(SYS_alarm, 0), 0);
}

SYSTEST(itimer_counts_down)
{
	struct abi_itimerval now;

	CHECK_EQ(sys(SYS_setitimer, ITIMER_REAL, times(3, 0, 50, 500000), 0), 0);
	CHECK_EQ(sys(SYS_getitimer, ITIMER_REAL, SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &now);
	CHECK(now.value.sec == 50 || now.value.sec == 49);
	CHECK_EQ(now.interval.sec, 3);
	CHECK_EQ(sys(SYS_setitimer, ITIMER_REAL, 0, SYSTEST_MEM + 64), 0);
	CHECK_EQ(sys(SYS_getitimer, ITIMER_REAL, SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &now);
	CHECK_EQ(now.value.sec, 0);
	CHECK_EQ(now.value.usec, 0);
	CHECK_EQ(sys(SYS_getitimer, ITIMER_VIRTUAL, SYSTEST_MEM + 64), 0);
	CHECK_EQ(sys(SYS_setitimer, ITIMER_PROF, times(0, 0, 1000, 0), 0), 0);
}

SYSTEST(itimer_errors)
{
	CHECK_ERR(sys(SYS_getitimer, 3, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_getitimer, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_setitimer, 3, times(0, 0, 0, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_setitimer, 0, times(0, 1000000, 0, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_setitimer, 0, times(0, 0, -1, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_setitimer, 0, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_setitimer, 0, times(0, 0, 0, 0), SYSTEST_BAD), EFAULT);
}

SYSTEST(itimer_repeats)
{
	handle_in_wait(SIGALRM);
	CHECK_EQ(sys(SYS_setitimer, ITIMER_REAL, times(0, 1000, 0, 1000), 0), 0);
	CHECK_ERR(wait_for_signal(), EINTR);
	CHECK_ERR(wait_for_signal(), EINTR);
	CHECK(event_count() >= 2);
	CHECK_EQ(sys(SYS_setitimer, ITIMER_REAL, 0, 0), 0);
}

static user_ptr_t event(int notify, int signo, uint64_t value)
{
	struct abi_sigevent e = { .value = value, .signo = signo, .notify = notify, .tid = process_current()->pid };

	return systest_value(128, &e);
}

static long create(int clock, user_ptr_t e)
{
	int id = -1;
	long err = sys(SYS_timer_create, clock, e, SYSTEST_MEM + 256);

	systest_read(SYSTEST_MEM + 256, &id);
	return err ? err : id;
}

SYSTEST(timer_sends_its_value)
{
	struct abi_siginfo info;
	uint64_t set = SIGNAL_BIT(SIGRTMIN);
	long id = create(CLOCK_MONOTONIC, event(SIGEV_SIGNAL, SIGRTMIN, 77));

	CHECK(id >= 0);
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, systest_value(512, &set), 0, SET), 0);
	CHECK_EQ(sys(SYS_timer_settime, id, 0, times(0, 0, 0, 1000), 0), 0);
	CHECK_EQ(sys(SYS_rt_sigtimedwait, systest_value(512, &set), SYSTEST_MEM + 600, 0, SET), SIGRTMIN);
	systest_read(SYSTEST_MEM + 600, &info);
	CHECK_EQ(info.code, SI_TIMER);
	CHECK_EQ(info.timer_id, id);
	CHECK_EQ(info.timer_value, 77);
	CHECK_EQ(sys(SYS_timer_gettime, id, SYSTEST_MEM + 64), 0);
	CHECK_MEM(SYSTEST_MEM + 64, ((uint64_t[4]){ 0 }), 32);
	CHECK_EQ(sys(SYS_timer_delete, id), 0);
	CHECK_ERR(sys(SYS_timer_delete, id), EINVAL);
}

SYSTEST(timer_counts_overruns)
{
	uint64_t set = SIGNAL_BIT(SIGUSR1), until;
	long id = create(CLOCK_MONOTONIC, event(SIGEV_SIGNAL, SIGUSR1, 0));

	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, systest_value(512, &set), 0, SET), 0);
	CHECK_EQ(sys(SYS_timer_settime, id, 0, times(0, 1000000, 0, 1000), 0), 0);
	until = clock_ns() + 5 * NSEC_PER_MSEC;
	CHECK_EQ(sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
		     systest_put(700, (int64_t[2]){ (int64_t)(until / NSEC_PER_SEC), (int64_t)(until % NSEC_PER_SEC) },
				 16),
		     0),
		 0);
	CHECK_EQ(sys(SYS_rt_sigtimedwait, systest_value(512, &set), 0, 0, SET), SIGUSR1);
	CHECK(sys(SYS_timer_getoverrun, id) >= 3);
	CHECK_EQ(sys(SYS_timer_delete, id), 0);
}

SYSTEST(timer_without_a_signal_counts_down)
{
	struct abi_itimerspec now;
	long id = create(CLOCK_REALTIME, event(SIGEV_NONE, 0, 0));

	CHECK_EQ(sys(SYS_timer_settime, id, 0, times(0, 0, 100, 0), 0), 0);
	CHECK_EQ(sys(SYS_timer_settime, id, TIMER_ABSTIME, times(0, 0, 1, 0), SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &now);
	CHECK(now.value.sec >= 99 && now.value.sec <= 100);
	CHECK_EQ(sys(SYS_timer_getoverrun, id), 0);
}

SYSTEST(timer_create_defaults_to_sigalrm)
{
	handle_in_wait(SIGALRM);
	CHECK_EQ(create(CLOCK_BOOTTIME, 0), 0);
	CHECK_EQ(create(CLOCK_PROCESS_CPUTIME_ID, 0), 1);
	CHECK_EQ(sys(SYS_timer_settime, 0, 0, times(0, 0, 0, 1000), 0), 0);
	CHECK_ERR(wait_for_signal(), EINTR);
	CHECK_EQ(event_count(), 1);
}

SYSTEST(timer_create_errors)
{
	long id = 0;

	CHECK_ERR(create(99, 0), EINVAL);
	CHECK_ERR(create(CLOCK_MONOTONIC_RAW, 0), EOPNOTSUPP);
	CHECK_ERR(create(CLOCK_MONOTONIC, event(9, SIGUSR1, 0)), EINVAL);
	CHECK_ERR(create(CLOCK_MONOTONIC, event(SIGEV_SIGNAL, 65, 0)), EINVAL);
	CHECK_ERR(create(CLOCK_MONOTONIC, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_timer_create, CLOCK_MONOTONIC, 0, SYSTEST_BAD), EFAULT);
	for (int i = 0; i < 100 && id >= 0; i++)
		id = create(CLOCK_MONOTONIC, 0);
	CHECK_ERR(id, EAGAIN);
}

SYSTEST(timer_calls_errors)
{
	CHECK_EQ(create(CLOCK_MONOTONIC, 0), 0);
	CHECK_ERR(sys(SYS_timer_settime, 5, 0, times(0, 0, 1, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_timer_settime, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_timer_settime, 0, 0, times(0, 0, 0, 1000000000), 0), EINVAL);
	CHECK_ERR(sys(SYS_timer_settime, 0, 0, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_timer_settime, 0, 0, times(0, 0, 0, 0), SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_timer_gettime, -1, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_timer_gettime, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_timer_getoverrun, 33), EINVAL);
}

/* However many signals wait, a timer's is not lost. */
SYSTEST(timer_signals_find_room_in_a_full_queue)
{
	uint64_t set = SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGRTMIN) | SIGNAL_BIT(SIGALRM), alarms = SIGNAL_BIT(SIGALRM);
	uint64_t timers = SIGNAL_BIT(SIGUSR1);
	struct abi_siginfo info = { .code = SI_QUEUE };
	int pid = (int)sys(SYS_getpid), queued = 0;
	long id = create(CLOCK_MONOTONIC, event(SIGEV_SIGNAL, SIGUSR1, 5));

	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, systest_value(512, &set), 0, SET), 0);
	while (queued < 1000 && !sys(SYS_rt_sigqueueinfo, pid, SIGRTMIN, systest_value(900, &info)))
		queued++;
	CHECK(queued >= 16 && queued < 1000);
	CHECK_EQ(sys(SYS_timer_settime, id, 0, times(0, 0, 0, 1000), 0), 0);
	CHECK_EQ(sys(SYS_setitimer, ITIMER_REAL, systest_put(700, (int64_t[4]){ 0, 0, 0, 1 }, 32), 0), 0);
	CHECK_EQ(sys(SYS_rt_sigtimedwait, systest_value(520, &alarms), 0, 0, SET), SIGALRM);
	CHECK_EQ(sys(SYS_rt_sigtimedwait, systest_value(520, &timers), SYSTEST_MEM + 600, 0, SET), SIGUSR1);
	systest_read(SYSTEST_MEM + 600, &info);
	CHECK_EQ(info.timer_value, 5);
	CHECK_EQ(sys(SYS_timer_delete, id), 0);
}
