/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading, writing and watching pipes. A write of up to PIPE_BUF bytes takes one slot or the rest of the last one, and
 * so is never torn.
 */
#include <kernel/abi/tty.h>
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "pipe.h"

#define SLOTS_DEFAULT 16u
#define SIZE_MAX_USER (1u << 20)
#define SIZE_MAX_ROOT (1u << 31)

OBJECT_TYPE(pipe);

struct pipe *pipe_create(void)
{
	struct pipe *pipe = heap_zalloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	pipe->slots = heap_array(SLOTS_DEFAULT, sizeof(*pipe->slots));
	if (!pipe->slots) {
		heap_free(pipe);
		return NULL;
	}
	pipe->size = SLOTS_DEFAULT;
	mutex_init(&pipe->lock);
	wait_queue_init(&pipe->readable);
	wait_queue_init(&pipe->writable);
	object_count_add(&object_type_pipe, 1);
	return pipe;
}

void pipe_destroy(struct pipe *pipe)
{
	while (!pipe_is_empty(pipe))
		pipe_pop(pipe);
	if (pipe->spare)
		page_put(pipe->spare);
	object_count_add(&object_type_pipe, -1);
	heap_free(pipe->slots);
	heap_free(pipe);
}

void pipe_pop(struct pipe *pipe)
{
	struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);

	if (!pipe->spare && slot->page->refs == 1)
		pipe->spare = slot->page;
	else
		page_put(slot->page);
	slot->page = NULL;
	atomic_store(&pipe->tail, pipe->tail + 1);
}

void pipe_push(struct pipe *pipe, struct page *page, size_t offset, size_t len, unsigned flags)
{
	*pipe_slot(pipe, pipe->head) = (struct pipe_slot){ page, (uint16_t)offset, (uint16_t)len, flags };
	atomic_store(&pipe->head, pipe->head + 1);
}

static struct page *take_page(struct pipe *pipe)
{
	struct page *page = pipe->spare;

	pipe->spare = NULL;
	return page ? page : page_alloc(0);
}

/* ---- waiting ---- */

static bool can_read(void *arg)
{
	struct pipe *pipe = arg;

	return !pipe_is_empty(pipe) || !atomic_load(&pipe->writers);
}

static bool can_write(void *arg)
{
	struct pipe *pipe = arg;

	return !pipe_is_full(pipe) || !atomic_load(&pipe->readers);
}

int pipe_wait_readable(struct pipe *pipe)
{
	int err;

	mutex_unlock(&pipe->lock);
	err = wait_until(&pipe->readable, can_read, pipe, WAIT_FOREVER);
	mutex_lock(&pipe->lock);
	return err;
}

int pipe_wait_writable(struct pipe *pipe)
{
	int err;

	mutex_unlock(&pipe->lock);
	err = wait_until(&pipe->writable, can_write, pipe, WAIT_FOREVER);
	mutex_lock(&pipe->lock);
	return err;
}

/* ---- read ---- */

/* Takes from the slot at the tail. 1: the read is complete. */
static int read_slot(struct pipe *pipe, struct io *io, ssize_t *total)
{
	struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);
	size_t len = min((size_t)slot->len, io->remaining);
	bool packet = slot->flags & PIPE_SLOT_PACKET;
	ssize_t n = io_put(io, (char *)page_virt(slot->page) + slot->offset, len);

	if (n != (ssize_t)len) {
		if (n > 0)
			io_revert(io, (size_t)n);
		return -EFAULT;
	}
	*total += n;
	slot->offset = (uint16_t)(slot->offset + len);
	slot->len = (uint16_t)(slot->len - len);
	if (packet || !slot->len) {
		pipe_pop(pipe);
		wake_all(&pipe->writable);
	}
	return packet || !io->remaining;
}

ssize_t pipe_read_io(struct pipe *pipe, struct io *io, bool nonblock)
{
	ssize_t total = 0;
	int err = 0;

	if (!io->remaining)
		return 0;
	mutex_lock(&pipe->lock);
	while (!err) {
		if (!pipe_is_empty(pipe)) {
			err = read_slot(pipe, io, &total);
			continue;
		}
		if (total || !pipe->writers)
			break;
		err = nonblock ? -EAGAIN : pipe_wait_readable(pipe);
	}
	mutex_unlock(&pipe->lock);
	return total ? total : err;
}

static ssize_t pipe_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	ssize_t n = pipe_read_io(file->data, io, file->flags & O_NONBLOCK);

	if (n > 0)
		inode_accessed(file->inode, file);
	return n;
}

/* ---- write ---- */

/* Adds the odd part of a write to the last slot where it fits whole. */
static int write_merge(struct pipe *pipe, struct io *io, ssize_t *total)
{
	size_t len = io->remaining & (PAGE_SIZE - 1);
	struct pipe_slot *last;
	ssize_t n;

	if (!len || pipe_is_empty(pipe))
		return 0;
	last = pipe_slot(pipe, pipe->head - 1);
	if (!(last->flags & PIPE_SLOT_MERGE) || last->offset + last->len + len > PAGE_SIZE)
		return 0;
	n = io_get(io, (char *)page_virt(last->page) + last->offset + last->len, len);
	if (n != (ssize_t)len)
		return -EFAULT;
	last->len = (uint16_t)(last->len + len);
	*total += n;
	return 0;
}

static int write_slot(struct pipe *pipe, struct io *io, unsigned flags, ssize_t *total)
{
	size_t len = min(io->remaining, PAGE_SIZE);
	struct page *page = take_page(pipe);
	ssize_t n;

	if (!page)
		return -ENOMEM;
	n = io_get(io, page_virt(page), len);
	if (n != (ssize_t)len) {
		page_put(page);
		return -EFAULT;
	}
	pipe_push(pipe, page, 0, len, flags);
	*total += n;
	return 0;
}

