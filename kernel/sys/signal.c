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
	uint64_t shared = signals->pending.set;

	list_foreach(&signals->process->tasks, struct task, node, task) {
		uint64_t wanted = ~(task->blocked & ~UNBLOCKABLE);
		bool due = (task->pending.set | shared) & wanted;

		shared &= ~wanted;
		if (!task->thread)
			continue;
		due |= signals->stopped && task->thread != thread_current();
		thread_interrupt(task->thread, due);
	}
}

uint64_t signals_waiting(const struct task *task)
{
	return task->pending.set | task->process->signals->pending.set;
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

	return signals && (signal_pending() || task_current()->borrowed);
}

/* ---- the queue ---- */

static void queue_remove(struct signal_pending *pending, unsigned at)
{
	struct signal_timer *timer = pending->queue[at].timer;

	pending->len--;
	for (unsigned i = at; i < pending->len; i++)
		pending->queue[i] = pending->queue[i + 1];
	if (timer)
		signal_timer_taken(timer, false);
}

static bool queue_holds(const struct signal_pending *pending, int signo)
{
	for (unsigned i = 0; i < pending->len; i++)
		if (pending->queue[i].signo == signo)
			return true;
	return false;
}

static void discard(struct signal_pending *pending, uint64_t set)
{
	for (unsigned i = pending->len; i-- > 0;)
		if (SIGNAL_BIT(pending->queue[i].signo) & set)
			queue_remove(pending, i);
	pending->set &= ~set;
}

void signal_discard(struct signals *signals, uint64_t set)
{
	discard(&signals->pending, set);
	list_foreach(&signals->process->tasks, struct task, node, task)
		discard(&task->pending, set);
}

static void take(struct signal_pending *pending, int signo, struct signal_queued *taken)
{
	*taken = (struct signal_queued){ .signo = signo };
	for (unsigned i = 0; i < pending->len; i++) {
		if (pending->queue[i].signo != signo)
			continue;
		*taken = pending->queue[i];
		queue_remove(pending, i);
		break;
	}
	if (!queue_holds(pending, signo))
		pending->set &= ~SIGNAL_BIT(signo);
}

int signal_take(struct task *task, uint64_t set, struct signal_queued *taken)
{
	uint64_t waiting = signals_waiting(task) & set;
	int signo;

	if (!waiting)
		return 0;
	signo = __builtin_ctzll(waiting) + 1;
	take(task->pending.set & SIGNAL_BIT(signo) ? &task->pending : &task->process->signals->pending, signo, taken);
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

int signal_queue(struct signals *signals, struct task *task, const struct signal_queued *queued)
{
	struct signal_pending *pending = task ? &task->pending : &signals->pending;
	struct task *asked = task ? task : list_first(&signals->process->tasks, struct task, node);
	int signo = queued->signo;
	bool standard = signo < SIGRTMIN;

	settle_stops(signals, signo);
	/* What is ignored is dropped, unless it is blocked: its handler may change before it is unblocked. */
	if (is_ignored(signals, signo) && !(asked->blocked & SIGNAL_BIT(signo)))
		return drop(queued);
	/* Timers have an entry each, as each has its own overrun. */
	if (standard && !queued->timer && (pending->set & SIGNAL_BIT(signo)))
		return 0;
	if (pending->len < (queued->timer ? array_size(pending->queue) : SIGNAL_QUEUE))
		pending->queue[pending->len++] = *queued;
	else if (queued->timer)
		return drop(queued);
	else if (!standard && queued->code != SI_USER)
		return -EAGAIN;
	pending->set |= SIGNAL_BIT(signo);
	return 0;
}

void signal_info_fill(struct abi_siginfo *info, const struct signal_queued *queued)
{
	*info = (struct abi_siginfo){ .signo = queued->signo, .code = queued->code };
	info->raw[0] = queued->data[0];
	info->raw[1] = queued->data[1];
}

static struct task *find_task(const struct process *process, int tid)
{
	list_foreach(&process->tasks, struct task, node, task) {
		if (task->tid == tid)
			return task;
	}
	return NULL;
}

/* tid 0: to any thread. */
static int send(struct process *process, int tid, int signo, const struct abi_siginfo *info)
{
	struct signal_queued queued = { .signo = signo, .code = SI_KERNEL };
	struct signals *signals = process->signals;
	struct task *task;
	unsigned long flags;
	int err = -ESRCH;

	if (!signals)
		return 0;
	if (info) {
		queued.code = info->code;
		queued.data[0] = info->raw[0];
		queued.data[1] = info->raw[1];
	}
	flags = spin_lock(&signals->lock);
	task = tid ? find_task(process, tid) : NULL;
	if (tid ? task != NULL : !list_empty(&process->tasks))
		err = signal_queue(signals, task, &queued);
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	wake_all(&signals->arrivals);
	signalfd_tell();
	return tid ? err : err == -ESRCH ? 0 : err;
}

int signal_send(struct process *process, int signo, const struct abi_siginfo *info)
{
	return send(process, 0, signo, info);
}

int signal_send_task(struct process *process, int tid, int signo, const struct abi_siginfo *info)
{
	return send(process, tid, signo, info);
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
	struct task *task = task_current();
	unsigned long flags;
	uint64_t set;

	if (!mask)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (user_read(&set, mask))
		return -EFAULT;
	flags = spin_lock(&signals->lock);
	if (!task->borrowed)
		task->saved = task->blocked;
	task->borrowed = true;
	task->blocked = set & ~UNBLOCKABLE;
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	return 0;
}

void signal_events(struct signal_events *events)
{
	struct signals *signals = signals_current();

	*events = signals ? signals->events : (struct signal_events){ 0 };
}
