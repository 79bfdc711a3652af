/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals: dispositions, masks, sending, waiting, default actions. Handlers have no code here: they are recorded.
 */
#include <kernel/signal.h>
#include <kernel/systest.h>

#define HANDLER 0x400000
#define SET 8 /* sizeof(sigset_t) of the calls */
#define NOBODY 999999

static user_ptr_t action(uint64_t handler, uint64_t flags, uint64_t mask)
{
	const struct abi_sigaction value = { handler, flags, 0, mask };

	return systest_value(0, &value);
}

static user_ptr_t set_of(uint64_t set)
{
	return systest_value(128, &set);
}

static long handle(int signo)
{
	return sys(SYS_rt_sigaction, signo, action(HANDLER, 0, 0), 0, SET);
}

static long send(int signo)
{
	return sys(SYS_kill, process_current()->pid, signo);
}

static uint64_t pending(void)
{
	uint64_t set = 0;

	if (sys(SYS_rt_sigpending, SYSTEST_MEM + 192, SET))
		return UINT64_MAX;
	systest_read(SYSTEST_MEM + 192, &set);
	return set;
}

static struct signal_events events(void)
{
	struct signal_events now;

	signal_events(&now);
	return now;
}

SYSTEST(sigaction_keeps_what_it_is_told)
{
	struct abi_sigaction old;

	CHECK_EQ(sys(SYS_rt_sigaction, SIGUSR1, action(HANDLER, SA_RESTART, ~UINT64_C(0)), 0, SET), 0);
	CHECK_EQ(sys(SYS_rt_sigaction, SIGUSR1, 0, SYSTEST_MEM + 64, SET), 0);
	systest_read(SYSTEST_MEM + 64, &old);
	CHECK_EQ(old.handler, HANDLER);
	CHECK_EQ(old.flags, SA_RESTART);
	CHECK_EQ(old.mask, ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)));
}

SYSTEST(sigaction_errors)
{
	CHECK_ERR(sys(SYS_rt_sigaction, SIGUSR1, 0, 0, 4), EINVAL);
	CHECK_ERR(sys(SYS_rt_sigaction, 0, 0, 0, SET), EINVAL);
	CHECK_ERR(sys(SYS_rt_sigaction, 65, 0, 0, SET), EINVAL);
	CHECK_ERR(sys(SYS_rt_sigaction, SIGKILL, action(HANDLER, 0, 0), 0, SET), EINVAL);
	CHECK_EQ(sys(SYS_rt_sigaction, SIGKILL, 0, SYSTEST_MEM, SET), 0);
	CHECK_ERR(sys(SYS_rt_sigaction, SIGUSR1, SYSTEST_BAD, 0, SET), EFAULT);
	CHECK_ERR(sys(SYS_rt_sigaction, SIGUSR1, 0, SYSTEST_BAD, SET), EFAULT);
}

SYSTEST(sigprocmask_blocks_and_unblocks)
{
	const uint64_t usr1 = SIGNAL_BIT(SIGUSR1);

	CHECK_EQ(handle(SIGUSR1), 0);
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(usr1 | SIGNAL_BIT(SIGKILL)), 0, SET), 0);
	CHECK_EQ(send(SIGUSR1), 0);
	CHECK_EQ(pending(), usr1);
	CHECK_EQ(events().count, 0);
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_UNBLOCK, set_of(usr1), SYSTEST_MEM + 64, SET), 0);
	CHECK_MEM(SYSTEST_MEM + 64, &usr1, SET);
	CHECK_EQ(pending(), 0);
	CHECK_EQ(events().count, 1);
	CHECK_EQ(events().set, usr1);
}

SYSTEST(sigprocmask_errors)
{
	CHECK_ERR(sys(SYS_rt_sigprocmask, 3, set_of(0), 0, SET), EINVAL);
	CHECK_EQ(sys(SYS_rt_sigprocmask, 3, 0, 0, SET), 0);
	CHECK_ERR(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(0), 0, 16), EINVAL);
	CHECK_ERR(sys(SYS_rt_sigprocmask, SIG_BLOCK, SYSTEST_BAD, 0, SET), EFAULT);
	CHECK_ERR(sys(SYS_rt_sigprocmask, SIG_BLOCK, 0, SYSTEST_BAD, SET), EFAULT);
	CHECK_ERR(sys(SYS_rt_sigpending, SYSTEST_MEM, 16), EINVAL);
	CHECK_ERR(sys(SYS_rt_sigpending, SYSTEST_BAD, SET), EFAULT);
}

