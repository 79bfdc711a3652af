/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes: made with all that a program owns, entered by a thread, emptied at exit.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/console.h>
#include <kernel/harness.h>
#include <kernel/heap.h>
#include <kernel/ipc.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "signal_internal.h"

#define NS_TIMER_SLACK 50000

OBJECT_TYPE(process);

static struct mutex list_lock = MUTEX_INIT(list_lock);
static struct list processes = LIST_INIT(processes);
static int next_id = 1;

struct process *process_current(void)
{
	struct thread *thread = thread_current();

	return thread ? thread->process : NULL;
}

/* ---- birth ---- */

/*
 * fds 0 and 1 on the terminal, 2 where the kernel's log goes. Descriptors belong to the running process: it is that
 * for now.
 */
static int open_console(struct process *process)
{
	struct thread *thread = thread_current();
	struct process *before = thread->process;
	struct file *files[3];
	int err, fd = 0;

	err = console_open(O_RDWR, &files[0]);
	if (err)
		return err;
	files[1] = file_get(files[0]);
	err = console_open_errors(O_RDWR, &files[2]);
	if (err) {
		file_put(files[0]);
		file_put(files[1]);
		return err;
	}
	thread->process = process;
	while (fd <= 2 && err >= 0)
		err = fd_install(files[fd++], 0, false);
	thread->process = before;
	if (err >= 0)
		return 0;
	for (fd--; fd <= 2; fd++)
		file_put(files[fd]);
	return err;
}

static int give_belongings(struct process *process)
{
	int err;

	err = task_create(process, process->pid, &process->main);
	if (err)
		return err;
	err = aspace_create(&process->aspace);
	if (err)
		return err;
	err = fs_context_create(NULL, &process->fs);
	if (err)
		return err;
	err = fd_table_create(&process->fds);
	if (err)
		return err;
	return open_console(process);
}

int process_new_id(void)
{
	return atomic_fetch_add(&next_id, 1);
}

int process_init(struct process *process)
{
	list_init(&process->tasks);
	list_init(&process->sem_undos);
	wait_queue_init(&process->task_left);
	wait_queue_init(&process->child_wait);
	wait_queue_init(&process->memory_returned);
	object_count_add(&object_type_process, 1);
	process->refs = 1;
	process->pid = process_new_id();
	process->start_ns = clock_ns();
	mutex_lock(&list_lock);
	list_append(&processes, &process->node);
	mutex_unlock(&list_lock);
	return signals_create(process, &process->signals);
}

int process_create(const char *name, struct process **out)
{
	struct process *process = heap_zalloc(sizeof(*process));
	int err;

	if (!process)
		return -ENOMEM;
	err = process_init(process);
	process->pgid = process->sid = process->pid;
	process->dumpable = 1;
	process->timer_slack_ns = NS_TIMER_SLACK;
	process->cred.cap_effective = process->cred.cap_permitted = process->cred.cap_bounding = CAP_ALL;
	format(process->name, sizeof(process->name), "%s", name);
	limits_init(process);
	if (!err)
		err = give_belongings(process);
	if (err) {
		process_teardown(process, 0);
		process_put(process);
		return err;
	}
	*out = process;
	return 0;
}

void process_enter(struct process *process)
{
	struct thread *thread = thread_current();

	if (thread->task && thread->task->thread == thread)
		thread->task->thread = NULL;
	thread_charge(process ? &process->cpu_ns : NULL);
	thread->process = process;
	thread->task = process ? process->main : NULL;
	if (thread->task)
		thread->task->cpu_entered_ns = thread->cpu_ns;
	if (thread->task && !thread->task->thread)
		thread->task->thread = thread;
	aspace_activate(process ? process->aspace : NULL);
	signals_entered();
}

/* ---- death ---- */

struct process *process_get(struct process *process)
{
	atomic_fetch_add(&process->refs, 1);
	return process;
}

void process_put(struct process *process)
{
	if (atomic_fetch_sub(&process->refs, 1) != 1)
		return;
	mutex_lock(&list_lock);
	list_remove(&process->node);
	mutex_unlock(&list_lock);
	object_count_add(&object_type_process, -1);
	heap_free(process);
}

/* The references that a list of ended processes holds; others may have some as well (pidfds). */
static void put_all(struct list *ended)
{
	while (!list_empty(ended)) {
		struct process *process = list_first(ended, struct process, node);

		list_remove(&process->node);
		process_put(process);
	}
}

static void free_tasks(struct process *process)
{
	struct thread *thread = thread_current();

	if (thread->process == process)
		thread->task = NULL;
	while (!list_empty(&process->tasks))
		task_free(list_first(&process->tasks, struct task, node));
}

/* Who waits for the end is told. */
static void set_over(struct process *process)
{
	atomic_store(&process->over, true);
	wake_all(&process->task_left);
}

/* list_lock is held. */
static bool any_living(void)
{
	list_foreach(&processes, struct process, node, process)
		if (!process->exited)
			return true;
	return false;
}

