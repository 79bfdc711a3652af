/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What /proc tells of a process and its threads. Nothing here changes anything.
 */
#include <kernel/atomic.h>
#include <kernel/thread.h>

#include "signal_internal.h"

uint64_t process_cpu_ns(const struct process *process)
{
	return atomic_load(&process->cpu_ns) + thread_running_ns(&process->cpu_ns);
}

static struct task *task_of(struct process *process, int tid)
{
	list_foreach(&process->tasks, struct task, node, task)
		if (task->tid == tid)
			return task;
	return NULL;
}

static char state_of(const struct process *process, const struct task *task)
{
	if (process->signals->stopped)
		return 'T';
	if (task && task->thread && atomic_load(&task->thread->state) == THREAD_SLEEPING)
		return 'S';
	return 'R';
}

static void fill_actions(const struct signals *signals, struct process_info *info)
{
	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		uint64_t handler = signals->actions[signo].handler;

		if (handler == SIG_IGN)
			info->ignored |= SIGNAL_BIT(signo);
		else if (handler != SIG_DFL)
			info->caught |= SIGNAL_BIT(signo);
	}
}

/* The lock of its signals is held. */
static void fill(struct process *process, const struct task *task, struct process_info *info)
{
	info->state = state_of(process, task);
	info->threads = 0;
	list_foreach(&process->tasks, struct task, node, one)
		info->threads++;
	info->shared_pending = process->signals->pending.set;
	fill_actions(process->signals, info);
	if (!task)
		return;
	info->pending = task->pending.set;
	info->blocked = task->blocked;
	if (task->thread)
		info->cpu_ns = thread_cpu_ns(task->thread) - task->cpu_entered_ns;
}

int process_info(struct process *process, int tid, struct process_info *info)
{
	struct task *task;
	unsigned long flags;

	*info = (struct process_info){ .state = 'Z', .threads = 1 };
	if (!process_hold(process)) {
		info->cpu_ns = process_cpu_ns(process);
		return tid && tid != process->pid ? -ESRCH : 0;
	}
	flags = spin_lock(&process->signals->lock);
	task = tid ? task_of(process, tid) : process->main;
	if (task || !tid)
		fill(process, task, info);
	spin_unlock(&process->signals->lock, flags);
	process_unhold();
	if (!tid)
		info->cpu_ns = process_cpu_ns(process);
	return task || !tid ? 0 : -ESRCH;
}

int process_next_task(struct process *process, int from)
{
	unsigned long flags;
	int next = -1;

	/* One that has ended is still there as its first thread. */
	if (!process_hold(process))
		return from <= process->pid ? process->pid : -1;
	flags = spin_lock(&process->signals->lock);
	list_foreach(&process->tasks, struct task, node, task)
		if (task->tid >= from && (next < 0 || task->tid < next))
			next = task->tid;
	spin_unlock(&process->signals->lock, flags);
	process_unhold();
	return next;
}
