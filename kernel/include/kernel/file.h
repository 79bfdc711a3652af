/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files: what a descriptor refers to, shared by dup and by references. Behaviour comes from file_ops; files of a
 * file system, pipes, eventfds, timerfds, epolls, devices all are one.
 */
#pragma once

#include <kernel/errno.h>
#include <kernel/mutex.h>
#include <kernel/user.h>
#include <kernel/wait.h>

struct dentry;
struct inode;
struct file;
struct poll_table;
struct dir_context;
struct mount;
struct page;

struct file_ops {
	/* What /proc calls such a file when it has no path: "anon_inode:[eventfd]". NULL: what its inode says. */
	const char *name;
	/*
	 * Makes the file ready; may replace file->ops, may sleep. On an error release is not called. NULL:
	 * always fine.
	 */
	int (*open)(struct file *file);
	/* Move bytes and *position; NULL: -EINVAL. -EAGAIN when O_NONBLOCK and nothing can be done now. May sleep. */
	ssize_t (*read)(struct file *file, struct io *io, off_t *position);
	ssize_t (*write)(struct file *file, struct io *io, off_t *position);
	/* NULL: a stream, which has no position: -ESPIPE. */
	off_t (*seek)(struct file *file, off_t offset, int whence);
	/*
	 * POLLIN etc. that hold now; if table is given, first joins the wait queues with poll_wait(). Does not sleep
	 * and takes no lock under which it wakes anybody: it is asked as a wait condition too. NULL: always readable
	 * and writable.
	 */
	unsigned (*poll)(struct file *file, struct poll_table *table);
	/*
	 * The page at a page index, referenced, for a mapping of the file; made when absent and create is set (*page
	 * NULL: a hole). -EFAULT beyond the end (SIGBUS), -ENOSPC. NULL: cannot be mapped (-ENODEV).
	 */
	int (*map_page)(struct file *file, uint64_t index, bool create, struct page **page);
	/*
	 * A mapping of the file has come or gone in any address space; one that is cut counts as two. writable: a
	 * shared one that is written to, or may be by mprotect. That space's lock is held, so programs' memory is out
	 * of reach. NULL: nobody counts.
	 */
	void (*mapped)(struct file *file, bool writable, bool added);
	/*
	 * May a new shared mapping of the file, which is open for writing, ever be written to? It was counted as
	 * writable before. That space's lock is held. -EPERM. NULL: always.
	 */
	int (*may_map_writable)(struct file *file);
	/* -ENOTTY for what it does not know; NULL likewise. */
	long (*ioctl)(struct file *file, unsigned command, user_ptr_t argument);
	/* Feeds directory entries to context until it is full or the end is reached. */
	int (*iterate)(struct file *file, struct dir_context *context);
	int (*truncate)(struct file *file, off_t size);
	int (*allocate)(struct file *file, int mode, off_t offset, off_t len);
	int (*sync)(struct file *file, bool data_only);
	/* fcntl commands beyond the common ones (F_SETPIPE_SZ, F_ADD_SEALS ...); -EINVAL for what it does not know. */
	long (*fcntl)(struct file *file, unsigned command, uint64_t argument);
	/* The last reference is gone. */
	void (*release)(struct file *file);
};

struct file {
	const struct file_ops *ops;
	unsigned refs;
	unsigned flags; /* O_*: access mode, O_APPEND, O_NONBLOCK, O_DIRECTORY, O_PATH ... */
	off_t position; /* under position_lock */
	struct mutex position_lock;
	struct inode *inode; /* referenced; an anonymous inode for pipes and the like */
	struct dentry *dentry; /* referenced, NULL for anonymous files */
	struct mount *mount; /* referenced, NULL for anonymous files */
	void *data; /* the implementation's own */
	int owner; /* F_SETOWN, F_SETSIG: who is told of readiness */
	uint8_t owner_type, owner_signal;
	struct list epoll_items; /* epolls that watch it: told when it goes away */
};

