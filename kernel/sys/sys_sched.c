/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Priorities, policies and CPUs. The scheduler itself knows nice values; the real-time policies are kept and told,
 * and their rules checked, but all threads share the CPU in turn.
 */
#include <kernel/abi/resource.h>
#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/time.h>

#include "task.h"
#include "signal_internal.h"
#include "sys_internal.h"

#define PRIORITY_MAX 99
#define SLICE_NS (100 * NSEC_PER_MSEC) /* what Linux tells of SCHED_RR */
#define ATTR_SIZE_0 48   /* the first version of struct sched_attr */
#define ATTR_RESET_ON_FORK 1u

SYSCALL(sched_yield, void)
{
	thread_yield();
	return 0;
}

SYSCALL(getcpu, user_ptr_t cpu, user_ptr_t node, uint64_t cache UNUSED)
{
	const uint32_t number = arch_cpu()->id, zero = 0;

	if (cpu && user_write(cpu, &number))
		return -EFAULT;
	return node ? user_write(node, &zero) : 0;
}

/* The process behind a tid, referenced; NULL. 0 is the caller. */
static struct process *find(int tid)
{
	return tid ? process_find_task(tid) : process_get(process_current());
}

static bool is_owner(const struct process *process)
{
	uint32_t euid = process_current()->cred.euid;

	return euid == process->cred.euid || euid == process->cred.uid || process_capable(CAP_SYS_NICE);
}

/* ---- nice ---- */

/* The process is held. */
static void set_nice(struct process *process, int nice)
{
	unsigned long flags = spin_lock(&process->signals->lock);

	process->nice = nice;
	if (process->main && process->main->thread)
		process->main->thread->nice = nice;
	spin_unlock(&process->signals->lock, flags);
}

struct prio_visit {
	int which, who;
	bool sets;
	int nice; /* to set; or the best one found */
	bool found;
	long error;
};

static bool is_meant(const struct process *process, const struct prio_visit *visit)
{
	const struct process *self = process_current();

	switch (visit->which) {
	case PRIO_PROCESS:
		return process->pid == (visit->who ? visit->who : self->pid);
	case PRIO_PGRP:
		return process->pgid == (visit->who ? visit->who : self->pgid);
	default:
		return process->cred.uid == (visit->who ? (uint32_t)visit->who : self->cred.uid);
	}
}

static long change_nice(struct process *process, int nice)
{
	if (!is_owner(process))
		return -EPERM;
	if (nice < process->nice && 20 - nice > (int64_t)process->rlimits[RLIMIT_NICE].current &&
	    !process_capable(CAP_SYS_NICE))
		return -EACCES;
	set_nice(process, nice);
	return 0;
}

static int visit_prio(struct process *process, void *context)
{
	struct prio_visit *visit = context;
	long err;

	if (!is_meant(process, visit))
		return 0;
	if (!visit->sets) {
		visit->nice = visit->found ? min(visit->nice, process->nice) : process->nice;
	} else {
		err = change_nice(process, visit->nice);
		visit->error = err ? err : visit->error;
	}
	visit->found = true;
	return 0;
}

/* 1..40, the best of those meant: 20 minus nice, so that no result is negative. */
SYSCALL(getpriority, int which, int who)
{
	struct prio_visit visit = { .which = which, .who = who };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	process_foreach(visit_prio, &visit);
	return visit.found ? 20 - visit.nice : -ESRCH;
}

SYSCALL(setpriority, int which, int who, int nice)
{
	struct prio_visit visit = { .which = which, .who = who, .sets = true, .nice = min(max(nice, -20), 19) };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	process_foreach(visit_prio, &visit);
	return visit.found ? visit.error : -ESRCH;
}

/* ---- policies ---- */

static bool is_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static long check_policy(const struct process *process, int policy, int priority)
{
	uint64_t limit = process->rlimits[RLIMIT_RTPRIO].current;

	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		if (priority < 1 || priority > PRIORITY_MAX)
			return -EINVAL;
		break;
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
		if (priority)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (process_capable(CAP_SYS_NICE))
		return 0;
	return !is_owner(process) || (is_realtime(policy) && (uint64_t)priority > limit) ? -EPERM : 0;
}

static long set_policy(int pid, int policy, int priority, bool reset_on_fork)
{
	struct process *process = find(pid);
	long err;

	if (!process)
		return -ESRCH;
	err = check_policy(process, policy < 0 ? process->sched_policy : policy, priority);
	if (!err) {
		process->sched_priority = priority;
		if (policy >= 0) {
			process->sched_policy = policy;
			process->sched_reset_on_fork = reset_on_fork;
		}
	}
	process_put(process);
	return err;
}

SYSCALL(sched_setscheduler, int pid, int policy, user_ptr_t param)
{
	int priority;

	if (policy < 0 || pid < 0 || !param)
		return -EINVAL;
	if (user_read(&priority, param))
		return -EFAULT;
	return set_policy(pid, policy & ~SCHED_RESET_ON_FORK, priority, policy & SCHED_RESET_ON_FORK);
}

SYSCALL(sched_setparam, int pid, user_ptr_t param)
{
	int priority;

	if (pid < 0 || !param)
		return -EINVAL;
	if (user_read(&priority, param))
		return -EFAULT;
	return set_policy(pid, -1, priority, false);
}

