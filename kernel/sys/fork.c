/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New threads and processes: clone and its kin. A process is copied; what CLONE_* flags say is shared instead.
 */
#include <arch/arch.h>
#include <kernel/abi/resource.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/harness.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "signal_internal.h"

#define CLONE_SIGNAL 0xffu
#define CLONE_VM 0x100u
#define CLONE_FS 0x200u
#define CLONE_FILES 0x400u
#define CLONE_SIGHAND 0x800u
#define CLONE_PIDFD 0x1000u
#define CLONE_PTRACE 0x2000u
#define CLONE_VFORK 0x4000u
#define CLONE_PARENT 0x8000u
#define CLONE_THREAD 0x10000u
#define CLONE_SYSVSEM 0x40000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_DETACHED 0x400000u
#define CLONE_UNTRACED 0x800000u
#define CLONE_CHILD_SETTID 0x1000000u
#define CLONE_IO 0x80000000u
#define CLONE_CLEAR_SIGHAND UINT64_C(0x100000000)

/* Namespaces, control groups and descriptors of processes are not there. */
#define CLONE_KNOWN                                                                                                    \
	(CLONE_SIGNAL | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PTRACE | CLONE_VFORK |               \
	 CLONE_PARENT | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |     \
	 CLONE_DETACHED | CLONE_UNTRACED | CLONE_CHILD_SETTID | CLONE_IO | CLONE_CLEAR_SIGHAND)

#define PROCESSES_MAX 32768u

/* struct clone_args of clone3(2), first version and up to set_tid. */
struct clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
		cgroup;
};
#define CLONE_ARGS_MIN 64

/* What the new thread does before its program goes on. */
struct birth {
	user_ptr_t set_tid; /* 0: nothing */
	int tid;
};

/* The thread makes the calls of a harness's input that name it, and ends. */
static NORETURN void run_without_code(void)
{
	harness_thread_run();
	if (thread_current()->killed)
		process_killed();
	task_exit(0);
}

static void begin(void *arg)
{
	struct birth birth = *(struct birth *)arg;

	heap_free(arg);
	if (birth.set_tid)
		(void)user_write(birth.set_tid, &birth.tid);
	if (IS_ENABLED(CONFIG_FUZZ) && !process_current()->has_code)
		run_without_code();
	arch_user_continue();
}

/* ---- the parts of a process ---- */

static int copy_memory(struct process *child, struct process *parent, uint64_t flags)
{
	if (!(flags & CLONE_VM) && !IS_ENABLED(CONFIG_FORK))
		return -ENOSYS;
	if (!(flags & CLONE_VM))
		return aspace_fork(parent->aspace, &child->aspace);
	child->aspace = aspace_get(parent->aspace);
	return 0;
}

static int copy_files(struct process *child, struct process *parent, uint64_t flags)
{
	if (!(flags & CLONE_FILES))
		return fd_table_copy(parent->fds, &child->fds);
	child->fds = fd_table_get(parent->fds);
	return 0;
}

static int copy_fs(struct process *child, struct process *parent, uint64_t flags)
{
	if (!(flags & CLONE_FS))
		return fs_context_create(parent->fs, &child->fs);
	child->fs = fs_context_get(parent->fs);
	return 0;
}

/* Dispositions are inherited, what waits and timers are not. */
static void copy_signals(struct process *child, struct process *parent, uint64_t flags)
{
	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		child->signals->actions[signo] = parent->signals->actions[signo];
		if ((flags & CLONE_CLEAR_SIGHAND) && child->signals->actions[signo].handler != SIG_IGN)
			child->signals->actions[signo] = (struct abi_sigaction){ .handler = SIG_DFL };
	}
}