/* Fills slots, sleeping where the file allows it, until all is written. */
static int write_all(struct pipe *pipe, struct io *io, bool nonblock, unsigned flags, ssize_t *total)
{
	int err = pipe->readers ? write_merge(pipe, io, total) : 0;

	while (!err && (io->remaining || !*total)) {
		if (!pipe->readers)
			return -EPIPE;
		if (!pipe_is_full(pipe)) {
			err = write_slot(pipe, io, flags, total);
			continue;
		}
		if (nonblock)
			return -EAGAIN;
		wake_all(&pipe->readable);
		err = pipe_wait_writable(pipe);
	}
	return err;
}

ssize_t pipe_write_io(struct pipe *pipe, struct io *io, bool nonblock, bool packet)
{
	ssize_t total = 0;
	int err;

	if (!io->remaining)
		return 0;
	mutex_lock(&pipe->lock);
	err = write_all(pipe, io, nonblock, packet ? PIPE_SLOT_PACKET : PIPE_SLOT_MERGE, &total);
	mutex_unlock(&pipe->lock);
	if (err == -EPIPE)
		signal_send_self(SIGPIPE);
	if (!total)
		return err;
	wake_all(&pipe->readable);
	return total;
}

static ssize_t pipe_write(struct file *file, struct io *io, off_t *position UNUSED)
{
	ssize_t n = pipe_write_io(file->data, io, file->flags & O_NONBLOCK, file->flags & O_DIRECT);

	if (n > 0)
		inode_touch(file->inode, TOUCH_MTIME | TOUCH_CTIME);
	return n;
}

/* ---- poll, ioctl, fcntl ---- */

static unsigned pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->data;
	unsigned events = 0;

	if (file_may_read(file)) {
		poll_wait_events(table, &pipe->readable, POLLIN | POLLRDNORM | POLLHUP);
		if (!pipe_is_empty(pipe))
			events |= POLLIN | POLLRDNORM;
		/* A fifo opened before its first writer has not been hung up yet. */
		if (!atomic_load(&pipe->writers) && (unsigned)file->position != atomic_load(&pipe->write_opens))
			events |= POLLHUP;
	}
	if (file_may_write(file)) {
		poll_wait_events(table, &pipe->writable, POLLOUT | POLLWRNORM | POLLERR);
		if (!pipe_is_full(pipe))
			events |= POLLOUT | POLLWRNORM;
		if (!atomic_load(&pipe->readers))
			events |= POLLERR;
	}
	return events;
}

static long pipe_ioctl(struct file *file, unsigned command, user_ptr_t argument)
{
	struct pipe *pipe = file->data;
	int count = 0;

	if (command != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->lock);
	for (unsigned at = pipe->tail; at != pipe->head; at++)
		count += pipe_slot(pipe, at)->len;
	mutex_unlock(&pipe->lock);
	return user_write(argument, &count);
}

/* Moves what the pipe holds into a ring of another size. Lock. */
static int resize(struct pipe *pipe, unsigned size)
{
	struct pipe_slot *slots;
	unsigned used = pipe->head - pipe->tail;

	if (size < used)
		return -EBUSY;
	slots = heap_array(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (unsigned i = 0; i < used; i++)
		slots[i] = *pipe_slot(pipe, pipe->tail + i);
	heap_free(pipe->slots);
	pipe->slots = slots;
	atomic_store(&pipe->size, size);
	atomic_store(&pipe->tail, 0);
	atomic_store(&pipe->head, used);
	return 0;
}

static long set_size(struct pipe *pipe, uint64_t bytes)
{
	unsigned size = PAGE_SIZE;
	int err;

	if (bytes > SIZE_MAX_ROOT)
		return -EINVAL;
	while (size < bytes)
		size *= 2;
	mutex_lock(&pipe->lock);
	if (size > pipe->size * PAGE_SIZE && size > SIZE_MAX_USER && !process_capable(CAP_SYS_RESOURCE))
		err = -EPERM;
	else
		err = resize(pipe, size / PAGE_SIZE);
	mutex_unlock(&pipe->lock);
	if (err)
		return err;
	wake_all(&pipe->writable);
	return size;
}

static long pipe_fcntl(struct file *file, unsigned command, uint64_t argument)
{
	struct pipe *pipe = file->data;

	if (command == F_SETPIPE_SZ)
		return set_size(pipe, (unsigned)argument);
	if (command == F_GETPIPE_SZ)
		return (long)(atomic_load(&pipe->size) * PAGE_SIZE);
	return -EINVAL;
}

/* ---- the end ---- */

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->data;
	struct inode *inode = file->inode;
	bool last;

	mutex_lock(&inode->lock);
	mutex_lock(&pipe->lock);
	if (file_may_read(file))
		atomic_store(&pipe->readers, pipe->readers - 1);
	if (file_may_write(file))
		atomic_store(&pipe->writers, pipe->writers - 1);
	last = --pipe->files == 0;
	if (last)
		inode->pipe = NULL;
	mutex_unlock(&pipe->lock);
	/* Before the other end can go, and the pipe with it. */
	if (!last) {
		wake_all(&pipe->readable);
		wake_all(&pipe->writable);
	}
	mutex_unlock(&inode->lock);
	if (last)
		pipe_destroy(pipe);
}

const struct file_ops pipe_fops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.fcntl = pipe_fcntl,
	.release = pipe_release,
};

struct pipe *pipe_of(struct file *file)
{
	return file->ops == &pipe_fops ? file->data : NULL;
}
