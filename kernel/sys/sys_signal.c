/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program asks about its signals: dispositions, masks, waiting ones, the alternate stack.
 */
#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/time.h>

#include "signal_internal.h"

SYSCALL(rt_sigaction, int signal, user_ptr_t new, user_ptr_t old, size_t size)
{
	struct signals *signals = signals_current();
	struct abi_sigaction action = { 0 }, before;
	unsigned long flags;

	if (size != sizeof(uint64_t))
		return -EINVAL;
	if (new && user_read(&action, new))
		return -EFAULT;
	if (signal < 1 || signal > SIGRTMAX || (new && (signal == SIGKILL || signal == SIGSTOP)))
		return -EINVAL;
	action.mask &= ~UNBLOCKABLE;
	flags = spin_lock(&signals->lock);
	before = signals->actions[signal];
	if (new)
		signals->actions[signal] = action;
	/* What waits and is ignored from now on is forgotten, blocked or not (POSIX). */
	if (new && (action.handler == SIG_IGN || (action.handler == SIG_DFL && signal_default_ignores(signal))))
		signal_discard(signals, SIGNAL_BIT(signal));
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	return old ? user_write(old, &before) : 0;
}

static long change_mask(struct signals *signals, struct task *task, int how, uint64_t set)
{
	uint64_t blocked;

	switch (how) {
	case SIG_BLOCK:
		blocked = task->blocked | set;
		break;
	case SIG_UNBLOCK:
		blocked = task->blocked & ~set;
		break;
	case SIG_SETMASK:
		blocked = set;
		break;
	default:
		return -EINVAL;
	}
	task->blocked = blocked & ~UNBLOCKABLE;
	signals_update(signals);
	return 0;
}

SYSCALL(rt_sigprocmask, int how, user_ptr_t set, user_ptr_t old, size_t size)
{
	struct signals *signals = signals_current();
	struct task *task = task_current();
	unsigned long flags;
	uint64_t new, before;
	long err = 0;

	if (size != sizeof(uint64_t))
		return -EINVAL;
	if (set && user_read(&new, set))
		return -EFAULT;
	flags = spin_lock(&signals->lock);
	before = task->blocked;
	if (set)
		err = change_mask(signals, task, how, new);
	spin_unlock(&signals->lock, flags);
	if (err)
		return err;
	return old ? user_write(old, &before) : 0;
}

SYSCALL(rt_sigpending, user_ptr_t set, size_t size)
{
	struct task *task = task_current();
	uint64_t waiting = signals_waiting(task) & task->blocked;

	if (size > sizeof(waiting))
		return -EINVAL;
	return user_copy_out(set, &waiting, size);
}

static bool never(void *arg UNUSED)
{
	return false;
}

SYSCALL(pause, void)
{
	return wait_until(&signals_current()->arrivals, never, NULL, WAIT_FOREVER);
}

SYSCALL(rt_sigsuspend, user_ptr_t mask, size_t size)
{
	int err;

	if (size != sizeof(uint64_t))
		return -EINVAL;
	if (!mask)
		return -EFAULT;
	err = signal_mask_borrow(mask, size);
	if (err)
		return err;
	return wait_until(&signals_current()->arrivals, never, NULL, WAIT_FOREVER);
}

struct awaited {
	struct task *task;
	uint64_t set;
};

static bool has_arrived(void *arg)
{
	const struct awaited *awaited = arg;

	return signals_waiting(awaited->task) & awaited->set;
}

/* Waits for one of a set, which is not blocked for sending meanwhile: it must wait, not act. */
static long await_signal(struct awaited *awaited, uint64_t deadline_ns, struct signal_queued *taken)
{
	struct task *task = awaited->task;
	struct signals *signals = task->process->signals;
	unsigned long flags;
	uint64_t before;
	int err, signo;

	flags = spin_lock(&signals->lock);
	before = task->blocked;
	task->blocked |= awaited->set;
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	err = wait_until(&signals->arrivals, has_arrived, awaited, deadline_ns);
	flags = spin_lock(&signals->lock);
	signo = signal_take(task, awaited->set, taken);
	task->blocked = before;
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	if (signo)
		return signo;
	return err == -ETIMEDOUT ? -EAGAIN : -EINTR;
}

SYSCALL(rt_sigtimedwait, user_ptr_t set, user_ptr_t info, user_ptr_t timeout, size_t size)
{
	struct awaited awaited = { .task = task_current() };
	uint64_t deadline_ns = WAIT_FOREVER, ns;
	struct signal_queued taken;
	struct abi_timespec spec;
	struct abi_siginfo told;
	long signo;

	if (size != sizeof(uint64_t))
		return -EINVAL;
	if (user_read(&awaited.set, set))
		return -EFAULT;
	if (timeout) {
		if (user_read(&spec, timeout))
			return -EFAULT;
		if (time_from_timespec(&spec, &ns))
			return -EINVAL;
		deadline_ns = time_add(clock_ns(), ns);
	}
	awaited.set &= ~UNBLOCKABLE;
	signo = await_signal(&awaited, deadline_ns, &taken);
	if (signo > 0 && info) {
		signal_info_fill(&told, &taken);
		if (user_write(info, &told))
			return -EFAULT;
	}
	return signo;
}

/* ---- the alternate stack ---- */

static bool runs_on(const struct abi_stack *stack)
{
	const struct arch_regs *regs = process_current()->has_code ? arch_user_regs(thread_current()) : NULL;
	uint64_t sp = regs ? arch_regs_sp(regs) : 0;

	return !(stack->flags & (SS_DISABLE | SS_AUTODISARM)) && sp > stack->sp && sp - stack->sp <= stack->size;
}

static long check_stack(const struct abi_stack *stack)
{
	uint32_t mode = stack->flags & ~SS_AUTODISARM;

	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return -EINVAL;
	if (mode != SS_DISABLE && stack->size < MINSIGSTKSZ)
		return -ENOMEM;
	return 0;
}

SYSCALL(sigaltstack, user_ptr_t new, user_ptr_t old)
{
	struct task *task = task_current();
	struct abi_stack stack, before = task->altstack;
	bool busy = runs_on(&before);
	long err;

	if (new && user_read(&stack, new))
		return -EFAULT;
	if (busy)
		before.flags |= SS_ONSTACK;
	if (new && busy)
		return -EPERM;
	if (new) {
		err = check_stack(&stack);
		if (err)
			return err;
		if (stack.flags & SS_DISABLE)
			stack.sp = stack.size = 0;
		stack.flags &= ~(uint32_t)SS_ONSTACK;
		stack.pad = 0;
		task->altstack = stack;
	}
	return old ? user_write(old, &before) : 0;
}