/*
 * One reference, counted as an object that must not outlive a process. NULL: no memory. Takes over the inode's
 * reference.
 */
struct file *file_alloc(const struct file_ops *ops, unsigned flags, struct inode *inode, void *data);
/* A nameless file in memory, all holes: what shared anonymous mappings map. One reference. -ENOMEM, -ENOSPC. */
int file_create_memory(uint64_t size, struct file **out);
struct file *file_get(struct file *file);
void file_put(struct file *file);

/* Its path, from the root of all, or what it is called without one; "" where that does not fit. In buf. Sleeps. */
const char *file_name(const struct file *file, char *buf, size_t size);

/* Checks access mode (-EBADF), position rules (-ESPIPE) and limits, then calls the operation. */
ssize_t file_read(struct file *file, struct io *io); /* at and moves the file's position */
ssize_t file_write(struct file *file, struct io *io);
ssize_t file_read_at(struct file *file, struct io *io, off_t offset); /* pread */
ssize_t file_write_at(struct file *file, struct io *io, off_t offset);

/*
 * What one read or write moves at most: INT_MAX cut to a page. Under a fuzzer less, which any program must expect: two
 * gigabytes of zeros take longer than an input may.
 */
#define FILE_TRANSFER_MAX (IS_ENABLED(CONFIG_FUZZ) ? 0x100000 : 0x7ffff000)

/*
 * Parts of seek operations: to an absolute offset in [0, limit]; SEEK_SET, CUR and END in a file of that size;
 * always to 0.
 */
off_t file_seek_to(struct file *file, off_t offset, off_t limit);
off_t file_seek_size(struct file *file, off_t offset, int whence, off_t size);
off_t file_seek_zero(struct file *file, off_t offset, int whence);

/* ---- poll ---- */

/* Linux's poll bits, as struct pollfd uses them. */
#define POLLIN 0x001u
#define POLLPRI 0x002u
#define POLLOUT 0x004u
#define POLLERR 0x008u
#define POLLHUP 0x010u
#define POLLNVAL 0x020u
#define POLLRDNORM 0x040u
#define POLLRDBAND 0x080u
#define POLLWRNORM 0x100u
#define POLLWRBAND 0x200u
#define POLLMSG 0x400u
#define POLLRDHUP 0x2000u

/* Collects the queues that a poll must sleep on; events: what a wake-up on this one can mean. */
struct poll_table {
	void (*add)(struct poll_table *table, struct wait_queue *queue, unsigned events);
};
static inline void poll_wait_events(struct poll_table *table, struct wait_queue *queue, unsigned events)
{
	if (table)
		table->add(table, queue, events);
}
static inline void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
	poll_wait_events(table, queue, ~0u);
}
unsigned file_poll(struct file *file, struct poll_table *table);

/**
 * The n-th file that an epoll watches under the number fd, not referenced: only to be compared. -EINVAL: the file is no
 * epoll; -ENOENT.
 */
int epoll_target(struct file *file, int fd, unsigned n, const struct file **out);

/*
 * Sleeping on many files at once: poll, select. Add with file_poll(file, &wait->table), then poll_waiter_sleep(), then
 * _end().
 */
#define POLL_ENTRIES_INLINE 8
struct poll_chunk;
struct poll_waiter {
	struct poll_table table;
	int err; /* -ENOMEM: not all queues could be joined */
	unsigned count;
	struct wait_entry entries[POLL_ENTRIES_INLINE];
	struct poll_chunk *more;
};
void poll_waiter_begin(struct poll_waiter *waiter);
/* As wait_until_any(); -ENOMEM. */
int poll_waiter_sleep(struct poll_waiter *waiter, wait_condition_t *condition, void *arg, uint64_t deadline_ns)
	MUST_CHECK;
void poll_waiter_end(struct poll_waiter *waiter);
