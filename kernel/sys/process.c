/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes: made with all that a program owns, entered by a thread, emptied at exit.
 */
#include <kernel/abi/resource.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/console.h>
#include <kernel/harness.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "sys_internal.h"

#define NS_TIMER_SLACK 50000

OBJECT_TYPE(process);

static struct mutex list_lock = MUTEX_INIT(list_lock);
static struct list processes = LIST_INIT(processes);
static int next_pid = 1;

struct process *process_current(void)
{
	struct thread *thread = thread_current();

	return thread ? thread->process : NULL;
}

int process_tid(void)
{
	struct thread *thread = thread_current();

	return thread->process && thread->process->thread == thread ? thread->process->pid : thread->id;
}

/* ---- limits a program starts with (Linux's, with files and stack as Debian has them) ---- */

static void limits_init(struct process *process)
{
	for (unsigned i = 0; i < RLIMIT_COUNT; i++)
		process->rlimits[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	process->rlimits[RLIMIT_STACK] = (struct rlimit){ 8 * MIB, RLIM_INFINITY };
	process->rlimits[RLIMIT_CORE].current = 0;
	process->rlimits[RLIMIT_NPROC] = (struct rlimit){ 1024, 1024 };
	process->rlimits[RLIMIT_NOFILE] = (struct rlimit){ 1024, 4096 };
	process->rlimits[RLIMIT_MEMLOCK] = (struct rlimit){ 8 * MIB, 8 * MIB };
	process->rlimits[RLIMIT_SIGPENDING] = (struct rlimit){ 1024, 1024 };
	process->rlimits[RLIMIT_MSGQUEUE] = (struct rlimit){ 819200, 819200 };
	process->rlimits[RLIMIT_NICE] = (struct rlimit){ 0, 0 };
	process->rlimits[RLIMIT_RTPRIO] = (struct rlimit){ 0, 0 };
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

	err = signals_create(process, &process->signals);
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

static void list_add(struct process *process)
{
	mutex_lock(&list_lock);
	list_append(&processes, &process->node);
	mutex_unlock(&list_lock);
}

int process_create(const char *name, struct process **out)
{
	struct process *process = heap_zalloc(sizeof(*process));
	int err;

	if (!process)
		return -ENOMEM;
	object_count_add(&object_type_process, 1);
	process->refs = 1;
	process->pid = process->pgid = process->sid = atomic_fetch_add(&next_pid, 1);
	process->dumpable = 1;
	process->timer_slack_ns = NS_TIMER_SLACK;
	process->cpu_mask = UINT64_MAX;
	process->start_ns = clock_ns();
	process->cred.cap_effective = process->cred.cap_permitted = process->cred.cap_bounding = CAP_ALL;
	format(process->name, sizeof(process->name), "%s", name);
	limits_init(process);
	list_add(process);
	err = give_belongings(process);
	if (err) {
		process_teardown(process, 0);
		process_put(process);
		return err;
	}
	*out = process;
	return 0;
}

uint64_t process_cpu_ns(const struct process *process)
{
	const struct thread *thread = process->thread;

	if (!thread)
		return process->cpu_ns;
	return process->cpu_ns + thread->cpu_ns +
	       (thread == thread_current() ? clock_ns() - thread->switched_in_ns : 0) - process->cpu_entered_ns;
}

void process_enter(struct process *process)
{
	struct thread *thread = thread_current();

	if (thread->process && thread->process->thread == thread) {
		thread->process->cpu_ns = process_cpu_ns(thread->process);
		thread->process->thread = NULL;
	}
	thread->process = process;
	if (process && !process->thread) {
		process->cpu_entered_ns = thread->cpu_ns + clock_ns() - thread->switched_in_ns;
		process->thread = thread;
	}
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

static void close_files(struct process *process)
{
	struct thread *thread = thread_current();
	struct process *before = thread->process;

	/* Files are closed in the name of their owner: its record locks go with it. */
	thread->process = process;
	if (process->fds)
		fd_table_put(process->fds);
	process->fds = NULL;
	thread->process = before;
}

void process_teardown(struct process *process, int status)
{
	struct thread *thread = thread_current();

	if (!process->exited)
		process->status = status;
	process->exited = true;
	/* From here on nothing interrupts: the process is past its signals. */
	if (thread->process == process)
		atomic_store(&thread->interrupted, false);
	close_files(process);
	if (process->fs)
		fs_context_put(process->fs);
	process->fs = NULL;
	if (process->signals)
		signals_free(process->signals);
	process->signals = NULL;
	/* With the last reference the tables go, and are left first. */
	if (process->aspace)
		aspace_put(process->aspace);
	process->aspace = NULL;
	exec_forget(process);
}

static void clear_child_tid(struct process *process)
{
	const int zero = 0;

	/* A bad address is the program's own business (set_tid_address(2)). */
	if (process->clear_child_tid && !user_write(process->clear_child_tid, &zero))
		futex_wake_address(process->clear_child_tid);
}

void process_exit(int status)
{
	struct process *process = process_current();

	assert(process);
	clear_child_tid(process);
	if (IS_ENABLED(CONFIG_FUZZ) && harness_active()) {
		process->exited = true;
		process->status = status;
		harness_end();
	}
	process_teardown(process, status);
	process_enter(NULL);
	thread_exit();
}

/* ---- finding ---- */

struct process *process_find(int pid)
{
	struct process *found = NULL;

	mutex_lock(&list_lock);
	list_foreach(&processes, struct process, node, process) {
		if (process->pid == pid && !process->exited)
			found = process_get(process);
	}
	mutex_unlock(&list_lock);
	return found;
}

int process_foreach(int (*visit)(struct process *process, void *context), void *context)
{
	int result = 0;

	mutex_lock(&list_lock);
	list_foreach(&processes, struct process, node, process) {
		if (!process->exited)
			result = visit(process, context);
		if (result)
			break;
	}
	mutex_unlock(&list_lock);
	return result;
}

bool process_capable(enum capability capability)
{
	struct process *process = process_current();

	return !process || (process->cred.cap_effective & CAP_BIT(capability));
}
