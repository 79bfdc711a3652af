/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unshare: a process takes copies of what it shares with others since clone (unshare(2)). The threads of a process are
 * one here, as they are for most of what clone can share: with several, no one of them gets copies of its own.
 */
#include <kernel/aspace.h>
#include <kernel/fd.h>
#include <kernel/ipc.h>
#include <kernel/vfs.h>

#include "fork.h"
#include "sys_internal.h"
#include "unshare.h"

/* Namespaces are refused like flags that nobody knows, as Linux does where it was built without. */
#define UNSHARE_KNOWN (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

int unshare_files_prepare(struct process *process, struct fd_table **own)
{
	*own = NULL;
	return fd_table_is_shared(process->fds) ? fd_table_copy(process->fds, own) : 0;
}

void unshare_files_finish(struct process *process, struct fd_table *own)
{
	struct fd_table *unused = own;

	if (!own)
		return;
	if (process) {
		unused = process->fds;
		process_set_files(process, own);
	}
	fd_table_put(unused);
}

static int unshare_files(struct process *process)
{
	struct fd_table *own;
	int err = unshare_files_prepare(process, &own);

	if (!err)
		unshare_files_finish(process, own);
	return err;
}

static int unshare_fs(struct process *process)
{
	struct fs_context *shared = process->fs, *own;
	int err;

	if (!fs_context_is_shared(shared))
		return 0;
	err = fs_context_create(shared, &own);
	if (err)
		return err;
	process_set_fs(process, own);
	fs_context_put(shared);
	return 0;
}

SYSCALL(unshare, uint64_t flags)
{
	struct process *process = process_current();
	int err = 0;

	if (flags & ~(uint64_t)UNSHARE_KNOWN)
		return -EINVAL;
	if (!flags)
		return 0;
	if (atomic_load(&process->task_count) > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && aspace_is_shared(process->aspace))
		return -EINVAL;
	if (flags & CLONE_FS)
		err = unshare_fs(process);
	if (!err && (flags & CLONE_FILES))
		err = unshare_files(process);
	/* As if the sharing ended with a process (semop(2), SEM_UNDO). */
	if (!err && (flags & CLONE_SYSVSEM))
		ipc_process_ended(process);
	return err;
}
