/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening pipes: pairs of descriptors, and fifos, whose opener waits for a partner.
 */
#include <kernel/abi/mount.h>
#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/syscall.h>

#include "fs_internal.h"
#include "pipe.h"

#define O_NOTIFICATION_PIPE O_EXCL /* for pipe2 */

/* ---- fifos ---- */

/* The pipe behind a fifo, made by its first opener, counted for this file. */
static int join_pipe(struct file *file)
{
	struct inode *inode = file->inode;
	int err = 0;

	mutex_lock(&inode->lock);
	if (!inode->pipe)
		inode->pipe = pipe_create();
	if (inode->pipe) {
		inode->pipe->files++;
		file->data = inode->pipe;
	} else {
		err = -ENOMEM;
	}
	mutex_unlock(&inode->lock);
	return err;
}

/* One without a name, through /proc: nobody else may know of it, and so nobody is waited for. */
static bool is_unnamed(const struct file *file)
{
	return file->inode->sb->type->magic == PIPEFS_MAGIC;
}

struct partner_wait {
	const unsigned *opens;
	unsigned before;
};

static bool partner_came(void *arg)
{
	struct partner_wait *wait = arg;

	return atomic_load(wait->opens) != wait->before;
}

static int wait_partner(struct wait_queue *queue, const unsigned *opens)
{
	struct partner_wait wait = { opens, atomic_load(opens) };

	return wait_until(queue, partner_came, &wait, WAIT_FOREVER);
}

static void count_opener(struct pipe *pipe, bool reads, bool writes)
{
	mutex_lock(&pipe->lock);
	if (reads) {
		atomic_store(&pipe->readers, pipe->readers + 1);
		atomic_store(&pipe->read_opens, pipe->read_opens + 1);
	}
	if (writes) {
		atomic_store(&pipe->writers, pipe->writers + 1);
		atomic_store(&pipe->write_opens, pipe->write_opens + 1);
	}
	mutex_unlock(&pipe->lock);
	if (reads)
		wake_all(&pipe->writable);
	if (writes)
		wake_all(&pipe->readable);
}

static int open_counted(struct file *file, struct pipe *pipe, bool reads, bool writes)
{
	bool nonblock = file->flags & O_NONBLOCK;

	if ((reads && writes) || is_unnamed(file))
		return 0;
	if (reads && !atomic_load(&pipe->writers)) {
		if (!nonblock)
			return wait_partner(&pipe->readable, &pipe->write_opens);
		file->position = pipe->write_opens; /* not hung up until a writer has been there */
	}
	if (writes && !atomic_load(&pipe->readers))
		return wait_partner(&pipe->writable, &pipe->read_opens);
	return 0;
}

static int fifo_open(struct file *file)
{
	bool reads = file_may_read(file), writes = file_may_write(file);
	struct pipe *pipe;
	int err;

	if (!reads && !writes)
		return -EINVAL;
	err = join_pipe(file);
	if (err)
		return err;
	pipe = file->data;
	file->ops = &pipe_fops;
	file->position = -1;
	if (writes && !reads && (file->flags & O_NONBLOCK) && !atomic_load(&pipe->readers) && !is_unnamed(file)) {
		file->flags |= O_ACCMODE; /* neither counted: release only leaves */
		pipe_fops.release(file);
		return -ENXIO;
	}
	count_opener(pipe, reads, writes);
	err = open_counted(file, pipe, reads, writes);
	if (err)
		pipe_fops.release(file);
	return err;
}

const struct file_ops fifo_fops = { .open = fifo_open };

/* ---- pipe(2) ---- */

static int open_ends(unsigned flags, struct file *ends[2])
{
	struct inode *inode;
	struct pipe *pipe;
	int err = inode_create_pipe(&inode);

	if (err)
		return err;
	err = -ENOMEM;
	pipe = pipe_create();
	if (!pipe)
		goto err_pipe;
	ends[0] = file_alloc(&pipe_fops, O_RDONLY | (flags & O_NONBLOCK), inode_get(inode), pipe);
	if (!ends[0])
		goto err_reader;
	ends[1] = file_alloc(&pipe_fops, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)), inode, pipe);
	if (!ends[1])
		goto err_writer;
	ends[0]->position = ends[1]->position = -1;
	inode->pipe = pipe;
	pipe->readers = pipe->writers = 1;
	pipe->read_opens = pipe->write_opens = 1;
	pipe->files = 2;
	return 0;

err_writer:
	ends[0]->ops = NULL;
	file_put(ends[0]);
	pipe_destroy(pipe);
	inode_put(inode);
	return err;
err_reader:
	inode_put(inode);
	pipe_destroy(pipe);
err_pipe:
	inode_put(inode);
	return err;
}

/* Both descriptors, or none. */
static int install_ends(struct file *ends[2], unsigned flags, user_ptr_t to)
{
	int fds[2], err;

	fds[0] = fd_install(ends[0], 0, flags & O_CLOEXEC);
	if (fds[0] < 0) {
		file_put(ends[0]);
		file_put(ends[1]);
		return fds[0];
	}
	fds[1] = fd_install(ends[1], 0, flags & O_CLOEXEC);
	if (fds[1] < 0) {
		file_put(ends[1]);
		fd_close(fds[0]);
		return fds[1];
	}
	err = user_write(to, &fds);
	if (err) {
		fd_close(fds[0]);
		fd_close(fds[1]);
	}
	return err;
}

static long make_pipe(user_ptr_t fds, unsigned flags)
{
	struct file *ends[2];
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT | O_NOTIFICATION_PIPE))
		return -EINVAL;
	if (flags & O_NOTIFICATION_PIPE)
		return -ENOPKG; /* as a Linux that was built without them */
	err = open_ends(flags, ends);
	return err ? err : install_ends(ends, flags, fds);
}

SYSCALL(pipe, user_ptr_t fds)
{
	return make_pipe(fds, 0);
}

SYSCALL(pipe2, user_ptr_t fds, int flags)
{
	return make_pipe(fds, (unsigned)flags);
}