SYSTEST(signals_are_ignored_when_told)
{
	CHECK_EQ(send(SIGCHLD), 0);
	CHECK_EQ(sys(SYS_rt_sigaction, SIGTERM, action(SIG_IGN, 0, 0), 0, SET), 0);
	CHECK_EQ(send(SIGTERM), 0);
	CHECK_EQ(pending(), 0);
	/* What waits is forgotten when it becomes ignored. */
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(SIGNAL_BIT(SIGUSR2)), 0, SET), 0);
	CHECK_EQ(send(SIGUSR2), 0);
	CHECK_EQ(pending(), SIGNAL_BIT(SIGUSR2));
	CHECK_EQ(sys(SYS_rt_sigaction, SIGUSR2, action(SIG_IGN, 0, 0), 0, SET), 0);
	CHECK_EQ(pending(), 0);
}

SYSTEST(handlers_reset_when_told)
{
	struct abi_sigaction now;

	CHECK_EQ(sys(SYS_rt_sigaction, SIGUSR1, action(HANDLER, SA_RESETHAND, 0), 0, SET), 0);
	CHECK_EQ(send(SIGUSR1), 0);
	CHECK_EQ(events().count, 1);
	CHECK_EQ(sys(SYS_rt_sigaction, SIGUSR1, 0, SYSTEST_MEM + 64, SET), 0);
	systest_read(SYSTEST_MEM + 64, &now);
	CHECK_EQ(now.handler, SIG_DFL);
}

SYSTEST(kill_errors)
{
	struct process *other;

	CHECK_ERR(sys(SYS_kill, process_current()->pid, 65), EINVAL);
	CHECK_ERR(sys(SYS_kill, process_current()->pid, -1), EINVAL);
	CHECK_ERR(sys(SYS_kill, NOBODY, SIGUSR1), ESRCH);
	CHECK_ERR(sys(SYS_kill, -NOBODY, SIGUSR1), ESRCH);
	CHECK_ERR(sys(SYS_kill, INT32_MIN, SIGUSR1), ESRCH);
	CHECK_EQ(sys(SYS_kill, process_current()->pid, 0), 0);
	CHECK_EQ(sys(SYS_kill, 0, 0), 0);
	CHECK_EQ(process_create("other", &other), 0);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_kill, other->pid, 0), EPERM);
	CHECK_ERR(sys(SYS_kill, -other->pid, 0), EPERM);
	process_teardown(other, 0);
	process_put(other);
}

SYSTEST(tkill_and_tgkill)
{
	int pid = process_current()->pid;

	CHECK_EQ(handle(SIGUSR1), 0);
	CHECK_EQ(sys(SYS_tkill, pid, SIGUSR1), 0);
	CHECK_EQ(sys(SYS_tgkill, pid, pid, SIGUSR1), 0);
	CHECK_EQ(events().count, 2);
	CHECK_ERR(sys(SYS_tkill, 0, SIGUSR1), EINVAL);
	CHECK_ERR(sys(SYS_tkill, pid, 65), EINVAL);
	CHECK_ERR(sys(SYS_tkill, NOBODY, 0), ESRCH);
	CHECK_ERR(sys(SYS_tgkill, 0, pid, SIGUSR1), EINVAL);
	CHECK_ERR(sys(SYS_tgkill, pid, -1, SIGUSR1), EINVAL);
	CHECK_ERR(sys(SYS_tgkill, pid, NOBODY, SIGUSR1), ESRCH);
}

static user_ptr_t info(int code)
{
	struct abi_siginfo value = { .code = code };

	value.pid = 42;
	value.value = 4711;
	return systest_value(256, &value);
}

