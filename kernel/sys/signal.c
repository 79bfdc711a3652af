/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals that wait: sending, queueing, taking, and telling sleepers.
 */
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/time.h>

#include "signal_internal.h"

#define UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define STOPS (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define IGNORED (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))

int signals_create(struct process *process, struct signals **out)
{
	struct signals *signals = heap_zalloc(sizeof(*signals));

	if (!signals)
		return -ENOMEM;
	spin_init(&signals->lock);
	signals->process = process;
	wait_queue_init(&signals->arrivals);
	signals->altstack.flags = SS_DISABLE;
	signal_timer_init(signals, &signals->itimers[0], CLOCK_MONOTONIC, SIGALRM);
	signal_timer_init(signals, &signals->itimers[1], CLOCK_PROCESS_CPUTIME_ID, SIGVTALRM);
	signal_timer_init(signals, &signals->itimers[2], CLOCK_PROCESS_CPUTIME_ID, SIGPROF);
	*out = signals;
	return 0;
}

void signals_free(struct signals *signals)
{
	signal_timers_stop(signals);
	heap_free(signals);
}

struct signals *signals_current(void)
{
	struct process *process = process_current();

	return process ? process->signals : NULL;
}

bool signal_default_ignores(int signo)
{
	return SIGNAL_BIT(signo) & IGNORED;
}

bool signal_default_stops(int signo)
{
	return SIGNAL_BIT(signo) & STOPS;
}

static bool is_ignored(const struct signals *signals, int signo)
{
	uint64_t handler = signals->actions[signo].handler;

	return handler == SIG_IGN || (handler == SIG_DFL && signal_default_ignores(signo));
}

void signals_update(struct signals *signals)
{
	struct thread *thread = signals->process->thread;
	bool due = signals->pending & ~(signals->blocked & ~UNBLOCKABLE);

	if (!thread)
		return;
	atomic_store(&thread->interrupted, due);
	if (due)
		thread_wake(thread);
}

void signals_entered(void)
{
	struct signals *signals = signals_current();
	unsigned long flags;

	atomic_store(&thread_current()->interrupted, false);
	if (!signals)
		return;
	flags = spin_lock(&signals->lock);
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
}

bool signal_pending(void)
{
	return atomic_load(&thread_current()->interrupted);
}

bool signals_due(void)
{
	struct signals *signals = signals_current();

	return signals && (signal_pending() || signals->borrowed);
}

/* ---- the queue ---- */

static void queue_remove(struct signals *signals, unsigned at)
{
	struct signal_timer *timer = signals->queue[at].timer;

	signals->queue_len--;
	for (unsigned i = at; i < signals->queue_len; i++)
		signals->queue[i] = signals->queue[i + 1];
	if (timer)
		signal_timer_taken(timer, false);
}

static bool queue_holds(const struct signals *signals, int signo)
{
	for (unsigned i = 0; i < signals->queue_len; i++)
		if (signals->queue[i].signo == signo)
			return true;
	return false;
}

void signal_discard(struct signals *signals, uint64_t set)
{
	for (unsigned i = signals->queue_len; i-- > 0;)
		if (SIGNAL_BIT(signals->queue[i].signo) & set)
			queue_remove(signals, i);
	signals->pending &= ~set;
}

int signal_take(struct signals *signals, uint64_t set, struct signal_queued *taken)
{
	uint64_t waiting = signals->pending & set;
	int signo;

	if (!waiting)
		return 0;
	signo = __builtin_ctzll(waiting) + 1;
	*taken = (struct signal_queued){ .signo = signo };
	for (unsigned i = 0; i < signals->queue_len; i++) {
		if (signals->queue[i].signo != signo)
			continue;
		*taken = signals->queue[i];
		queue_remove(signals, i);
		break;
	}
	if (!queue_holds(signals, signo))
		signals->pending &= ~SIGNAL_BIT(signo);
	return signo;
}

/* Stopping and continuing undo each other, blocked or not. */
static void settle_stops(struct signals *signals, int signo)
{
	if (signal_default_stops(signo))
		signal_discard(signals, SIGNAL_BIT(SIGCONT));
	if (signo == SIGCONT || signo == SIGKILL) {
		signal_discard(signals, STOPS);
		signals->stopped = false;
	}
}

static int drop(const struct signal_queued *queued)
{
	if (queued->timer)
		signal_timer_taken(queued->timer, true);
	return 0;
}

int signal_queue(struct signals *signals, const struct signal_queued *queued)
{
	int signo = queued->signo;
	bool standard = signo < SIGRTMIN;

	settle_stops(signals, signo);
	/* What is ignored is dropped, unless it is blocked: its handler may change before it is unblocked. */
	if (is_ignored(signals, signo) && !(signals->blocked & SIGNAL_BIT(signo)))
		return drop(queued);
	/* Timers have an entry each, as each has its own overrun. */
	if (standard && !queued->timer && (signals->pending & SIGNAL_BIT(signo)))
		return 0;
	if (signals->queue_len < SIGNAL_QUEUE)
		signals->queue[signals->queue_len++] = *queued;
	else if (queued->timer)
		return drop(queued);
	else if (!standard && queued->code != SI_USER)
		return -EAGAIN;
	signals->pending |= SIGNAL_BIT(signo);
	return 0;
}

void signal_info_fill(struct abi_siginfo *info, const struct signal_queued *queued)
{
	*info = (struct abi_siginfo){ .signo = queued->signo, .code = queued->code };
	info->raw[0] = queued->data[0];
	info->raw[1] = queued->data[1];
}

int signal_send(struct process *process, int signo, const struct abi_siginfo *info)
{
	struct signal_queued queued = { .signo = signo, .code = SI_KERNEL };
	struct signals *signals = process->signals;
	unsigned long flags;
	int err;

	if (!signals)
		return 0;
	if (info) {
		queued.code = info->code;
		queued.data[0] = info->raw[0];
		queued.data[1] = info->raw[1];
	}
	flags = spin_lock(&signals->lock);
	err = signal_queue(signals, &queued);
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	wake_all(&signals->arrivals);
	return err;
}

void signal_send_self(int signo)
{
	struct process *process = process_current();
	struct abi_siginfo info = { .code = SI_USER };

	if (!process)
		return;
	info.pid = process->pid;
	info.uid = process->cred.uid;
	signal_send(process, signo, &info);
}

int signal_mask_borrow(user_ptr_t mask, size_t size)
{
	struct signals *signals = signals_current();
	unsigned long flags;
	uint64_t set;

	if (!mask)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (user_read(&set, mask))
		return -EFAULT;
	flags = spin_lock(&signals->lock);
	if (!signals->borrowed)
		signals->saved = signals->blocked;
	signals->borrowed = true;
	signals->blocked = set & ~UNBLOCKABLE;
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	return 0;
}

void signal_events(struct signal_events *events)
{
	struct signals *signals = signals_current();

	*events = signals ? signals->events : (struct signal_events){ 0 };
}
