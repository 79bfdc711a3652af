/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moving bytes between files and pipes: see splice.h. Between pipes pages change hands; all else goes through one page
 * of kernel memory.
 */
#include "splice.h"

#include <kernel/abi/signal.h>
#include <kernel/heap.h>
#include <kernel/signal.h>
#include <kernel/string.h>

#include "fs_internal.h"

ssize_t splice_read_side(const struct splice_side *side, void *buf, size_t len)
{
	struct io io;
	ssize_t n;

	io_kernel(&io, buf, len);
	if (!side->offset)
		return file_read(side->file, &io);
	n = file_read_at(side->file, &io, *side->offset);
	if (n > 0)
		*side->offset += n;
	return n;
}

ssize_t splice_write_side(const struct splice_side *side, void *buf, size_t len)
{
	struct io io;
	ssize_t n;

	io_kernel(&io, buf, len);
	if (!side->offset)
		return file_write(side->file, &io);
	n = file_write_at(side->file, &io, *side->offset);
	if (n > 0)
		*side->offset += n;
	return n;
}

/* Takes back what was read and could not be written. */
static void unread(const struct splice_side *side, size_t len)
{
	if (side->offset) {
		*side->offset -= (off_t)len;
		return;
	}
	mutex_lock(&side->file->position_lock);
	side->file->position -= (off_t)len;
	mutex_unlock(&side->file->position_lock);
}

ssize_t splice_copy(const struct splice_side *in, const struct splice_side *out, size_t len)
{
	size_t room = min(len, PAGE_SIZE);
	char *buf = heap_alloc(room);
	ssize_t total = 0, n = -ENOMEM, written;

	while (buf && len) {
		n = splice_read_side(in, buf, min(len, room));
		if (n <= 0)
			break;
		written = splice_write_side(out, buf, (size_t)n);
		unread(in, (size_t)(n - max(written, (ssize_t)0)));
		if (written > 0) {
			total += written;
			len -= (size_t)written;
		}
		if (written != n) {
			n = written;
			break;
		}
	}
	if (buf && !len)
		n = 0;
	heap_free(buf);
	return total ? total : n;
}

/* ---- pipe to file ---- */

/* Waits for something to take. 0: there is something, 1: there never will be. Lock. */
static int await_input(struct pipe *pipe, bool nonblock)
{
	while (pipe_is_empty(pipe)) {
		int err;

		if (!pipe->writers)
			return 1;
		err = nonblock ? -EAGAIN : pipe_wait_readable(pipe);
		if (err)
			return err;
	}
	return 0;
}

/* Writes the slot at the tail, or a part of it. */
static ssize_t drain_slot(struct pipe *pipe, const struct splice_side *out, size_t len)
{
	struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);
	ssize_t n = splice_write_side(out, (char *)page_virt(slot->page) + slot->offset, min(len, (size_t)slot->len));

	if (n > 0) {
		slot->offset = (uint16_t)(slot->offset + n);
		slot->len = (uint16_t)(slot->len - n);
		if (!slot->len)
			pipe_pop(pipe);
	}
	return n;
}

ssize_t splice_from_pipe(struct pipe *pipe, const struct splice_side *out, size_t len, bool nonblock)
{
	ssize_t total = 0, n;

	mutex_lock(&pipe->lock);
	n = await_input(pipe, nonblock);
	while (!n && len && !pipe_is_empty(pipe)) {
		n = drain_slot(pipe, out, len);
		if (n > 0) {
			total += n;
			len -= (size_t)n;
			n = 0;
		}
	}
	mutex_unlock(&pipe->lock);
	if (total)
		wake_all(&pipe->writable);
	return total ? total : n == 1 ? 0 : n;
}

/* ---- file to pipe ---- */

/* Waits for a free slot. Lock. */
static int await_room(struct pipe *pipe, bool nonblock)
{
	for (;;) {
		int err;

		if (!pipe->readers)
			return -EPIPE;
		if (!pipe_is_full(pipe))
			return 0;
		err = nonblock ? -EAGAIN : pipe_wait_writable(pipe);
		if (err)
			return err;
	}
}

/* Reads up to a page into a slot of its own. */
static ssize_t fill_slot(const struct splice_side *in, struct pipe *pipe, size_t len)
{
	struct page *page = page_alloc(0);
	ssize_t n;

	if (!page)
		return -ENOMEM;
	n = splice_read_side(in, page_virt(page), min(len, PAGE_SIZE));
	if (n > 0)
		pipe_push(pipe, page, 0, (size_t)n, 0);
	else
		page_put(page);
	return n;
}

ssize_t splice_to_pipe(const struct splice_side *in, struct pipe *pipe, size_t len, bool nonblock)
{
	ssize_t total = 0, n;

	mutex_lock(&pipe->lock);
	n = await_room(pipe, nonblock);
	while (!n && len && !pipe_is_full(pipe)) {
		n = fill_slot(in, pipe, len);
		if (n <= 0)
			break;
		total += n;
		len -= (size_t)n;
		n = 0;
	}
	mutex_unlock(&pipe->lock);
	if (n == -EPIPE)
		signal_send_self(SIGPIPE);
	if (total)
		wake_all(&pipe->readable);
	return total ? total : n;
}

/* ---- pipe to pipe ---- */

/* Both locks, always in the same order, so that two threads cannot wait for each other. */
static void lock_both(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock(a < b ? &b->lock : &a->lock);
}

static void unlock_both(struct pipe *a, struct pipe *b)
{
	mutex_unlock(&a->lock);
	mutex_unlock(&b->lock);
}

/* Gives slots, the last one perhaps in part, to the other pipe. Both locks. */
static size_t pass_slots(struct pipe *in, struct pipe *out, size_t len, bool copy)
{
	size_t total = 0;

	for (unsigned at = in->tail; at != in->head && total < len && !pipe_is_full(out); at++) {
		struct pipe_slot *slot = pipe_slot(in, at);
		size_t n = min(len - total, (size_t)slot->len);

		pipe_push(out, page_get(slot->page), slot->offset, n, slot->flags & PIPE_SLOT_PACKET);
		total += n;
		if (copy)
			continue;
		slot->offset = (uint16_t)(slot->offset + n);
		slot->len = (uint16_t)(slot->len - n);
		if (!slot->len)
			pipe_pop(in);
	}
	return total;
}

/* What has to be waited for, one pipe at a time; then both may have changed again. */
static int await_both(struct pipe *in, struct pipe *out, bool nonblock)
{
	int err;

	mutex_lock(&in->lock);
	err = await_input(in, nonblock);
	mutex_unlock(&in->lock);
	if (err)
		return err;
	mutex_lock(&out->lock);
	err = await_room(out, nonblock);
	mutex_unlock(&out->lock);
	return err;
}

ssize_t splice_pipes(struct pipe *in, struct pipe *out, size_t len, bool nonblock, bool copy)
{
	size_t total = 0;
	int err;

	while (!total) {
		err = await_both(in, out, nonblock);
		if (err) {
			if (err == -EPIPE)
				signal_send_self(SIGPIPE);
			return err == 1 ? 0 : err;
		}
		lock_both(in, out);
		total = pass_slots(in, out, len, copy);
		unlock_both(in, out);
	}
	wake_all(&out->readable);
	if (!copy)
		wake_all(&in->writable);
	return (ssize_t)total;
}