void process_teardown(struct process *process, int status)
{
	struct thread *thread = thread_current();
	bool last;

	/* Who finds it alive under the list's lock may use what it owns while it holds that. */
	mutex_lock(&list_lock);
	if (!process->exited && !process->dying)
		process->status = status;
	process->exited = true;
	last = !any_living();
	mutex_unlock(&list_lock);
	TRACE(process_exit, process->pid, process->status);
	/* From here on nothing interrupts: the process is past its signals. */
	if (thread->process == process)
		atomic_store(&thread->interrupted, false);
	if (process->fds)
		fd_table_put(process->fds);
	process->fds = NULL;
	if (process->fs)
		fs_context_put(process->fs);
	process->fs = NULL;
	if (process->signals)
		signal_timers_stop(process->signals);
	free_tasks(process);
	if (process->signals)
		signals_free(process->signals);
	process->signals = NULL;
	/* With the last reference the tables go, and are left first. */
	if (process->aspace)
		aspace_put(process->aspace);
	process->aspace = NULL;
	exec_forget(process);
	ipc_process_ended(process);
	if (last)
		ipc_forget_all();
	if (!process->ending)
		set_over(process);
}

void process_return_memory(struct process *process)
{
	if (!process->borrows_memory)
		return;
	atomic_store(&process->borrows_memory, false);
	wake_all(&process->memory_returned);
}

/* ---- telling the parent ---- */

int process_wait_value(const struct process *child, int code)
{
	switch (code) {
	case CLD_STOPPED:
		return child->signals ? child->signals->stop_signal : SIGSTOP;
	case CLD_CONTINUED:
		return SIGCONT;
	default:
		return child->status & 0x7f ? child->status & 0x7f : child->status >> 8 & 0xff;
	}
}

/* list_lock is held. False for one that is yet to begin too: it is listed before it has what processes have. */
static bool is_alive(const struct process *process)
{
	return !process->exited && process->signals;
}

static struct process *living(int pid)
{
	list_foreach(&processes, struct process, node, process) {
		if (process->pid == pid && is_alive(process))
			return process;
	}
	return NULL;
}

static bool wants_no_zombies(struct process *parent)
{
	const struct abi_sigaction *action = &parent->signals->actions[SIGCHLD];

	return action->handler == SIG_IGN || (action->flags & SA_NOCLDWAIT);
}

static struct abi_siginfo info_of_child(const struct process *child, int code)
{
	struct abi_siginfo info = { .code = code };

	info.pid = child->pid;
	info.uid = child->cred.uid;
	info.value = (uint32_t)process_wait_value(child, code);
	return info;
}

/* list_lock is held. */
static void tell(struct process *parent, struct process *child, int code, int signo)
{
	struct abi_siginfo info = info_of_child(child, code);

	if (signo)
		signal_send(parent, signo, &info);
	atomic_fetch_add(&parent->child_events, 1);
	wake_all(&parent->child_wait);
}

void process_tell_parent(struct process *process, int code)
{
	struct process *parent;

	mutex_lock(&list_lock);
	process->wait_code = code;
	parent = process->is_child ? living(process->ppid) : NULL;
	if (parent)
		tell(parent, process, code, parent->signals->actions[SIGCHLD].flags & SA_NOCLDSTOP ? 0 : SIGCHLD);
	mutex_unlock(&list_lock);
}

/* list_lock is held. True: nobody will wait for it. */
static bool announce(struct process *process)
{
	struct process *parent = living(process->ppid);
	int code = process->status & 0x7f ? CLD_KILLED : CLD_EXITED;
	bool unwanted;

	unwanted = !parent || (process->exit_signal == SIGCHLD && wants_no_zombies(parent));
	process->zombie = !unwanted;
	if (!parent)
		return true;
	tell(parent, process, code, process->exit_signal);
	return unwanted;
}

/* Its children become the first process's, or nobody's; list_lock is held. Those that nobody waits for go on a list. */
static void orphan_children(const struct process *process, struct list *unwanted)
{
	list_foreach_safe(&processes, struct process, node, child) {
		if (!child->is_child || child->ppid != process->pid)
			continue;
		child->ppid = process->pid == 1 ? 0 : 1;
		if (child->death_signal && !child->exited)
			signal_send(child, child->death_signal, NULL);
		if (child->zombie && announce(child)) {
			list_remove(&child->node);
			list_append(unwanted, &child->node);
		}
	}
}

void process_ended(struct process *process)
{
	struct list unwanted = LIST_INIT(unwanted);
	bool is_child = process->is_child, put = false;

	mutex_lock(&list_lock);
	process->ending = false;
	orphan_children(process, &unwanted);
	if (is_child)
		put = announce(process);
	else
		process->zombie = true;
	set_over(process);
	mutex_unlock(&list_lock);
	if (put)
		process_put(process);
	put_all(&unwanted);
}

void process_forget_children(void)
{
	const struct process *self = process_current();
	struct list ended = LIST_INIT(ended);

	mutex_lock(&list_lock);
	list_foreach_safe(&processes, struct process, node, child) {
		if (!child->is_child || !child->zombie || child->ppid != self->pid)
			continue;
		child->zombie = false;
		list_remove(&child->node);
		list_append(&ended, &child->node);
	}
	mutex_unlock(&list_lock);
	put_all(&ended);
}

