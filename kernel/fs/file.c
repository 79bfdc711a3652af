/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files: life, and the checks that every read and write goes through before the file's own operation.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/vfs.h>

#include "fs_internal.h"
#include "notify.h"

OBJECT_TYPE(file);

struct file *file_alloc(const struct file_ops *ops, unsigned flags, struct inode *inode, void *data)
{
	struct file *file = heap_alloc(sizeof(*file));

	if (!file)
		return NULL;
	file->ops = ops;
	file->refs = 1;
	file->flags = flags;
	file->position = 0;
	mutex_init(&file->position_lock);
	file->inode = inode;
	file->dentry = NULL;
	file->mount = NULL;
	file->data = data;
	file->owner = 0;
	file->owner_type = file->owner_signal = 0;
	list_init(&file->epoll_items);
	object_count_add(&object_type_file, 1);
	return file;
}

/* What keeps its mount from becoming read-only, and its inode from being run. */
static bool is_writer(const struct file *file)
{
	return !(file->flags & O_PATH) && file_may_write(file) && S_ISREG(file->inode->mode);
}

int file_set_path(struct file *file, struct path path)
{
	int err = is_writer(file) ? inode_add_writer(file->inode) : 0;

	if (err)
		return err;
	path = path_get(path);
	file->mount = path.mount;
	file->dentry = path.dentry;
	if (file->mount && is_writer(file))
		atomic_fetch_add(&file->mount->writers, 1);
	return 0;
}

static void leave_path(struct file *file)
{
	if (file->dentry && is_writer(file)) {
		if (file->mount)
			atomic_fetch_sub(&file->mount->writers, 1);
		inode_remove_writer(file->inode);
	}
	path_put((struct path){ file->mount, file->dentry });
}

struct file *file_get(struct file *file)
{
	atomic_fetch_add(&file->refs, 1);
	return file;
}

void file_put(struct file *file)
{
	if (atomic_fetch_sub(&file->refs, 1) != 1)
		return;
	if (file->ops && !(file->flags & O_PATH))
		notify_file(file, file_may_write(file) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (!list_empty(&file->epoll_items))
		epoll_release_file(file);
	lock_release_file(file);
	if (file->ops && file->ops->release && !(file->flags & O_PATH))
		file->ops->release(file);
	leave_path(file);
	inode_put(file->inode);
	object_count_add(&object_type_file, -1);
	heap_free(file);
}

/* Linux's limit on one transfer, and the range of positions. Cuts the cursor. */
static int check_range(struct io *io, off_t position)
{
	if (position < 0)
		return -EINVAL;
	if (io->remaining > INT64_MAX - (uint64_t)position)
		return -EINVAL;
	io->remaining = min(io->remaining, (size_t)FILE_TRANSFER_MAX);
	return 0;
}

/* At and with the file's own position; a stream has none. */
static ssize_t move_bytes(struct file *file, struct io *io,
			  ssize_t (*move)(struct file *file, struct io *io, off_t *position))
{
	ssize_t n;

	if (!move)
		return -EINVAL;
	if (!file->ops->seek) {
		n = check_range(io, 0);
		return n ? n : move(file, io, &file->position);
	}
	mutex_lock(&file->position_lock);
	n = check_range(io, file->position);
	if (!n)
		n = move(file, io, &file->position);
	mutex_unlock(&file->position_lock);
	return n;
}

ssize_t file_read(struct file *file, struct io *io)
{
	ssize_t n;

	if (!file_may_read(file))
		return -EBADF;
	n = move_bytes(file, io, file->ops ? file->ops->read : NULL);
	if (n > 0)
		notify_file(file, IN_ACCESS);
	return n;
}

ssize_t file_write(struct file *file, struct io *io)
{
	ssize_t n;

	if (!file_may_write(file))
		return -EBADF;
	n = move_bytes(file, io, file->ops ? file->ops->write : NULL);
	if (n > 0)
		notify_file(file, IN_MODIFY);
	return n;
}

ssize_t file_read_at(struct file *file, struct io *io, off_t offset)
{
	ssize_t n;

	if (!file->ops || !file->ops->seek)
		return -ESPIPE;
	if (!file_may_read(file))
		return -EBADF;
	if (!file->ops->read)
		return -EINVAL;
	n = check_range(io, offset);
	if (!n)
		n = file->ops->read(file, io, &offset);
	if (n > 0)
		notify_file(file, IN_ACCESS);
	return n;
}

ssize_t file_write_at(struct file *file, struct io *io, off_t offset)
{
	ssize_t n;

	if (!file->ops || !file->ops->seek)
		return -ESPIPE;
	if (!file_may_write(file))
		return -EBADF;
	if (!file->ops->write)
		return -EINVAL;
	n = check_range(io, offset);
	if (!n)
		n = file->ops->write(file, io, &offset);
	if (n > 0)
		notify_file(file, IN_MODIFY);
	return n;
}

unsigned file_poll(struct file *file, struct poll_table *table)
{
	if (!file->ops || !file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, table);
}

off_t file_seek_to(struct file *file, off_t offset, off_t limit)
{
	if (offset < 0 || offset > limit)
		return -EINVAL;
	file->position = offset;
	return offset;
}

off_t file_seek_size(struct file *file, off_t offset, int whence, off_t size)
{
	off_t base = 0;

	if (whence == SEEK_CUR)
		base = file->position;
	else if (whence == SEEK_END)
		base = size;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &offset))
		return whence == SEEK_CUR || whence == SEEK_END ? -EINVAL : -EOVERFLOW;
	return file_seek_to(file, offset, INT64_MAX);
}

off_t file_seek_zero(struct file *file, off_t offset UNUSED, int whence UNUSED)
{
	return file->position = 0;
}
