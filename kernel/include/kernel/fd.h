/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File descriptors: small numbers that name open files in a process.
 */
#pragma once

#include <kernel/errno.h>
#include <kernel/mutex.h>

struct file;
struct file_ops;
struct process;

struct fd_slot {
	struct file *file;	/* NULL: free */
	bool close_on_exec;
};

struct fd_table {
	struct mutex lock;
	unsigned refs;
	unsigned size;		/* slots allocated; grows up to RLIMIT_NOFILE */
	unsigned lowest_free;	/* no free slot below */
	struct fd_slot *slots;
};

int fd_table_create(struct fd_table **out);
/* A copy: the same open files. -ENOMEM. */
int fd_table_copy(struct fd_table *from, struct fd_table **out);
bool fd_table_is_shared(const struct fd_table *table);
struct fd_table *fd_table_get(struct fd_table *table);
void fd_table_put(struct fd_table *table);
/* The open file behind a descriptor there, O_PATH or not, referenced; NULL. */
struct file *fd_table_file(struct fd_table *table, int fd);

/* The open file behind a descriptor of the running process, with a reference for file_put(); NULL (then -EBADF). */
struct file *fd_get(int fd);
/* The same, but O_PATH descriptors too, which fd_get() does not give. */
struct file *fd_get_any(int fd);
/* Puts a file (its reference is taken over on success) at the lowest free number >= from. Number, -EMFILE, -ENOMEM. */
int fd_install(struct file *file, int from, bool close_on_exec);
/* Puts it at exactly fd, closing what was there. Number, -EBADF (out of range), -ENOMEM. */
int fd_install_at(struct file *file, int fd, bool close_on_exec);
/* 0, -EBADF; the file's own flush result does not keep it open. */
int fd_close(int fd);
int fd_get_flags(int fd);			/* FD_CLOEXEC or 0, -EBADF */
int fd_set_flags(int fd, bool close_on_exec);
/* Closes [first, last], or only sets close-on-exec there. */
int fd_close_range(unsigned first, unsigned last, bool only_cloexec);
/* The descriptors of the running process that are open and close-on-exec: closed at execve. */
void fd_close_on_exec(void);
/* How many descriptors select looks at: no open one is beyond. */
unsigned fd_table_size(void);
/* A new descriptor for a new file without a name. The data is the file's even on failure: it was released then. */
int fd_install_anonymous(const struct file_ops *ops, unsigned flags, void *data, bool close_on_exec);
