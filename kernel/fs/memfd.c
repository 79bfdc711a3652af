/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files without a name that a program makes for itself, and their seals.
 */
#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "fs_internal.h"
#include "ramfs.h"

#define SEALS_ALL (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)
#define NAME_LEN_MAX 249 /* without "memfd:" */

static int add_seals(struct file *file, struct ramfs_inode *ri, unsigned seals)
{
	unsigned long irq;
	int err = 0;

	if (!file_may_write(file))
		return -EPERM;
	if (seals & ~SEALS_ALL)
		return -EINVAL;
	mutex_lock(&ri->inode.lock);
	/* What cannot be executed any more need not change either. */
	if ((seals & F_SEAL_EXEC) && (ri->inode.mode & S_IXUGO))
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	irq = spin_lock(&ri->seal_lock);
	if (ri->seals & F_SEAL_SEAL)
		err = -EPERM;
	else if ((seals & ~ri->seals & F_SEAL_WRITE) && atomic_load(&ri->writable_mappings))
		err = -EBUSY;
	else
		ri->seals |= seals;
	spin_unlock(&ri->seal_lock, irq);
	mutex_unlock(&ri->inode.lock);
	return err;
}

int memfd_check_writable(struct ramfs_inode *ri)
{
	unsigned long irq = spin_lock(&ri->seal_lock);
	int err = ri->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ? -EPERM : 0;

	spin_unlock(&ri->seal_lock, irq);
	return err;
}

long memfd_fcntl(struct file *file, unsigned command, uint64_t argument)
{
	struct ramfs_inode *ri = ramfs_of(file->inode);

	if (command == F_ADD_SEALS)
		return argument > UINT32_MAX ? -EINVAL : add_seals(file, ri, (unsigned)argument);
	if (command == F_GET_SEALS)
		return (long)atomic_load(&ri->seals);
	return -EINVAL;
}

const char *memfd_name(const struct file *file)
{
	const char *name = ramfs_is_file(file->inode) ? ramfs_of(file->inode)->name : NULL;

	return name ? name : "";
}

static int create(unsigned flags, struct file **out)
{
	bool no_exec = flags & MFD_NOEXEC_SEAL;
	struct inode *inode;
	int err = ramfs_create_internal(no_exec ? 0666 : 0777, &inode);

	if (err)
		return err;
	inode->nlink = 0;
	cred_fs_ids(credentials_current(), &inode->uid, &inode->gid);
	if (no_exec)
		ramfs_of(inode)->seals = F_SEAL_EXEC;
	else if (flags & MFD_ALLOW_SEALING)
		ramfs_of(inode)->seals = 0;
	*out = file_alloc(inode->fops, O_RDWR | O_LARGEFILE, inode, NULL);
	if (*out)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

int file_create_memory(uint64_t size, struct file **out)
{
	int err = create(0, out);

	if (!err)
		(*out)->inode->size = (off_t)size;
	return err;
}

SYSCALL(memfd_create, user_ptr_t name, unsigned flags)
{
	char text[NAME_LEN_MAX + 1];
	struct file *file;
	ssize_t len;
	int fd;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	if ((flags & MFD_EXEC) && (flags & MFD_NOEXEC_SEAL))
		return -EINVAL;
	len = user_copy_string(text, name, sizeof(text));
	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	fd = create(flags, &file);
	if (fd)
		return fd;
	ramfs_of(file->inode)->name = heap_strdup(text);
	fd = ramfs_of(file->inode)->name ? 0 : -ENOMEM;
	if (!fd)
		fd = fd_install(file, 0, flags & MFD_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}