static bool is_over(void *arg)
{
	return atomic_load(&((struct process *)arg)->zombie);
}

void process_wait_end(struct process *process)
{
	while (wait_until_killed(&process->task_left, is_over, process))
		continue;
	/* process_ended() wakes with the lock held, and is done with the process when it lets go. */
	mutex_lock(&list_lock);
	mutex_unlock(&list_lock);
}

void process_end_input(int status)
{
	struct process *process = process_current();
	struct task *task = task_current();

	if (!IS_ENABLED(CONFIG_FUZZ) || !harness_active() || process->is_child)
		return;
	/* The first thread of the first process stays: the input runs on it. */
	if (task == process->main) {
		task_release_memory(task);
		process->exited = true;
		if (!process->dying)
			process->status = status;
	}
	harness_end();
}

void process_exit(int status)
{
	struct process *process = process_current();
	struct thread *thread = thread_current();
	unsigned long flags;

	assert(process);
	process_end_input(status);
	flags = spin_lock(&process->signals->lock);
	if (!process->dying)
		process->status = status;
	process->dying = true;
	list_foreach(&process->tasks, struct task, node, task)
		if (task->thread && task->thread != thread)
			thread_kill(task->thread);
	spin_unlock(&process->signals->lock, flags);
	task_exit(status);
}

/* ---- finding ---- */

struct process *process_find(int pid)
{
	struct process *found = NULL;

	mutex_lock(&list_lock);
	list_foreach(&processes, struct process, node, process) {
		if (process->pid == pid && is_alive(process))
			found = process_get(process);
	}
	mutex_unlock(&list_lock);
	return found;
}

/*
 * list_lock is held. A dead one that is no zombie was waited for, and may have no reference left; one without signals
 * is not born yet.
 */
static bool is_listed(const struct process *process)
{
	if (!process->exited)
		return process->signals != NULL;
	return process->ending || (process->zombie && process->is_child);
}

struct process *process_find_any(int pid)
{
	struct process *found = NULL;

	mutex_lock(&list_lock);
	list_foreach(&processes, struct process, node, process) {
		if (process->pid == pid && is_listed(process))
			found = process_get(process);
	}
	mutex_unlock(&list_lock);
	return found;
}

int process_next(int from)
{
	int next = -1;

	mutex_lock(&list_lock);
	list_foreach(&processes, struct process, node, process) {
		if (process->pid >= from && (next < 0 || process->pid < next) && is_listed(process))
			next = process->pid;
	}
	mutex_unlock(&list_lock);
	return next;
}

bool process_hold(struct process *process)
{
	mutex_lock(&list_lock);
	if (is_alive(process))
		return true;
	mutex_unlock(&list_lock);
	return false;
}

void process_unhold(void)
{
	mutex_unlock(&list_lock);
}

void process_set_program(struct process *process, struct aspace *aspace, struct file *program)
{
	mutex_lock(&list_lock);
	process->aspace = aspace;
	process->program = program;
	mutex_unlock(&list_lock);
}

void process_set_files(struct process *process, struct fd_table *fds)
{
	mutex_lock(&list_lock);
	process->fds = fds;
	mutex_unlock(&list_lock);
}

void process_set_fs(struct process *process, struct fs_context *fs)
{
	mutex_lock(&list_lock);
	process->fs = fs;
	mutex_unlock(&list_lock);
}

struct process *process_find_task(int tid)
{
	struct process *found = NULL;

	mutex_lock(&list_lock);
	list_foreach(&processes, struct process, node, process) {
		unsigned long flags;

		if (!is_alive(process))
			continue;
		flags = spin_lock(&process->signals->lock);
		list_foreach(&process->tasks, struct task, node, task)
			if (task->tid == tid)
				found = process_get(process);
		spin_unlock(&process->signals->lock, flags);
		if (found)
			break;
	}
	mutex_unlock(&list_lock);
	return found;
}

int process_foreach_child(int (*visit)(struct process *child, void *context), void *context)
{
	const struct process *self = process_current();
	int result = 0;

	mutex_lock(&list_lock);
	list_foreach_safe(&processes, struct process, node, child) {
		if (child->ppid != self->pid || (child->exited && !child->zombie && !child->ending))
			continue;
		result = visit(child, context);
		if (result)
			break;
	}
	mutex_unlock(&list_lock);
	return result;
}

static int foreach(int (*visit)(struct process *process, void *context), void *context, bool ended_too)
{
	int result = 0;

	mutex_lock(&list_lock);
	list_foreach(&processes, struct process, node, process) {
		if (ended_too || is_alive(process))
			result = visit(process, context);
		if (result)
			break;
	}
	mutex_unlock(&list_lock);
	return result;
}

int process_foreach(int (*visit)(struct process *process, void *context), void *context)
{
	return foreach(visit, context, false);
}

int process_foreach_any(int (*visit)(struct process *process, void *context), void *context)
{
	return foreach(visit, context, true);
}
