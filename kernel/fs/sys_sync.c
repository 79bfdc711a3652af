/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls about what is on its way to a disk. For files in memory what remains are the checks.
 */
#include <kernel/block.h>
#include <kernel/fd.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#define SYNC_RANGE_VALID 7u
#define RANGE_END_INVALID(offset, len) ((offset) < 0 || (len) < 0 || (offset) > INT64_MAX - (len))

static long sync_fd(int fd, bool data_only)
{
	struct file *file = fd_get(fd);
	int err;

	if (!file)
		return -EBADF;
	err = file->ops && file->ops->sync ? file->ops->sync(file, data_only) : -EINVAL;
	file_put(file);
	return err;
}

SYSCALL(fsync, int fd)
{
	return sync_fd(fd, false);
}

SYSCALL(fdatasync, int fd)
{
	return sync_fd(fd, true);
}

SYSCALL(sync, void)
{
	mounts_sync();
	if (IS_ENABLED(CONFIG_DEVICES))
		block_sync_all();
	return 0;
}

SYSCALL(syncfs, int fd)
{
	struct file *file = fd_get(fd);
	const struct superblock *sb;
	int err;

	if (!file)
		return -EBADF;
	sb = file->inode->sb;
	err = sb->ops->sync ? sb->ops->sync(file->inode->sb) : 0;
	file_put(file);
	return err;
}

SYSCALL(sync_file_range, int fd, off_t offset, off_t nbytes, unsigned flags)
{
	struct file *file = fd_get(fd);
	int err = 0;

	if (!file)
		return -EBADF;
	if ((flags & ~SYNC_RANGE_VALID) || RANGE_END_INVALID(offset, nbytes))
		err = -EINVAL;
	else if (!S_ISREG(file->inode->mode) && !S_ISBLK(file->inode->mode) && !S_ISDIR(file->inode->mode) &&
		 !S_ISLNK(file->inode->mode))
		err = -ESPIPE;
	file_put(file);
	return err;
}

SYSCALL(fadvise64, int fd, off_t offset, off_t len, int advice)
{
	struct file *file = fd_get(fd);
	int err = 0;

	if (!file)
		return -EBADF;
	if (S_ISFIFO(file->inode->mode))
		err = -ESPIPE;
	else if (len < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE)
		err = -EINVAL;
	(void)offset;
	file_put(file);
	return err;
}

SYSCALL(readahead, int fd, off_t offset, size_t count)
{
	struct file *file = fd_get(fd);
	int err = 0;

	if (!file)
		return -EBADF;
	if ((file->flags & O_ACCMODE) == O_WRONLY)
		err = -EBADF;
	else if (!S_ISREG(file->inode->mode) && !S_ISBLK(file->inode->mode))
		err = -EINVAL;
	(void)offset;
	(void)count;
	file_put(file);
	return err;
}
