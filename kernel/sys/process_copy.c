/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new process's parts: each a copy of its parent's, or shared with it where CLONE_* flags say so.
 */
#include <kernel/abi/resource.h>
#include <kernel/aspace.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "fork.h"
#include "signal_internal.h"

#define PROCESSES_MAX 32768u

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

int process_copy(struct process *parent, uint64_t flags, struct task **out)
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