SYSCALL(sched_getscheduler, int pid)
{
	struct process *process;
	long policy;

	if (pid < 0)
		return -EINVAL;
	process = find(pid);
	if (!process)
		return -ESRCH;
	policy = process->sched_policy | (process->sched_reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	process_put(process);
	return policy;
}

SYSCALL(sched_getparam, int pid, user_ptr_t param)
{
	struct process *process;
	int priority;

	if (pid < 0 || !param)
		return -EINVAL;
	process = find(pid);
	if (!process)
		return -ESRCH;
	priority = process->sched_priority;
	process_put(process);
	return user_write(param, &priority);
}

SYSCALL(sched_get_priority_max, int policy)
{
	if (is_realtime(policy))
		return PRIORITY_MAX;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == SCHED_DEADLINE
		       ? 0
		       : -EINVAL;
}

SYSCALL(sched_get_priority_min, int policy)
{
	if (is_realtime(policy))
		return 1;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == SCHED_DEADLINE
		       ? 0
		       : -EINVAL;
}

SYSCALL(sched_rr_get_interval, int pid, user_ptr_t interval)
{
	struct abi_timespec spec = { 0 };
	struct process *process;

	if (pid < 0)
		return -EINVAL;
	process = find(pid);
	if (!process)
		return -ESRCH;
	if (process->sched_policy == SCHED_RR)
		spec = time_to_timespec(SLICE_NS);
	else if (process->sched_policy != SCHED_FIFO)
		spec = time_to_timespec(SLICE_NS / 10 * (uint64_t)(20 - process->nice) / 20);
	process_put(process);
	return user_write(interval, &spec);
}

/* ---- sched_attr: the same in one structure that may grow ---- */

/* The program learns which size there is. */
static long tell_size(user_ptr_t to)
{
	const uint32_t ours = sizeof(struct abi_sched_attr);

	return user_write(to, &ours) ? -EFAULT : -E2BIG;
}

/* What is larger than ours must be zero there. */
static long read_attr(user_ptr_t from, struct abi_sched_attr *attr)
{
	const uint32_t ours = sizeof(*attr);
	uint32_t size;

	if (user_read(&size, from))
		return -EFAULT;
	if (!size)
		size = ATTR_SIZE_0;
	if (size < ATTR_SIZE_0 || size > PAGE_SIZE)
		return tell_size(from);
	for (uint32_t at = ours; at < size; at++) {
		uint8_t byte;

		if (user_read(&byte, from + at))
			return -EFAULT;
		if (byte)
			return tell_size(from);
	}
	return user_copy_in(attr, from, min(size, ours));
}

SYSCALL(sched_setattr, int pid, user_ptr_t attr, unsigned flags)
{
	struct abi_sched_attr new = { 0 };
	struct process *process;
	long err;

	if (!attr || pid < 0 || flags)
		return -EINVAL;
	err = read_attr(attr, &new);
	if (err)
		return err;
	if ((int32_t)new.policy < 0 || (new.flags & ~(uint64_t)ATTR_RESET_ON_FORK))
		return -EINVAL;
	err = set_policy(pid, (int)new.policy, (int)new.priority, new.flags &ATTR_RESET_ON_FORK);
	if (err || is_realtime((int)new.policy))
		return err;
	process = find(pid);
	if (!process)
		return -ESRCH;
	err = -ESRCH;
	if (process_hold(process)) {
		err = change_nice(process, min(max(new.nice, -20), 19));
		process_unhold();
	}
	process_put(process);
	return err == -EACCES ? -EPERM : err;
}

SYSCALL(sched_getattr, int pid, user_ptr_t attr, unsigned size, unsigned flags)
{
	struct abi_sched_attr now = { 0 };
	struct process *process;

	if (!attr || pid < 0 || size > PAGE_SIZE || size < ATTR_SIZE_0 || flags)
		return -EINVAL;
	process = find(pid);
	if (!process)
		return -ESRCH;
	now.size = (uint32_t)min((size_t)size, sizeof(now));
	now.policy = (uint32_t)process->sched_policy;
	now.flags = process->sched_reset_on_fork ? ATTR_RESET_ON_FORK : 0;
	if (is_realtime(process->sched_policy))
		now.priority = (uint32_t)process->sched_priority;
	else
		now.nice = process->nice;
	process_put(process);
	return user_copy_out(attr, &now, now.size);
}

/* ---- CPUs ---- */

static uint64_t existing_cpus(void)
{
	return atomic_load(&cpus_online);
}

SYSCALL(sched_getaffinity, int pid, size_t len, user_ptr_t mask)
{
	uint64_t cpus;
	int err;

	if (len < sizeof(cpus) || len % sizeof(cpus))
		return -EINVAL;
	err = pid < 0 ? -ESRCH : task_get_affinity(pid, &cpus);
	if (err)
		return err;
	cpus &= existing_cpus();
	return user_write(mask, &cpus) ? -EFAULT : (long)sizeof(cpus);
}

SYSCALL(sched_setaffinity, int pid, size_t len, user_ptr_t mask)
{
	struct process *process;
	uint64_t cpus = 0;
	bool owner;

	if (user_copy_in(&cpus, mask, min(len, sizeof(cpus))))
		return -EFAULT;
	process = pid < 0 ? NULL : find(pid);
	if (!process)
		return -ESRCH;
	owner = is_owner(process);
	process_put(process);
	if (!owner)
		return -EPERM;
	cpus &= existing_cpus();
	return cpus ? task_set_affinity(pid, cpus) : -EINVAL;
}
