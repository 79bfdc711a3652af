/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is refused to a process that is not root's about another process, what a full queue refuses, and waits that a
 * signal ends.
 */
#include <kernel/abi/resource.h>
#include <kernel/signal.h>
#include <kernel/systest.h>

#define MASK SYSTEST_MEM
#define PARAM (SYSTEST_MEM + 64)
#define ATTR (SYSTEST_MEM + 128)
#define INFO (SYSTEST_MEM + 256)
#define TIME (SYSTEST_MEM + 512)
#define SET 8 /* bytes of a signal set */
#define REALTIME_SIGNAL 40

static void put_arguments(void)
{
	const uint64_t cpus = 1, time[2] = { 100, 0 };
	const uint32_t attr[12] = { 48 };
	struct abi_siginfo info = { .code = SI_QUEUE };

	systest_value(MASK - SYSTEST_MEM, &cpus);
	systest_value(ATTR - SYSTEST_MEM, &attr);
	systest_value(INFO - SYSTEST_MEM, &info);
	systest_value(TIME - SYSTEST_MEM, &time);
}

SYSTEST(other_users_processes_are_closed)
{
	struct process *other;

	put_arguments();
	CHECK_EQ(process_create("other", &other), 0);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_tkill, other->pid, SIGUSR1), EPERM);
	CHECK_ERR(sys(SYS_tgkill, other->pid, other->pid, SIGUSR1), EPERM);
	CHECK_ERR(sys(SYS_rt_sigqueueinfo, other->pid, SIGUSR1, INFO), EPERM);
	CHECK_ERR(sys(SYS_rt_tgsigqueueinfo, other->pid, other->pid, SIGUSR1, INFO), EPERM);
	CHECK_ERR(sys(SYS_sched_setparam, other->pid, PARAM), EPERM);
	CHECK_ERR(sys(SYS_sched_setscheduler, other->pid, 0, PARAM), EPERM);
	CHECK_ERR(sys(SYS_sched_setattr, other->pid, ATTR, 0), EPERM);
	CHECK_ERR(sys(SYS_sched_setaffinity, other->pid, SET, MASK), EPERM);
	CHECK_ERR(sys(SYS_get_robust_list, other->pid, PARAM, PARAM + 8), EPERM);
	CHECK_EQ(sys(SYS_get_robust_list, 0, PARAM, PARAM + 8), 0);
	process_teardown(other, 0);
	process_put(other);
}

SYSTEST(other_processes_are_open_to_their_user)
{
	struct process *other;

	put_arguments();
	CHECK_EQ(process_create("other", &other), 0);
	CHECK_EQ(sys(SYS_sched_setparam, other->pid, PARAM), 0);
	CHECK_EQ(sys(SYS_sched_setattr, other->pid, ATTR, 0), 0);
	CHECK_EQ(sys(SYS_sched_setaffinity, other->pid, SET, MASK), 0);
	CHECK_EQ(sys(SYS_get_robust_list, other->pid, PARAM, PARAM + 8), 0);
	process_teardown(other, 0);
	process_put(other);
}

/* Fills the queue of a blocked real-time signal: the result of the first call that finds it full. */
/* The queue of a process, or of its thread. */
static long fill_queue(int pid, bool thread)
{
	long err = 0;

	for (int i = 0; i < 1000 && !err; i++)
		err = thread ? sys(SYS_tkill, pid, REALTIME_SIGNAL)
			     : sys(SYS_rt_sigqueueinfo, pid, REALTIME_SIGNAL, INFO);
	return err;
}

SYSTEST(full_signal_queues_refuse)
{
	const uint64_t blocked = SIGNAL_BIT(REALTIME_SIGNAL);
	int pid = process_current()->pid;

	put_arguments();
	CHECK_EQ(sys(SYS_rt_sigprocmask, 0, systest_value(MASK - SYSTEST_MEM, &blocked), 0, SET), 0);
	CHECK_ERR(fill_queue(pid, false), EAGAIN);
	CHECK_ERR(fill_queue(pid, true), EAGAIN);
	CHECK_ERR(sys(SYS_tkill, pid, REALTIME_SIGNAL), EAGAIN);
	CHECK_ERR(sys(SYS_tgkill, pid, pid, REALTIME_SIGNAL), EAGAIN);
	CHECK_ERR(sys(SYS_rt_tgsigqueueinfo, pid, pid, REALTIME_SIGNAL, INFO), EAGAIN);
	/* kill() without room still sends, with less told (signal(7)). */
	CHECK_EQ(sys(SYS_kill, pid, REALTIME_SIGNAL), 0);
}

SYSTEST(waits_end_with_a_signal)
{
	const uint64_t usr1 = SIGNAL_BIT(SIGUSR1);

	put_arguments();
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_clock_nanosleep, 1 /* CLOCK_MONOTONIC */, 0, TIME, 0), EINTR);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_rt_sigtimedwait, systest_value(MASK - SYSTEST_MEM, &usr1), 0, TIME, SET), EINTR);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_futex, PARAM, 0 /* FUTEX_WAIT */, 0, 0, 0, 0), EINTR);
}

SYSTEST(cpuid_cannot_be_turned_off)
{
	CHECK_EQ(sys(SYS_arch_prctl, 0x1011 /* ARCH_GET_CPUID */, 0), 1);
	CHECK_ERR(sys(SYS_arch_prctl, 0x1012 /* ARCH_SET_CPUID */, 0), ENODEV);
}
