/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path names and targets of system calls: see user_path.h.
 */
#include <kernel/fd.h>
#include <kernel/heap.h>

#include "user_path.h"

int user_path_copy(struct user_path *path, user_ptr_t from)
{
	ssize_t len;

	path->text = path->small;
	len = user_copy_string(path->small, from, sizeof(path->small));
	if (len >= 0)
		return 0;
	if (len != -ENAMETOOLONG)
		return (int)len;
	path->text = heap_alloc(PATH_MAX);
	if (!path->text)
		return -ENOMEM;
	len = user_copy_string(path->text, from, PATH_MAX);
	if (len >= 0)
		return 0;
	heap_free(path->text);
	return (int)len;
}

void user_path_free(struct user_path *path)
{
	if (path->text != path->small)
		heap_free(path->text);
}

int target_from_fd(int fd, bool also_path_fd, struct target *target)
{
	struct file *file = also_path_fd ? fd_get_any(fd) : fd_get(fd);
	struct path path;

	if (!file)
		return -EBADF;
	path = path_get((struct path){ file->mount, file->dentry });
	*target = (struct target){ inode_get(file->inode), path.mount, path.dentry };
	file_put(file);
	return 0;
}

int target_from_path(int dirfd, user_ptr_t from, unsigned at_flags, struct target *target)
{
	unsigned walk_flags = at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	struct user_path text;
	struct path path;
	int err = user_path_copy(&text, from);

	if (err)
		return err;
	if (at_flags & AT_EMPTY_PATH) {
		if (!*text.text && dirfd >= 0) {
			user_path_free(&text);
			return target_from_fd(dirfd, true, target);
		}
		walk_flags |= WALK_EMPTY;
	}
	err = path_lookup(dirfd, text.text, walk_flags, &path);
	user_path_free(&text);
	if (!err)
		*target = (struct target){ inode_get(path.dentry->inode), path.mount, path.dentry };
	return err;
}

void target_put(struct target *target)
{
	inode_put(target->inode);
	path_put((struct path){ target->mount, target->dentry });
}

int target_may_write(const struct target *target)
{
	return target->mount ? mount_may_write(target->mount) : 0;
}
