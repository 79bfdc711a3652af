/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Priorities of input and output: kept for each thread and told, their rules checked. All files are in memory, so that
 * nobody waits for a disk in any order. A thread made with CLONE_IO starts with its maker's, as any other, and has its
 * own from then on.
 */
#include <kernel/abi/resource.h>

#include "signal_internal.h"

#define IOPRIO_WHO_PROCESS 1 /* one thread, in fact */
#define IOPRIO_WHO_PGRP 2
#define IOPRIO_WHO_USER 3

#define CLASS_SHIFT 13
#define CLASS_MASK 7
#define LEVEL_MASK 0x1fff
#define LEVELS 8

enum class { CLASS_NONE, CLASS_RT, CLASS_BE, CLASS_IDLE };

struct visit {
	int which, who;
	bool sets;
	unsigned ioprio; /* to set */
	long result;
};

static bool is_meant(const struct process *process, const struct task *task, const struct visit *visit)
{
	const struct process *self = process_current();

	switch (visit->which) {
	case IOPRIO_WHO_PROCESS:
		return visit->who ? task->tid == visit->who : task == task_current();
	case IOPRIO_WHO_PGRP:
		return process->pgid == (visit->who ? visit->who : self->pgid);
	default:
		return process->cred.uid == (visit->who ? (uint32_t)visit->who : self->cred.uid);
	}
}

static bool may_set(const struct process *process)
{
	const struct credentials *mine = &process_current()->cred;

	return process->cred.uid == mine->euid || process->cred.uid == mine->uid || process_capable(CAP_SYS_NICE);
}

/* What a thread that was told none has, by its policy and nice value. */
static unsigned default_of(const struct process *process)
{
	unsigned level = (unsigned)(process->nice + 20) / 5;

	switch (process->sched_policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return CLASS_RT << CLASS_SHIFT | level;
	case SCHED_IDLE:
		return CLASS_IDLE << CLASS_SHIFT | level;
	default:
		return CLASS_BE << CLASS_SHIFT | level;
	}
}

/* Of many the best is told, which is the lowest; of one what it was told. */
static void get(const struct process *process, const struct task *task, struct visit *visit)
{
	long ioprio = (long)task->ioprio;

	if (visit->which != IOPRIO_WHO_PROCESS && !ioprio)
		ioprio = (long)default_of(process);
	visit->result = visit->result < 0 ? ioprio : min(visit->result, ioprio);
}

/* Each thread that is meant; an error ends it. */
static int visit_process(struct process *process, void *context)
{
	struct visit *visit = context;
	unsigned long flags = spin_lock(&process->signals->lock);
	int stop = 0;

	list_foreach(&process->tasks, struct task, node, task) {
		if (stop || !is_meant(process, task, visit))
			continue;
		if (!visit->sets) {
			get(process, task, visit);
		} else if (may_set(process)) {
			task->ioprio = visit->ioprio;
			visit->result = 0;
		} else {
			visit->result = stop = -EPERM;
		}
	}
	spin_unlock(&process->signals->lock, flags);
	return stop;
}

static long visit_all(struct visit *visit)
{
	if (visit->which < IOPRIO_WHO_PROCESS || visit->which > IOPRIO_WHO_USER)
		return -EINVAL;
	visit->result = -ESRCH;
	process_foreach(visit_process, visit);
	return visit->result;
}

static long check(unsigned ioprio)
{
	unsigned level = ioprio & LEVEL_MASK;

	switch (ioprio >> CLASS_SHIFT & CLASS_MASK) {
	case CLASS_RT:
		if (!process_capable(CAP_SYS_ADMIN) && !process_capable(CAP_SYS_NICE))
			return -EPERM;
		return level < LEVELS ? 0 : -EINVAL;
	case CLASS_BE:
		return level < LEVELS ? 0 : -EINVAL;
	case CLASS_IDLE:
		return 0;
	case CLASS_NONE:
		return level ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

SYSCALL(ioprio_set, int which, int who, int ioprio)
{
	struct visit visit = { .which = which, .who = who, .sets = true, .ioprio = (uint16_t)ioprio };
	long err = check((unsigned)ioprio);

	return err ? err : visit_all(&visit);
}

SYSCALL(ioprio_get, int which, int who)
{
	struct visit visit = { .which = which, .who = who };

	return visit_all(&visit);
}