static void inherit(struct process *child, const struct process *parent, uint64_t flags)
{
	child->ppid = flags & CLONE_PARENT ? parent->ppid : parent->pid;
	child->pgid = parent->pgid;
	child->sid = parent->sid;
	child->cred = parent->cred;
	memcpy(child->rlimits, parent->rlimits, sizeof(child->rlimits));
	child->nice = parent->nice;
	if (parent->sched_reset_on_fork) {
		child->nice = parent->nice < 0 ? 0 : parent->nice;
	} else {
		child->sched_policy = parent->sched_policy;
		child->sched_priority = parent->sched_priority;
	}
	child->personality = parent->personality;
	child->dumpable = parent->dumpable;
	child->no_new_privs = parent->no_new_privs;
	child->keep_caps = parent->keep_caps;
	child->timer_slack_ns = parent->timer_slack_ns;
	child->has_code = parent->has_code;
	memcpy(child->name, parent->name, sizeof(child->name));
	child->is_child = true;
	child->exit_signal = (int)(flags & CLONE_SIGNAL);
	child->borrows_memory = flags & CLONE_VFORK;
}

static int copy_belongings(struct process *child, struct process *parent, uint64_t flags)
{
	int err = copy_memory(child, parent, flags);

	if (!err)
		err = copy_files(child, parent, flags);
	if (!err)
		err = copy_fs(child, parent, flags);
	if (!err)
		err = exec_inherit(child, parent);
	return err;
}

static int count_one(struct process *process UNUSED, void *context)
{
	return ++*(unsigned *)context >= PROCESSES_MAX;
}

static int check_count(const struct process *process)
{
	unsigned count = 0;

	if (process_foreach(count_one, &count))
		return -EAGAIN;
	return count >= process->rlimits[RLIMIT_NPROC].current && process->cred.uid ? -EAGAIN : 0;
}

/* A process with one task and no thread yet. */
static int process_copy(struct process *parent, uint64_t flags, struct task **out)
{
	struct process *child;
	int err = check_count(parent);

	if (err)
		return err;
	child = heap_zalloc(sizeof(*child));
	if (!child)
		return -ENOMEM;
	/* Nobody may find it before it is whole. */
	child->exited = true;
	err = process_init(child);
	if (!err)
		inherit(child, parent, flags);
	if (!err)
		err = task_create(child, child->pid, &child->main);
	if (!err)
		err = copy_belongings(child, parent, flags);
	if (err) {
		process_teardown(child, 0);
		process_put(child);
		return err;
	}
	copy_signals(child, parent, flags);
	child->main->blocked = task_current()->blocked;
	if (!(flags & CLONE_VM) || (flags & CLONE_VFORK))
		child->main->altstack = task_current()->altstack;
	*out = child->main;
	return 0;
}

/* ---- the thread ---- */

static struct thread *make_thread(struct task *task, const struct clone_args *args)
{
	struct birth *birth = heap_alloc(sizeof(*birth));
	struct thread *thread;

	if (!birth)
		return NULL;
	*birth = (struct birth){ .set_tid = args->flags & CLONE_CHILD_SETTID ? args->child_tid : 0, .tid = task->tid };
	thread = thread_create(task->process->name, begin, birth);
	if (!thread) {
		heap_free(birth);
		return NULL;
	}
	thread->process = task->process;
	thread->aspace = task->process->aspace;
	thread->cpu_total = &task->process->cpu_ns;
	thread->nice = thread_current()->nice;
	thread->task = task;
	if (args->flags & CLONE_CHILD_CLEARTID)
		task->clear_child_tid = args->child_tid;
	if (task->process->has_code)
		arch_user_clone(thread, args->stack ? args->stack + args->stack_size : 0,
				args->flags & CLONE_SETTLS ? &args->tls : NULL);
	return thread;
}

static void launch(struct thread *thread)
{
	if (IS_ENABLED(CONFIG_FUZZ) && !thread->process->has_code)
		harness_thread_started(thread);
	thread_start(thread);
}

/* Its program goes on beside the caller's. False: the process is ending, and has no more threads. */
static bool start_thread(struct task *task, struct thread *thread)
{
	struct signals *signals = task->process->signals;
	unsigned long flags = spin_lock(&signals->lock);
	bool starts = !task->process->dying && !thread_current()->killed;

	if (starts) {
		task->thread = thread;
		signals_update(signals);
	}
	spin_unlock(&signals->lock, flags);
	if (starts)
		launch(thread);
	return starts;
}

