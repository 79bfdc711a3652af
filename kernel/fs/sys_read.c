/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * read, write and their vector and positioned forms; lseek.
 */
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/planted.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#include "fs_internal.h"

#define USE_POSITION (-1)

/* As Linux checks before it looks at the file: only the end of the range matters here, the copy finds the rest. */
static bool range_ok(user_ptr_t buf, size_t count)
{
	return buf <= USER_END && count <= USER_END - buf;
}

static long read_one(int fd, user_ptr_t buf, size_t count, bool at, off_t offset)
{
	struct file *file = fd_get(fd);
	struct io io;
	ssize_t n;

	if (!file)
		return -EBADF;
	if (at && !(file->ops && file->ops->seek)) {
		n = -ESPIPE;
	} else if (!file_may_read(file)) {
		n = -EBADF;
	} else if (!range_ok(buf, count)) {
		n = -EFAULT;
	} else {
		io_user(&io, buf, count);
		n = at ? file_read_at(file, &io, offset) : file_read(file, &io);
	}
	file_put(file);
	return n;
}

static long write_one(int fd, user_ptr_t buf, size_t count, bool at, off_t offset)
{
	struct file *file = fd_get(fd);
	struct io io;
	ssize_t n;

	if (!file)
		return -EBADF;
	if (at && !(file->ops && file->ops->seek)) {
		n = -ESPIPE;
	} else if (!file_may_write(file)) {
		n = -EBADF;
	} else if (!range_ok(buf, count)) {
		n = -EFAULT;
	} else {
		io_user(&io, buf, count);
		n = at ? file_write_at(file, &io, offset) : file_write(file, &io);
	}
	file_put(file);
	return n;
}

SYSCALL(read, int fd, user_ptr_t buf, size_t count)
{
	return read_one(fd, buf, count, false, 0);
}

SYSCALL(write, int fd, user_ptr_t buf, size_t count)
{
	return write_one(fd, buf, count, false, 0);
}

SYSCALL(pread64, int fd, user_ptr_t buf, size_t count, off_t offset)
{
	return offset < 0 ? -EINVAL : read_one(fd, buf, count, true, offset);
}

SYSCALL(pwrite64, int fd, user_ptr_t buf, size_t count, off_t offset)
{
	return offset < 0 ? -EINVAL : write_one(fd, buf, count, true, offset);
}

/* One vector transfer: what its file must allow, and where. */
struct vector {
	int fd;
	user_ptr_t iov;
	size_t count;
	bool write;
	bool at; /* at offset, not at the file's position */
	off_t offset;
	unsigned flags; /* RWF_* */
};

/* RWF_APPEND and friends act for one call; the file is told by a changed copy of its flags. */
static int apply_flags(struct file *file, const struct vector *v, unsigned *saved)
{
	*saved = file->flags;
	if (v->flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND))
		return -EOPNOTSUPP;
	if ((v->flags & RWF_APPEND) && (v->flags & RWF_NOAPPEND))
		return -EINVAL;
	if (v->flags & RWF_NOWAIT) {
		if (!S_ISREG(file->inode->mode) && !S_ISFIFO(file->inode->mode))
			return -EOPNOTSUPP;
		file->flags |= O_NONBLOCK;
	}
	if (v->flags & RWF_APPEND)
		file->flags |= O_APPEND;
	if (v->flags & RWF_NOAPPEND)
		file->flags &= ~O_APPEND;
	return 0;
}

static ssize_t vector_move(struct file *file, struct io *io, const struct vector *v)
{
	unsigned saved;
	ssize_t n = apply_flags(file, v, &saved);

	if (n)
		return n;
	if (v->write)
		n = v->at ? file_write_at(file, io, v->offset) : file_write(file, io);
	else
		n = v->at ? file_read_at(file, io, v->offset) : file_read(file, io);
	if (v->flags)
		file->flags = saved;
	return n;
}

static long vector_run(const struct vector *v)
{
	struct io_span fast[8], *spans = fast;
	struct file *file = fd_get(v->fd);
	struct io io;
	ssize_t n;

	if (!file)
		return -EBADF;
	if (v->at && !(file->ops && file->ops->seek)) {
		n = -ESPIPE;
	} else {
		n = io_import(&io, v->iov, v->count, fast, &spans);
		if (!n)
			n = vector_move(file, &io, v);
		if (spans != fast)
			heap_free(spans);
	}
	file_put(file);
	return n;
}

SYSCALL(readv, int fd, user_ptr_t iov, size_t iovcnt)
{
	return vector_run(&(struct vector){ .fd = fd, .iov = iov, .count = iovcnt });
}

SYSCALL(writev, int fd, user_ptr_t iov, size_t iovcnt)
{
	planted_heap_overflow(iovcnt);
	return vector_run(&(struct vector){ .fd = fd, .iov = iov, .count = iovcnt, .write = true });
}

SYSCALL(preadv, int fd, user_ptr_t iov, size_t iovcnt, off_t offset, uint64_t high UNUSED)
{
	if (offset < 0)
		return -EINVAL;
	return vector_run(&(struct vector){ .fd = fd, .iov = iov, .count = iovcnt, .at = true, .offset = offset });
}

SYSCALL(pwritev, int fd, user_ptr_t iov, size_t iovcnt, off_t offset, uint64_t high UNUSED)
{
	if (offset < 0)
		return -EINVAL;
	return vector_run(
		&(struct vector){ .fd = fd, .iov = iov, .count = iovcnt, .write = true, .at = true, .offset = offset });
}

/* offset -1: the file's position. */
static long vector_run2(struct vector v)
{
	v.at = v.offset != USE_POSITION;
	if (v.at && v.offset < 0)
		return -EINVAL;
	return vector_run(&v);
}

SYSCALL(preadv2, int fd, user_ptr_t iov, size_t iovcnt, off_t offset, uint64_t high UNUSED, int flags)
{
	return vector_run2(
		(struct vector){ .fd = fd, .iov = iov, .count = iovcnt, .offset = offset, .flags = (unsigned)flags });
}

SYSCALL(pwritev2, int fd, user_ptr_t iov, size_t iovcnt, off_t offset, uint64_t high UNUSED, int flags)
{
	return vector_run2((struct vector){
		.fd = fd, .iov = iov, .count = iovcnt, .write = true, .offset = offset, .flags = (unsigned)flags });
}

SYSCALL(lseek, int fd, off_t offset, int whence)
{
	struct file *file = fd_get(fd);
	off_t result;

	if (!file)
		return -EBADF;
	if (whence < SEEK_SET || whence > SEEK_HOLE) {
		result = -EINVAL;
	} else if (!file->ops || !file->ops->seek) {
		/* An eventfd and the like has a position that stays where it is (Linux 6.0). */
		result = file->inode->mode & S_IFMT ? -ESPIPE : 0;
	} else {
		mutex_lock(&file->position_lock);
		result = file->ops->seek(file, offset, whence);
		mutex_unlock(&file->position_lock);
	}
	file_put(file);
	return result;
}
