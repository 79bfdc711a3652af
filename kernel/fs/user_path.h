/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path names as system calls get them: copied from the program into a small buffer on the stack, or, the rare long
 * ones, into heap memory.
 */
#pragma once

#include <kernel/user.h>
#include <kernel/vfs.h>

struct user_path {
	char *text;
	char small[248];
};

/* -EFAULT, -ENAMETOOLONG, -ENOMEM; then there is nothing to free. */
int user_path_copy(struct user_path *path, user_ptr_t from) MUST_CHECK;
void user_path_free(struct user_path *path);

/* What a path leads to, or a descriptor, which may be of no path at all (a pipe). Referenced. */
struct target {
	struct inode *inode;
	struct mount *mount; /* NULL when it is on none */
	struct dentry *dentry;
};

/* Resolves the program's path. at_flags: of AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW; following is the default. */
int target_from_path(int dirfd, user_ptr_t path, unsigned at_flags, struct target *target) MUST_CHECK;
int target_from_fd(int fd, bool also_path_fd, struct target *target) MUST_CHECK;
void target_put(struct target *target);
/* -EROFS. */
int target_may_write(const struct target *target) MUST_CHECK;