static long clone_thread(const struct clone_args *args)
{
	struct process *process = process_current();
	struct thread *thread;
	struct task *task;
	int err = task_create(process, 0, &task), tid;

	if (err)
		return err;
	tid = task->tid;
	task->blocked = task_current()->blocked;
	thread = make_thread(task, args);
	if (!thread) {
		task_free(task);
		return -EAGAIN;
	}
	if ((args->flags & CLONE_PARENT_SETTID) && user_write(args->parent_tid, &tid))
		err = -EFAULT;
	if (err || !start_thread(task, thread)) {
		heap_free(thread->arg);
		thread->process = NULL;
		thread_put(thread);
		task_free(task);
		return err ? err : -EINTR;
	}
	thread_put(thread);
	return tid;
}

static bool has_memory_back(void *arg)
{
	return !atomic_load(&((struct process *)arg)->borrows_memory);
}

static long clone_process(const struct clone_args *args)
{
	struct process *parent = process_current(), *child;
	struct thread *thread;
	struct task *task;
	int err = process_copy(parent, args->flags, &task), pid;

	if (err)
		return err;
	child = task->process;
	pid = child->pid;
	thread = make_thread(task, args);
	if (thread && (args->flags & CLONE_PARENT_SETTID) && user_write(args->parent_tid, &pid))
		err = -EFAULT;
	if (!thread || err) {
		if (thread) {
			heap_free(thread->arg);
			thread->process = NULL;
			thread_put(thread);
		}
		process_teardown(child, 0);
		process_put(child);
		return thread ? err : -EAGAIN;
	}
	process_get(child);
	task->thread = thread;
	atomic_store(&child->exited, false);
	launch(thread);
	thread_put(thread);
	if (args->flags & CLONE_VFORK)
		err = wait_until_killed(&child->memory_returned, has_memory_back, child);
	process_put(child);
	return pid;
}

static int check_flags(uint64_t flags)
{
	if (flags & ~(uint64_t)CLONE_KNOWN)
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (!(flags & CLONE_VM) || (flags & CLONE_CLEAR_SIGHAND)))
		return -EINVAL;
	/* Processes that share handlers are an older kind of threads. */
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_THREAD))
		return -EINVAL;
	return (flags & CLONE_SIGNAL) > SIGRTMAX ? -EINVAL : 0;
}

static long do_clone(const struct clone_args *args)
{
	int err = check_flags(args->flags);

	if (err)
		return err;
	/* What has no code has nothing that could go on twice, unless it is a harness's input. */
	if (!process_current()->has_code) {
		err = IS_ENABLED(CONFIG_FUZZ) ? harness_thread_room() : -ENOSYS;
		if (err)
			return err;
	}
	return args->flags & CLONE_THREAD ? clone_thread(args) : clone_process(args);
}

/* ---- the calls ---- */

SYSCALL(clone, uint64_t flags, user_ptr_t stack, user_ptr_t parent_tid, user_ptr_t child_tid, uint64_t tls)
{
	struct clone_args args = {
		.flags = flags & UINT32_MAX,
		.stack = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
	};

	return do_clone(&args);
}

#ifdef __x86_64__
SYSCALL(fork, void)
{
	struct clone_args args = { .flags = SIGCHLD };

	return do_clone(&args);
}

SYSCALL(vfork, void)
{
	struct clone_args args = { .flags = SIGCHLD | CLONE_VM | CLONE_VFORK };

	return do_clone(&args);
}
#endif

SYSCALL(clone3, user_ptr_t args, size_t size)
{
	struct clone_args given = { 0 };
	long err = size < CLONE_ARGS_MIN ? -EINVAL : user_copy_struct(&given, sizeof(given), args, size);

	if (err)
		return err;
	if (given.set_tid_size || given.set_tid || given.cgroup || (given.flags & CLONE_SIGNAL) ||
	    given.exit_signal > SIGRTMAX || (given.flags & CLONE_DETACHED) || !given.stack != !given.stack_size)
		return -EINVAL;
	given.flags |= given.exit_signal;
	return do_clone(&given);
}
