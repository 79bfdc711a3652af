/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's threads: how they are listed, and end.
 */
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/thread.h>

#include "signal_internal.h"

struct task *task_current(void)
{
	struct thread *thread = thread_current();

	return thread ? thread->task : NULL;
}

int process_tid(void)
{
	const struct thread *thread = thread_current();

	return thread->task && thread->task->thread == thread ? thread->task->tid : thread->id;
}

int task_create(struct process *process, int tid, struct task **out)
{
	struct task *task = heap_zalloc(sizeof(*task));
	unsigned long flags;

	if (!task)
		return -ENOMEM;
	task->process = process;
	task->tid = tid ? tid : process_new_id();
	task->altstack.flags = SS_DISABLE;
	task->affinity = task_current() ? task_current()->affinity : UINT64_MAX;
	task->ioprio = task_current() ? task_current()->ioprio : 0;
	flags = spin_lock(&process->signals->lock);
	list_append(&process->tasks, &task->node);
	process->task_count++;
	spin_unlock(&process->signals->lock, flags);
	*out = task;
	return 0;
}

/* The lock of its signals is held. */
static void unlist(struct task *task)
{
	struct process *process = task->process;

	list_remove(&task->node);
	if (process->main == task)
		process->main = NULL;
}

void task_free(struct task *task)
{
	struct signals *signals = task->process->signals;
	unsigned long flags = spin_lock(&signals->lock);

	unlist(task);
	task->process->task_count--;
	spin_unlock(&signals->lock, flags);
	heap_free(task);
}

void task_release_memory(struct task *task)
{
	const int zero = 0;

	if (task->robust_list)
		futex_release_robust(task->robust_list, task->tid);
	/* A bad address is the program's own business (set_tid_address(2)). */
	if (task->clear_child_tid && !user_write(task->clear_child_tid, &zero))
		futex_wake_address(task->clear_child_tid);
	task->robust_list = task->clear_child_tid = 0;
}

/* The task of a number, in a process that has it; its signals are locked. NULL: it has ended meanwhile. */
static struct task *find_locked(struct process *process, int tid)
{
	list_foreach(&process->tasks, struct task, node, task)
		if (task->tid == tid)
			return task;
	return NULL;
}

bool task_find(struct task_lookup *found, int tid)
{
	struct process *process;

	tid = tid ? tid : task_current()->tid;
	process = process_find_task(tid);
	if (!process)
		return false;
	if (!process_hold(process)) {
		process_put(process);
		return false;
	}
	found->process = process;
	found->flags = spin_lock(&process->signals->lock);
	found->task = find_locked(process, tid);
	if (found->task)
		return true;
	task_let_go(found);
	return false;
}

void task_let_go(struct task_lookup *found)
{
	spin_unlock(&found->process->signals->lock, found->flags);
	process_unhold();
	process_put(found->process);
}

int task_get_affinity(int tid, uint64_t *cpus)
{
	struct task_lookup found;

	if (!task_find(&found, tid))
		return -ESRCH;
	*cpus = found.task->affinity;
	task_let_go(&found);
	return 0;
}

int task_set_affinity(int tid, uint64_t cpus)
{
	struct thread *thread;
	struct task_lookup found;
	int err;

	if (!task_find(&found, tid))
		return -ESRCH;
	found.task->affinity = cpus;
	thread = found.task->thread ? thread_get(found.task->thread) : NULL;
	task_let_go(&found);
	err = thread ? thread_set_affinity(thread, cpus) : 0;
	if (thread)
		thread_put(thread);
	return err;
}

/* The running thread belongs to no process any more. */
static void leave(void)
{
	struct thread *thread = thread_current();

	thread_charge(NULL);
	aspace_activate(NULL);
	thread->task = NULL;
	thread->process = NULL;
}

static bool is_alone(void *arg)
{
	const struct process *process = arg;

	return process->tasks.next == process->tasks.prev;
}

/* Others may still be on their way out, with the process in their hands. */
static void wait_alone(struct process *process)
{
	while (wait_until_killed(&process->task_left, is_alone, process))
		continue;
}

static NORETURN void end_last(struct process *process)
{
	/* It is past being killed: what it does from here on has to be done. */
	atomic_store(&thread_current()->killed, false);
	wait_alone(process);
	process->ending = true;
	process_return_memory(process);
	process_teardown(process, process->status);
	leave();
	process_ended(process);
	thread_exit();
}

static NORETURN void end_one(struct process *process, struct task *task)
{
	struct signals *signals = process->signals;
	unsigned long flags;

	leave();
	flags = spin_lock(&signals->lock);
	unlist(task);
	signals_update(signals);
	wake_all(&process->task_left);
	spin_unlock(&signals->lock, flags);
	heap_free(task);
	thread_exit();
}

void task_exit(int status)
{
	struct task *task = task_current();
	struct process *process = task->process;
	struct signals *signals = process->signals;
	unsigned long flags;
	bool last;

	task_release_memory(task);
	flags = spin_lock(&signals->lock);
	last = --process->task_count == 0;
	if (last && !process->dying)
		process->status = status;
	process->dying |= last;
	spin_unlock(&signals->lock, flags);
	if (last)
		end_last(process);
	end_one(process, task);
}

void process_killed(void)
{
	process_end_input(SIGKILL);
	task_exit(SIGKILL);
}

int task_end_others(void)
{
	struct task *self = task_current();
	struct process *process = self->process;
	struct signals *signals = process->signals;
	unsigned long flags = spin_lock(&signals->lock);

	list_foreach(&process->tasks, struct task, node, task)
		if (task != self && task->thread)
			thread_kill(task->thread);
	spin_unlock(&signals->lock, flags);
	if (wait_until(&process->task_left, is_alone, process, WAIT_FOREVER))
		return -EINTR;
	/* The one that goes on is the process's first thread from now on, by number too. */
	flags = spin_lock(&signals->lock);
	process->main = self;
	self->tid = process->pid;
	spin_unlock(&signals->lock, flags);
	return 0;
}
