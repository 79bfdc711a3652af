/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The running process's resource limits as far as they are about memory. Kernel threads have none.
 */
#include <kernel/abi/resource.h>
#include <kernel/errno.h>
#include <kernel/process.h>
#include <kernel/thread.h>
#include "aspace_internal.h"

static const struct process *limited_process(void)
{
	return thread_current() ? thread_current()->process : NULL;
}

static uint64_t limit_bytes(unsigned resource)
{
	const struct process *process = limited_process();

	return process ? process->rlimits[resource].current : RLIM_INFINITY;
}

int limit_check_total(const struct aspace *as, uint64_t more)
{
	return as->pages_total + (more >> PAGE_SHIFT) > limit_bytes(RLIMIT_AS) >> PAGE_SHIFT ? -ENOMEM : 0;
}

/* Root stands for CAP_IPC_LOCK. */
static bool lock_unlimited(void)
{
	const struct process *process = limited_process();

	return !process || process->cred.euid == 0;
}

uint64_t limit_locked_pages(void)
{
	return lock_unlimited() ? UINT64_MAX >> PAGE_SHIFT : limit_bytes(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

int limit_check_locked(const struct aspace *as, uint64_t more)
{
	return as->pages_locked + (more >> PAGE_SHIFT) > limit_locked_pages() ? -EAGAIN : 0;
}

int limit_may_lock(void)
{
	return lock_unlimited() || limit_bytes(RLIMIT_MEMLOCK) ? 0 : -EPERM;
}

bool limit_data_allows(uint64_t bytes)
{
	return bytes <= limit_bytes(RLIMIT_DATA);
}
