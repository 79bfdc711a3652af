/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process shares with another, and then no longer.
 */
#include <kernel/aspace.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/systest.h>
#include <kernel/vfs.h>

#define CLONE_VM 0x100
#define CLONE_FS 0x200
#define CLONE_FILES 0x400
#define CLONE_SIGHAND 0x800
#define CLONE_NEWNS 0x20000
#define CLONE_THREAD 0x10000
#define CLONE_SYSVSEM 0x40000
#define CLONE_NEWUSER 0x10000000
#define EVERYTHING (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

SYSTEST(unshare_of_what_is_not_shared)
{
	CHECK_EQ(sys(SYS_unshare, 0), 0);
	CHECK_EQ(sys(SYS_unshare, EVERYTHING), 0);
	CHECK_ERR(sys(SYS_unshare, CLONE_NEWNS), EINVAL);
	CHECK_ERR(sys(SYS_unshare, CLONE_NEWUSER), EINVAL);
	CHECK_ERR(sys(SYS_unshare, 1), EINVAL);
	CHECK_ERR(sys(SYS_unshare, 1ull << 40), EINVAL);
}

SYSTEST(unshare_files_and_fs)
{
	struct process *process = process_current();
	struct fd_table *fds = fd_table_get(process->fds);
	struct fs_context *fs = fs_context_get(process->fs);
	struct file *file;

	CHECK_EQ(sys(SYS_unshare, CLONE_SYSVSEM), 0);
	CHECK(process->fds == fds && process->fs == fs);
	CHECK_EQ(sys(SYS_unshare, CLONE_FS), 0);
	CHECK(process->fds == fds && process->fs != fs);
	CHECK_EQ(sys(SYS_umask, 0), fs->umask);
	CHECK_EQ(fs->umask, 022);
	CHECK_EQ(sys(SYS_unshare, CLONE_FILES), 0);
	CHECK(process->fds != fds);
	/* The same files, by other descriptors. */
	CHECK_EQ(sys(SYS_close, 2), 0);
	CHECK_ERR(sys(SYS_close, 2), EBADF);
	file = fd_table_file(fds, 2);
	CHECK(file);
	if (file)
		file_put(file);
	fd_table_put(fds);
	fs_context_put(fs);
}

SYSTEST(unshare_of_shared_memory)
{
	struct aspace *shared = aspace_get(process_current()->aspace);

	CHECK_ERR(sys(SYS_unshare, CLONE_VM), EINVAL);
	CHECK_EQ(sys(SYS_unshare, CLONE_SIGHAND | CLONE_THREAD), 0);
	aspace_put(shared);
}

SYSTEST(unshare_needs_memory)
{
	struct fd_table *fds = fd_table_get(process_current()->fds);
	struct fs_context *fs = fs_context_get(process_current()->fs);
	long files, where;

	systest_starve();
	files = sys(SYS_unshare, CLONE_FILES);
	where = sys(SYS_unshare, CLONE_FS);
	systest_feed();
	CHECK_ERR(files, ENOMEM);
	CHECK_ERR(where, ENOMEM);
	fd_table_put(fds);
	fs_context_put(fs);
}