SYSTEST(sigqueueinfo_carries_a_value)
{
	int pid = process_current()->pid;
	struct abi_siginfo told;

	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(SIGNAL_BIT(40)), 0, SET), 0);
	CHECK_EQ(sys(SYS_rt_sigqueueinfo, pid, 40, info(SI_QUEUE)), 0);
	CHECK_EQ(sys(SYS_rt_tgsigqueueinfo, pid, pid, 40, info(-60)), 0);
	CHECK_EQ(sys(SYS_rt_sigtimedwait, set_of(SIGNAL_BIT(40)), SYSTEST_MEM + 512, 0, SET), 40);
	systest_read(SYSTEST_MEM + 512, &told);
	CHECK_EQ(told.signo, 40);
	CHECK_EQ(told.code, -60);
	CHECK_EQ(told.value, 4711);
	/* Real-time signals queue: the other one is still there. What was sent to the thread came first. */
	CHECK_EQ(sys(SYS_rt_sigtimedwait, set_of(SIGNAL_BIT(40)), SYSTEST_MEM + 512, 0, SET), 40);
	systest_read(SYSTEST_MEM + 512, &told);
	CHECK_EQ(told.code, SI_QUEUE);
	CHECK_EQ(pending(), 0);
}

SYSTEST(sigqueueinfo_errors)
{
	int pid = process_current()->pid;
	long err = 0;

	CHECK_ERR(sys(SYS_rt_sigqueueinfo, pid, 40, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_rt_sigqueueinfo, NOBODY, 40, info(SI_USER)), EPERM);
	CHECK_ERR(sys(SYS_rt_sigqueueinfo, NOBODY, 40, info(SI_QUEUE)), ESRCH);
	CHECK_ERR(sys(SYS_rt_sigqueueinfo, pid, 65, info(SI_QUEUE)), EINVAL);
	CHECK_ERR(sys(SYS_rt_tgsigqueueinfo, 0, pid, 40, info(SI_QUEUE)), EINVAL);
	CHECK_ERR(sys(SYS_rt_tgsigqueueinfo, pid, NOBODY, 40, info(SI_QUEUE)), ESRCH);
	CHECK_ERR(sys(SYS_rt_tgsigqueueinfo, pid, pid, 40, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(SIGNAL_BIT(40)), 0, SET), 0);
	for (int i = 0; i < 100 && !err; i++)
		err = sys(SYS_rt_sigqueueinfo, pid, 40, info(SI_QUEUE));
	CHECK_ERR(err, EAGAIN);
}

SYSTEST(sigtimedwait_waits)
{
	const int64_t soon[2] = { 0, 1000000 }, bad[2] = { 0, -1 };
	user_ptr_t timeout = systest_put(600, soon, sizeof(soon));

	CHECK_ERR(sys(SYS_rt_sigtimedwait, set_of(SIGNAL_BIT(SIGUSR1)), 0, timeout, SET), EAGAIN);
	CHECK_ERR(sys(SYS_rt_sigtimedwait, set_of(0), 0, timeout, 4), EINVAL);
	CHECK_ERR(sys(SYS_rt_sigtimedwait, SYSTEST_BAD, 0, timeout, SET), EFAULT);
	CHECK_ERR(sys(SYS_rt_sigtimedwait, set_of(0), 0, SYSTEST_BAD, SET), EFAULT);
	CHECK_ERR(sys(SYS_rt_sigtimedwait, set_of(0), 0, systest_put(600, bad, sizeof(bad)), SET), EINVAL);
	/* An alarm that it waits for is taken, not acted upon; blocked, so that it may come before the wait. */
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(SIGNAL_BIT(SIGALRM)), 0, SET), 0);
	CHECK_EQ(sys(SYS_setitimer, 0, systest_put(700, (int64_t[4]){ 0, 0, 0, 1000 }, 32), 0), 0);
	CHECK_EQ(sys(SYS_rt_sigtimedwait, set_of(SIGNAL_BIT(SIGALRM)), 0, 0, SET), SIGALRM);
	CHECK_EQ(events().count, 0);
}

