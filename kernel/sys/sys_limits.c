/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits and usage: what a process may use, and what it has used.
 */
#include <kernel/abi/resource.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/page.h>
#include <kernel/time.h>

#include "sys_internal.h"

/* What a program starts with: Linux's, with files and stack as Debian has them. */
void limits_init(struct process *process)
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

#define CLOCK_TICK_NS (10 * NSEC_PER_MSEC) /* AT_CLKTCK: 100 a second */
#define NOFILE_MAX (1024 * 1024)

static long read_limit(struct process *process, unsigned resource, user_ptr_t to)
{
	const struct abi_rlimit limit = { process->rlimits[resource].current, process->rlimits[resource].maximum };

	return user_write(to, &limit);
}

static long check_limit(const struct process *process, unsigned resource, const struct abi_rlimit *new)
{
	if (new->current > new->maximum)
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && new->maximum > NOFILE_MAX)
		return -EPERM;
	if (new->maximum > process->rlimits[resource].maximum && !process_capable(CAP_SYS_RESOURCE))
		return -EPERM;
	return 0;
}

static void apply_limit(struct process *process, unsigned resource, const struct abi_rlimit *new)
{
	process->rlimits[resource] = (struct rlimit){ new->current, new->maximum };
}

SYSCALL(getrlimit, unsigned resource, user_ptr_t limit)
{
	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	return read_limit(process_current(), resource, limit);
}

SYSCALL(setrlimit, unsigned resource, user_ptr_t limit)
{
	struct abi_rlimit new;
	long err;

	if (user_read(&new, limit))
		return -EFAULT;
	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	err = check_limit(process_current(), resource, &new);
	if (err)
		return err;
	apply_limit(process_current(), resource, &new);
	return 0;
}

static bool is_same_user(const struct process *process)
{
	const struct credentials *mine = &process_current()->cred, *theirs = &process->cred;

	return process == process_current() || process_capable(CAP_SYS_RESOURCE) ||
	       (mine->uid == theirs->uid && mine->uid == theirs->euid && mine->uid == theirs->suid);
}

static long exchange_limit(struct process *process, unsigned resource, const struct abi_rlimit *new, user_ptr_t old)
{
	struct rlimit before = process->rlimits[resource];
	const struct abi_rlimit told = { before.current, before.maximum };
	long err;

	if (!is_same_user(process))
		return -EPERM;
	if (new) {
		err = check_limit(process, resource, new);
		if (err)
			return err;
		apply_limit(process, resource, new);
	}
	return old ? user_write(old, &told) : 0;
}

SYSCALL(prlimit64, int pid, unsigned resource, user_ptr_t new, user_ptr_t old)
{
	struct process *process;
	struct abi_rlimit limit;
	long result;

	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	if (new && user_read(&limit, new))
		return -EFAULT;
	process = process_find(pid ? pid : process_current()->pid);
	if (!process)
		return -ESRCH;
	result = exchange_limit(process, resource, new ? &limit : NULL, old);
	process_put(process);
	return result;
}

/* The kernel does not tell a program's own time from the time it spends in calls: all counts as the program's. */
SYSCALL(getrusage, int who, user_ptr_t usage)
{
	struct abi_rusage used = { 0 };

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	if (who == RUSAGE_CHILDREN) {
		used.utime = time_to_timeval(process_current()->children_cpu_ns);
	} else {
		used.utime = time_to_timeval(time_cpu_ns());
		used.maxrss = (int64_t)(process_current()->aspace->pages * PAGE_SIZE / KIB);
	}
	return user_write(usage, &used);
}

SYSCALL(times, user_ptr_t buf)
{
	const int64_t ticks[4] = { [0] = (int64_t)(time_cpu_ns() / CLOCK_TICK_NS),
				   [2] = (int64_t)(process_current()->children_cpu_ns / CLOCK_TICK_NS) };

	if (buf && user_copy_out(buf, ticks, sizeof(ticks)))
		return -EFAULT;
	return (long)(clock_ns() / CLOCK_TICK_NS);
}

struct abi_sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, pad;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit;
};
_Static_assert(sizeof(struct abi_sysinfo) == 112, "struct sysinfo has 112 bytes");

static int count_process(struct process *process UNUSED, void *context)
{
	(*(uint16_t *)context)++;
	return 0;
}

SYSCALL(sysinfo, user_ptr_t info)
{
	struct abi_sysinfo now = {
		.uptime = (int64_t)(clock_ns() / NSEC_PER_SEC),
		.totalram = page_total_count() * PAGE_SIZE,
		.freeram = page_free_count() * PAGE_SIZE,
		.mem_unit = 1,
	};

	process_foreach(count_process, &now.procs);
	return user_write(info, &now);
}
