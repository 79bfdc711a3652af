/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Acting on signals: handlers, default actions, and the return from a handler.
 */
#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#include "signal_internal.h"

/* A handler is due: what it is told, and how to go on after it. Nothing of it depends on the CPU. */
struct delivery {
	struct arch_signal signal;
	bool restart; /* the call that was interrupted is to be made again */
};

static void mask_return(struct signals *signals)
{
	unsigned long flags = spin_lock(&signals->lock);
	struct task *task = task_current();

	if (task->borrowed)
		task->blocked = task->saved;
	task->borrowed = false;
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
}

static bool may_continue(void *arg)
{
	struct signals *signals = arg;

	return !atomic_load(&signals->stopped) || (signals->pending.set & SIGNAL_BIT(SIGKILL)) ||
	       atomic_load(&thread_current()->killed);
}

/* The threads of a stopped process wait for SIGCONT or its death; other signals wait with them. */
static void wait_stopped(struct signals *signals)
{
	atomic_store(&thread_current()->interrupted, false);
	/* In a harness nothing will ever continue it: then the wait gives up, and so does the stop. */
	if (wait_until(&signals->arrivals, may_continue, signals, WAIT_FOREVER)) {
		atomic_store(&signals->stopped, false);
		wake_all(&signals->arrivals);
	}
	signals_entered();
}

static void signals_stop(struct signals *signals, int signo)
{
	unsigned long flags = spin_lock(&signals->lock);

	signals->stopped = true;
	signals->stop_signal = signo;
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	process_tell_parent(signals->process, CLD_STOPPED);
	wait_stopped(signals);
	if (!(signals_waiting(task_current()) & SIGNAL_BIT(SIGKILL)) && !thread_current()->killed)
		process_tell_parent(signals->process, CLD_CONTINUED);
}

/* The default action; does not return when that is the end. */
static void act_by_default(struct signals *signals, int signo)
{
	if (signal_default_ignores(signo))
		return;
	if (signal_default_stops(signo))
		signals_stop(signals, signo);
	else
		process_exit(signo);
}

static void handler_record(struct signals *signals, int signo)
{
	signals->events.count++;
	signals->events.set |= SIGNAL_BIT(signo);
}

/* What changes for the program while its handler runs; the lock is held. */
static void handler_enter(struct signals *signals, int signo)
{
	struct abi_sigaction *action = &signals->actions[signo];
	struct task *task = task_current();

	task->blocked |= action->mask & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
	if (!(action->flags & SA_NODEFER))
		task->blocked |= SIGNAL_BIT(signo);
	if (action->flags & SA_RESETHAND)
		action->handler = SIG_DFL;
	task->borrowed = false;
	signals_update(signals);
}

/* Takes the next signal to act on. True: it has a handler, which *signal describes. */
static bool take_next(struct signals *signals, struct arch_signal *signal, int *signo)
{
	unsigned long flags = spin_lock(&signals->lock);
	struct task *task = task_current();
	struct signal_queued taken;
	bool handled = false;

	*signo = signal_take(task, ~task->blocked | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP), &taken);
	if (*signo) {
		signal->action = signals->actions[*signo];
		signal->mask = task->borrowed ? task->saved : task->blocked;
		signal->stack = task->altstack;
		signal_info_fill(&signal->info, &taken);
		handled = signal->action.handler != SIG_DFL && signal->action.handler != SIG_IGN;
	}
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	return handled;
}

static void handle(struct signals *signals, struct arch_regs *regs, struct delivery *delivery)
{
	int signo = delivery->signal.info.signo;
	unsigned long flags;
	int err = 0;

	if (regs && delivery->restart && (delivery->signal.action.flags & SA_RESTART))
		arch_syscall_restart(regs);
	delivery->restart = false;
	if (regs) {
		rseq_resume(regs);
		err = arch_signal_push(regs, &delivery->signal);
	} else {
		handler_record(signals, signo);
	}
	if (err) {
		log_error("%s: no room on its stack for the handler of signal %d", process_current()->name, signo);
		process_exit(SIGSEGV);
	}
	flags = spin_lock(&signals->lock);
	if (!regs) {
		/* No handler that would return: only what it leaves behind. */
		if (signals->actions[signo].flags & SA_RESETHAND)
			signals->actions[signo].handler = SIG_DFL;
	} else {
		handler_enter(signals, signo);
	}
	spin_unlock(&signals->lock, flags);
}

void signal_deliver_after(struct arch_regs *regs, bool restart)
{
	struct signals *signals = signals_current();
	struct delivery delivery = { .restart = restart };
	int signo;

	if (!signals)
		return;
	for (;;) {
		bool handled;

		if (atomic_load(&signals->stopped))
			wait_stopped(signals);
		if (atomic_load(&thread_current()->killed))
			process_killed();
		handled = take_next(signals, &delivery.signal, &signo);
		if (!signo)
			break;
		if (handled)
			handle(signals, regs, &delivery);
		else if (delivery.signal.action.handler == SIG_DFL)
			act_by_default(signals, signo);
	}
	/* Nothing that the program sees has happened: it must not see that its call was interrupted. */
	if (regs && delivery.restart)
		arch_syscall_restart(regs);
	mask_return(signals);
}

void signal_deliver(struct arch_regs *regs)
{
	signal_deliver_after(regs, false);
}

SYSCALL(rt_sigreturn, void)
{
	struct signals *signals = signals_current();
	struct arch_regs *regs = arch_user_regs(thread_current());
	struct task *task = task_current();
	struct abi_stack stack;
	unsigned long flags;
	uint64_t mask;

	if (!regs || !signals || !process_current()->has_code)
		return -EINVAL;
	if (arch_signal_pop(regs, &mask, &stack)) {
		log_error("%s: bad frame in rt_sigreturn", process_current()->name);
		process_exit(SIGSEGV);
	}
	flags = spin_lock(&signals->lock);
	task->blocked = mask & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
	task->altstack = stack;
	task->returned = true;
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	return 0;
}

/* ---- faults ---- */

static bool has_handler(struct signals *signals, int signo)
{
	unsigned long flags = spin_lock(&signals->lock);
	bool blocked = task_current()->blocked & SIGNAL_BIT(signo);
	uint64_t handler = signals->actions[signo].handler;

	spin_unlock(&signals->lock, flags);
	return !blocked && handler != SIG_DFL && handler != SIG_IGN;
}

void process_fault(struct arch_regs *regs, int signo, int code, uint64_t address)
{
	struct abi_siginfo info = { .code = code, .address = address };
	struct process *process = process_current();

	if (process->signals && signo != SIGKILL && has_handler(process->signals, signo)) {
		signal_send_task(process, process_tid(), signo, &info);
		signal_deliver(regs);
		return;
	}
	fault_report(process, arch_regs_pc(regs), signo, code, address);
	process_exit(signo);
}

bool process_before_program(struct arch_regs *regs)
{
	struct thread *thread = thread_current();
	bool changed = false;

	while (unlikely(atomic_load_relaxed(&thread->killed) || atomic_load_relaxed(&thread->interrupted) ||
			atomic_load_relaxed(&thread->switched))) {
		arch_irq_enable();
		if (thread->killed)
			process_killed();
		if (atomic_exchange(&thread->switched, false))
			changed |= rseq_resume(regs);
		if (thread->interrupted) {
			signal_deliver(regs);
			changed = true;
		}
		arch_irq_disable();
	}
	return changed;
}
