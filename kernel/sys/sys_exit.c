/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a program, and waiting for the end of others.
 */
#include <kernel/abi/resource.h>

#include "sys_internal.h"

#define WNOHANG 1u
#define WUNTRACED 2u /* wait4; waitid calls it WSTOPPED */
#define WEXITED 4u
#define WCONTINUED 8u
#define WNOWAIT 0x01000000u
#define WTHREADS 0xe0000000u /* __WNOTHREAD, __WALL, __WCLONE */

#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3

SYSCALL(exit_group, int status)
{
	process_exit((status & 0xff) << 8);
}

/* The process has this one thread. */
SYSCALL(exit, int status)
{
	process_exit((status & 0xff) << 8);
}

struct child_search {
	int pid, pgid; /* 0: any */
};

static int is_child(struct process *process, void *context)
{
	const struct child_search *search = context;

	return process->ppid == process_current()->pid && (!search->pid || process->pid == search->pid) &&
	       (!search->pgid || process->pgid == search->pgid);
}

/* Processes are made by the kernel alone in this build, so a child would be one that never ends. */
static long wait_for(const struct child_search *search, bool hang)
{
	if (!process_foreach(is_child, (void *)(uintptr_t)search))
		return -ECHILD;
	return hang ? -EINTR : 0;
}

SYSCALL(wait4, int pid, user_ptr_t status UNUSED, int options, user_ptr_t usage UNUSED)
{
	struct child_search search = { 0 };

	if ((unsigned)options & ~(WNOHANG | WUNTRACED | WCONTINUED | WTHREADS))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0)
		search.pid = pid;
	else if (pid < -1)
		search.pgid = -pid;
	else if (pid == 0)
		search.pgid = process_current()->pgid;
	return wait_for(&search, !(options & WNOHANG));
}

SYSCALL(waitid, int type, int id, user_ptr_t info UNUSED, int options, user_ptr_t usage UNUSED)
{
	struct child_search search = { 0 };
	unsigned flags = (unsigned)options;

	if (flags & ~(WNOHANG | WNOWAIT | WEXITED | WUNTRACED | WCONTINUED | WTHREADS))
		return -EINVAL;
	if (!(flags & (WEXITED | WUNTRACED | WCONTINUED)))
		return -EINVAL;
	switch (type) {
	case P_ALL:
		break;
	case P_PID:
		if (id <= 0)
			return -EINVAL;
		search.pid = id;
		break;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		search.pgid = id ? id : process_current()->pgid;
		break;
	case P_PIDFD:
		return id < 0 ? -EINVAL : -EBADF; /* no descriptor is one */
	default:
		return -EINVAL;
	}
	return wait_for(&search, !(flags & WNOHANG));
}