SYSTEST(sigsuspend_and_pause_end_with_a_handler)
{
	user_ptr_t soon = systest_put(700, (int64_t[4]){ 0, 0, 0, 1000 }, 32);

	CHECK_EQ(handle(SIGALRM), 0);
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, set_of(SIGNAL_BIT(SIGALRM)), 0, SET), 0);
	CHECK_EQ(sys(SYS_setitimer, 0, soon, 0), 0);
	CHECK_ERR(sys(SYS_rt_sigsuspend, set_of(0), SET), EINTR);
	CHECK_EQ(events().count, 1);
	/* The mask is back. */
	CHECK_EQ(send(SIGALRM), 0);
	CHECK_EQ(pending(), SIGNAL_BIT(SIGALRM));
	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_SETMASK, set_of(0), 0, SET), 0);
	/* Time enough to be in pause() before it comes. */
	CHECK_EQ(sys(SYS_setitimer, 0, systest_put(700, (int64_t[4]){ 0, 0, 0, 50000 }, 32), 0), 0);
	CHECK_ERR(sys(SYS_pause), EINTR);
	CHECK_EQ(events().count, 3);
	CHECK_ERR(sys(SYS_rt_sigsuspend, set_of(0), 4), EINVAL);
	CHECK_ERR(sys(SYS_rt_sigsuspend, SYSTEST_BAD, SET), EFAULT);
	CHECK_ERR(sys(SYS_rt_sigsuspend, 0, SET), EFAULT);
}

static user_ptr_t stack(uint32_t flags, uint64_t size)
{
	const struct abi_stack value = { SYSTEST_MEM, flags, 0, size };

	return systest_value(0, &value);
}

SYSTEST(sigaltstack_remembers)
{
	struct abi_stack old;

	CHECK_EQ(sys(SYS_sigaltstack, 0, SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &old);
	CHECK_EQ(old.flags, SS_DISABLE);
	CHECK_EQ(sys(SYS_sigaltstack, stack(0, 8192), 0), 0);
	CHECK_EQ(sys(SYS_sigaltstack, stack(SS_DISABLE, 0), SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &old);
	CHECK_EQ(old.sp, SYSTEST_MEM);
	CHECK_EQ(old.size, 8192);
	CHECK_EQ(old.flags, 0);
	CHECK_ERR(sys(SYS_sigaltstack, stack(0, 2047), 0), ENOMEM);
	CHECK_ERR(sys(SYS_sigaltstack, stack(4, 8192), 0), EINVAL);
	CHECK_ERR(sys(SYS_sigaltstack, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_sigaltstack, 0, SYSTEST_BAD), EFAULT);
}

SYSTEST(sigreturn_without_a_frame)
{
	CHECK_ERR(sys(SYS_rt_sigreturn), EINVAL);
}

/* ---- default actions ---- */

static void terminate_self(void)
{
	sys(SYS_kill, process_current()->pid, SIGTERM);
	process_exit(99 << 8);
}

static void kill_self(void)
{
	sys(SYS_rt_sigprocmask, SIG_SETMASK, set_of(~UINT64_C(0)), 0, SET);
	sys(SYS_kill, process_current()->pid, SIGKILL);
	process_exit(99 << 8);
}

static void ring(void)
{
	sys(SYS_setitimer, 0, systest_put(700, (int64_t[4]){ 0, 0, 0, 1000 }, 32), 0);
	sys(SYS_pause);
	process_exit(99 << 8);
}

static void write_to_nobody(void)
{
	int fds[2];

	sys(SYS_pipe2, SYSTEST_MEM, 0);
	systest_read(SYSTEST_MEM, &fds);
	sys(SYS_close, fds[0]);
	sys(SYS_write, fds[1], SYSTEST_MEM, 1);
	process_exit(99 << 8);
}

TEST(signals_end_programs)
{
	CHECK_EQ(systest_program(terminate_self), SIGTERM);
	CHECK_EQ(systest_program(kill_self), SIGKILL);
	CHECK_EQ(systest_program(ring), SIGALRM);
	CHECK_EQ(systest_program(write_to_nobody), SIGPIPE);
}
