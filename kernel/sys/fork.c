/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New threads and processes: clone and its kin. A process is copied; what CLONE_* flags say is shared instead.
 */
#include <arch/arch.h>
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/harness.h>
#include <kernel/heap.h>
#include <kernel/thread.h>

#include "fork.h"
#include "pidfd.h"
#include "signal_internal.h"

/* Namespaces and control groups are not there. */
#define CLONE_KNOWN                                                                                                    \
	(CLONE_SIGNAL | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PIDFD | CLONE_PTRACE | CLONE_VFORK | \
	 CLONE_PARENT | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |     \
	 CLONE_DETACHED | CLONE_UNTRACED | CLONE_CHILD_SETTID | CLONE_IO | CLONE_CLEAR_SIGHAND)

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
	thread->switched = true;
	rseq_inherit(task, args->flags & CLONE_VM);
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

/* What the parent's memory learns of the child: its number, and a descriptor that stands for it. */
static int tell_parent(struct process *child, const struct clone_args *args)
{
	int fd;

	if ((args->flags & CLONE_PARENT_SETTID) && user_write(args->parent_tid, &child->pid))
		return -EFAULT;
	if (!(args->flags & CLONE_PIDFD))
		return 0;
	fd = pidfd_create(process_get(child), 0);
	if (fd < 0)
		return fd;
	if (!user_write(args->pidfd, &fd))
		return 0;
	fd_close(fd);
	return -EFAULT;
}

/* A child that is not to be after all. */
static void abandon(struct process *child, struct thread *thread)
{
	if (thread) {
		heap_free(thread->arg);
		thread->process = NULL;
		thread_put(thread);
	}
	process_teardown(child, 0);
	process_put(child);
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
	err = thread ? tell_parent(child, args) : -EAGAIN;
	if (err) {
		abandon(child, thread);
		return err;
	}
	process_get(child);
	TRACE(process_fork, child->pid, parent->pid);
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
	/* A descriptor stands for a process; CLONE_DETACHED is kept free for a later meaning with it (clone(2)). */
	if ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED)))
		return -EINVAL;
	return (flags & CLONE_SIGNAL) > SIGRTMAX ? -EINVAL : 0;
}

/* One word cannot hold the number and the descriptor. */
static bool results_collide(const struct clone_args *args)
{
	const uint64_t both = CLONE_PIDFD | CLONE_PARENT_SETTID;

	return (args->flags & both) == both && args->pidfd == args->parent_tid;
}

static long do_clone(const struct clone_args *args)
{
	int err = check_flags(args->flags);

	if (err)
		return err;
	if (results_collide(args))
		return -EINVAL;
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
		.pidfd = parent_tid,
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
