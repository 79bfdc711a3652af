/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * splice, tee, vmsplice, sendfile, copy_file_range: which files may stand on which side, and the offsets.
 */
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/syscall.h>

#include "fs_internal.h"
#include "splice.h"

/* Two descriptors' files. */
struct pair {
	struct file *in, *out;
};

static int get_pair(struct pair *pair, int in, int out)
{
	pair->in = fd_get(in);
	if (!pair->in)
		return -EBADF;
	pair->out = fd_get(out);
	if (pair->out)
		return 0;
	file_put(pair->in);
	return -EBADF;
}

static void put_pair(struct pair *pair)
{
	file_put(pair->in);
	file_put(pair->out);
}

static bool has_position(const struct file *file)
{
	return file->ops && file->ops->seek;
}

/* Files whose content can be moved without the program; directories, eventfds and the like cannot. */
static bool can_splice(const struct file *file)
{
	return S_ISREG(file->inode->mode) || S_ISCHR(file->inode->mode);
}

/* An offset in the program's memory: read before, written back after. */
static int offset_in(user_ptr_t from, off_t *offset)
{
	int err = user_read(offset, from);

	return !err && *offset < 0 ? -EINVAL : err;
}

static ssize_t offset_out(user_ptr_t to, const off_t *offset, ssize_t n)
{
	return n >= 0 && to && user_write(to, offset) ? -EFAULT : n;
}

/* ---- sendfile ---- */

static ssize_t send(struct pair *pair, user_ptr_t offset_at, size_t count)
{
	struct splice_side in = { pair->in, NULL }, out = { pair->out, NULL };
	struct pipe *pipe = pipe_of(pair->out);
	off_t offset;
	ssize_t n;
	int err;

	if (!file_may_read(pair->in))
		return -EBADF;
	if (offset_at) {
		err = user_read(&offset, offset_at);
		if (err)
			return err;
		if (!has_position(pair->in))
			return -ESPIPE;
		in.offset = &offset;
	}
	if (!file_may_write(pair->out))
		return -EBADF;
	if (!has_position(pair->in) || !can_splice(pair->in))
		return -EINVAL;
	if (offset_at && offset < 0)
		return -EINVAL;
	if (!pipe && (pair->out->flags & O_APPEND))
		return -EINVAL;
	count = min(count, (size_t)FILE_TRANSFER_MAX);
	if (pipe)
		n = count ? splice_to_pipe(&in, pipe, count, pair->out->flags & O_NONBLOCK) : 0;
	else
		n = count ? splice_copy(&in, &out, count) : 0;
	return offset_out(offset_at, &offset, n);
}

SYSCALL(sendfile, int out_fd, int in_fd, user_ptr_t offset, size_t count)
{
	struct pair pair;
	ssize_t n = get_pair(&pair, in_fd, out_fd);

	if (n)
		return n;
	n = send(&pair, offset, count);
	put_pair(&pair);
	return n;
}

/* ---- splice and tee ---- */

static ssize_t splice_pipe_to_file(struct pair *pair, user_ptr_t off_out, size_t len, bool nonblock)
{
	struct splice_side out = { pair->out, NULL };
	off_t offset = 0;
	int err;

	if (off_out) {
		if (!has_position(pair->out))
			return -EINVAL;
		err = offset_in(off_out, &offset);
		if (err)
			return err;
		out.offset = &offset;
	}
	if (!can_splice(pair->out) || (pair->out->flags & O_APPEND))
		return -EINVAL;
	return offset_out(off_out, &offset, splice_from_pipe(pipe_of(pair->in), &out, len, nonblock));
}

static ssize_t splice_file_to_pipe(struct pair *pair, user_ptr_t off_in, size_t len, bool nonblock)
{
	struct splice_side in = { pair->in, NULL };
	off_t offset = 0;
	int err;

	if (off_in) {
		if (!has_position(pair->in))
			return -EINVAL;
		err = offset_in(off_in, &offset);
		if (err)
			return err;
		in.offset = &offset;
	}
	if (!can_splice(pair->in))
		return -EINVAL;
	return offset_out(off_in, &offset, splice_to_pipe(&in, pipe_of(pair->out), len, nonblock));
}

static ssize_t splice_pair(struct pair *pair, user_ptr_t off_in, user_ptr_t off_out, size_t len, unsigned flags)
{
	struct pipe *in = pipe_of(pair->in), *out = pipe_of(pair->out);
	unsigned pipe_flags = (in ? pair->in->flags : 0) | (out ? pair->out->flags : 0);
	bool nonblock = (flags & SPLICE_F_NONBLOCK) || (pipe_flags & O_NONBLOCK);

	if (!file_may_read(pair->in) || !file_may_write(pair->out))
		return -EBADF;
	if ((in && off_in) || (out && off_out))
		return -ESPIPE;
	len = min(len, (size_t)FILE_TRANSFER_MAX);
	if (in && out)
		return in == out ? -EINVAL : splice_pipes(in, out, len, nonblock, false);
	if (in)
		return splice_pipe_to_file(pair, off_out, len, nonblock);
	return out ? splice_file_to_pipe(pair, off_in, len, nonblock) : -EINVAL;
}

