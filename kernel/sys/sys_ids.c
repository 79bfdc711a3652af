/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who a process is among the others: process, thread, group and session numbers.
 */
#include "sys_internal.h"

SYSCALL(getpid, void)
{
	return process_current()->pid;
}

SYSCALL(getppid, void)
{
	return process_current()->ppid;
}

SYSCALL(gettid, void)
{
	return process_tid();
}

SYSCALL(getpgrp, void)
{
	return process_current()->pgid;
}

/* One number of a process: field(process), or -ESRCH. pid 0 is the caller. */
static long number_of(int pid, int (*field)(const struct process *process))
{
	struct process *process;
	int number;

	if (!pid)
		return field(process_current());
	process = process_find(pid);
	if (!process)
		return -ESRCH;
	number = field(process);
	process_put(process);
	return number;
}

static int pgid_of(const struct process *process)
{
	return process->pgid;
}

static int sid_of(const struct process *process)
{
	return process->sid;
}

SYSCALL(getpgid, int pid)
{
	return number_of(pid, pgid_of);
}

SYSCALL(getsid, int pid)
{
	return number_of(pid, sid_of);
}

struct group_search {
	int pgid, sid;
};

static int in_group(struct process *process, void *context)
{
	const struct group_search *search = context;

	return process->pgid == search->pgid && (search->sid == 0 || process->sid == search->sid);
}

static bool group_exists(int pgid, int sid)
{
	struct group_search search = { pgid, sid };

	return process_foreach(in_group, &search);
}

/* The rules of setpgid(2) for a process that is the caller or its child. */
static long move_to_group(struct process *process, int pgid)
{
	const struct process *self = process_current();

	if (process != self && process->ppid != self->pid)
		return -ESRCH;
	if (process->sid != self->sid || process->sid == process->pid)
		return -EPERM;
	if (pgid != process->pid && !group_exists(pgid, self->sid))
		return -EPERM;
	process->pgid = pgid;
	return 0;
}

SYSCALL(setpgid, int pid, int pgid)
{
	struct process *process;
	long result;

	if (pgid < 0)
		return -EINVAL;
	if (!pid)
		pid = process_current()->pid;
	process = process_find(pid);
	if (!process)
		return -ESRCH;
	result = move_to_group(process, pgid ? pgid : pid);
	process_put(process);
	return result;
}

SYSCALL(setsid, void)
{
	struct process *process = process_current();

	if (group_exists(process->pid, 0))
		return -EPERM;
	process->sid = process->pgid = process->pid;
	return process->pid;
}
