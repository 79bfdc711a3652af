/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes: a ring of slots, each a part of one page, as Linux has them, because how full a pipe is shows in what writes
 * do. Pages have references, so that splice and tee can pass them on without a copy.
 */
#pragma once

#include <kernel/mutex.h>
#include <kernel/page.h>
#include <kernel/vfs.h>

#define PIPE_SLOT_MERGE 1u /* a later write may add to it */
#define PIPE_SLOT_PACKET 2u /* a read ends with it (O_DIRECT) */

struct pipe_slot {
	struct page *page; /* referenced */
	uint16_t offset, len;
	unsigned flags;
};

struct pipe {
	struct mutex lock;
	/* Written under lock, read by poll and wait conditions without: */
	unsigned head, tail; /* slots ever filled and emptied; the ring holds head - tail */
	unsigned size;  /* slots, a power of two */
	unsigned readers, writers; /* open files */
	unsigned read_opens, write_opens; /* ever */
	unsigned files;  /* under lock: with the last one the pipe goes */
	struct pipe_slot *slots;
	struct page *spare; /* a page that was just emptied; NULL */
	struct wait_queue readable, writable;
};

struct pipe *pipe_create(void);
void pipe_destroy(struct pipe *pipe);
extern const struct file_ops pipe_fops;

/* The pipe of an open file, NULL when it is none. */
struct pipe *pipe_of(struct file *file);

static inline bool pipe_is_empty(const struct pipe *pipe)
{
	return __atomic_load_n(&pipe->head, __ATOMIC_ACQUIRE) == __atomic_load_n(&pipe->tail, __ATOMIC_ACQUIRE);
}

static inline bool pipe_is_full(const struct pipe *pipe)
{
	return __atomic_load_n(&pipe->head, __ATOMIC_ACQUIRE) - __atomic_load_n(&pipe->tail, __ATOMIC_ACQUIRE) >=
	       __atomic_load_n(&pipe->size, __ATOMIC_ACQUIRE);
}

static inline struct pipe_slot *pipe_slot(struct pipe *pipe, unsigned index)
{
	return &pipe->slots[index & (pipe->size - 1)];
}

/* What read and write do, for one open file's flags. A write without readers sends SIGPIPE. */
ssize_t pipe_read_io(struct pipe *pipe, struct io *io, bool nonblock);
ssize_t pipe_write_io(struct pipe *pipe, struct io *io, bool nonblock, bool packet);

/*
 * Under the pipe's lock. Frees the slot at the tail; adds one at the head (there is room), taking over the page's
 * reference.
 */
void pipe_pop(struct pipe *pipe);
void pipe_push(struct pipe *pipe, struct page *page, size_t offset, size_t len, unsigned flags);
/* Sleep, without the lock meanwhile, until something can be read (or nobody will write), or written. */
int pipe_wait_readable(struct pipe *pipe);
int pipe_wait_writable(struct pipe *pipe);