SYSCALL(splice, int in, user_ptr_t off_in, int out, user_ptr_t off_out, size_t len, unsigned flags)
{
	struct pair pair;
	ssize_t n;

	if (!len)
		return 0;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	n = get_pair(&pair, in, out);
	if (n)
		return n;
	n = splice_pair(&pair, off_in, off_out, len, flags);
	put_pair(&pair);
	return n;
}

static ssize_t tee_pair(struct pair *pair, size_t len, unsigned flags)
{
	struct pipe *in = pipe_of(pair->in), *out = pipe_of(pair->out);
	bool nonblock = (flags & SPLICE_F_NONBLOCK) || ((pair->in->flags | pair->out->flags) & O_NONBLOCK);

	if (!file_may_read(pair->in) || !file_may_write(pair->out))
		return -EBADF;
	if (!in || !out || in == out)
		return -EINVAL;
	return splice_pipes(in, out, len, nonblock, true);
}

SYSCALL(tee, int in, int out, size_t len, unsigned flags)
{
	struct pair pair;
	ssize_t n;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	n = get_pair(&pair, in, out);
	if (n)
		return n;
	n = tee_pair(&pair, len, flags);
	put_pair(&pair);
	return n;
}

/*
 * The program's memory into a pipe, or out of one; by copy, which is what a program can rely on. Whether to wait is
 * only the call's to say, as on Linux.
 */
static ssize_t vmsplice_file(struct file *file, struct io *io, bool nonblock)
{
	struct pipe *pipe = pipe_of(file);

	if (!pipe)
		return -EBADF;
	return file_may_write(file) ? pipe_write_io(pipe, io, nonblock, false) : pipe_read_io(pipe, io, nonblock);
}

SYSCALL(vmsplice, int fd, user_ptr_t iov, size_t count, unsigned flags)
{
	struct io_span fast[8], *spans = fast;
	struct file *file;
	struct io io;
	ssize_t n;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	n = io_import(&io, iov, count, fast, &spans);
	if (!n)
		n = vmsplice_file(file, &io, flags & SPLICE_F_NONBLOCK);
	if (spans != fast)
		heap_free(spans);
	file_put(file);
	return n;
}

/* ---- copy_file_range ---- */

static int check_copy(const struct pair *pair)
{
	if (S_ISDIR(pair->in->inode->mode) || S_ISDIR(pair->out->inode->mode))
		return -EISDIR;
	if (!S_ISREG(pair->in->inode->mode) || !S_ISREG(pair->out->inode->mode))
		return -EINVAL;
	if (!file_may_read(pair->in) || !file_may_write(pair->out) || (pair->out->flags & O_APPEND))
		return -EBADF;
	return pair->in->inode->sb == pair->out->inode->sb ? 0 : -EXDEV; /* since Linux 5.19 */
}

static ssize_t copy_range(struct pair *pair, off_t *in_offset, off_t *out_offset, size_t len)
{
	struct splice_side in = { pair->in, in_offset }, out = { pair->out, out_offset };
	off_t size = pair->in->inode->size;

	if (*in_offset < 0 || *out_offset < 0)
		return -EINVAL;
	if (len > UINT64_MAX - (uint64_t)*in_offset || len > UINT64_MAX - (uint64_t)*out_offset)
		return -EOVERFLOW;
	if (*out_offset == INT64_MAX)
		return -EFBIG;
	len = *in_offset < size ? min(len, (size_t)(size - *in_offset)) : 0;
	len = min(len, (size_t)(INT64_MAX - *out_offset));
	if (pair->in->inode == pair->out->inode && *in_offset < *out_offset + (off_t)len &&
	    *out_offset < *in_offset + (off_t)len)
		return -EINVAL;
	return len ? splice_copy(&in, &out, min(len, (size_t)FILE_TRANSFER_MAX)) : 0;
}

/* Both offsets, from the program or from the files; back to where they came from. */
static ssize_t copy_pair(struct pair *pair, user_ptr_t off_in, user_ptr_t off_out, size_t len)
{
	off_t in = pair->in->position, out = pair->out->position;
	ssize_t n = 0;

	if (off_in)
		n = user_read(&in, off_in);
	if (!n && off_out)
		n = user_read(&out, off_out);
	if (!n)
		n = check_copy(pair);
	if (!n)
		n = copy_range(pair, &in, &out, len);
	if (n <= 0)
		return n;
	if (!off_in)
		pair->in->position = in;
	if (!off_out)
		pair->out->position = out;
	return offset_out(off_out, &out, offset_out(off_in, &in, n));
}

SYSCALL(copy_file_range, int in, user_ptr_t off_in, int out, user_ptr_t off_out, size_t len, unsigned flags)
{
	struct pair pair;
	ssize_t n = get_pair(&pair, in, out);

	if (n)
		return n;
	n = flags ? -EINVAL : copy_pair(&pair, off_in, off_out, len);
	put_pair(&pair);
	return n;
}
