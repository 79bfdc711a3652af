/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The xattr calls: on a path, on a path without following a last link, on a descriptor.
 */
#include <kernel/abi/xattr.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "fs_internal.h"
#include "notify.h"
#include "user_path.h"
#include "xattr.h"

/* Where an attribute is looked for: a path, or (path 0) a descriptor. */
struct place {
	int fd;
	user_ptr_t path;
	unsigned at_flags;
	bool by_fd;
};

#define AT_PATH(p) ((struct place){ .path = (p) })
#define AT_LINK(p) ((struct place){ .path = (p), .at_flags = AT_SYMLINK_NOFOLLOW })
#define AT_FD(f) ((struct place){ .fd = (f), .by_fd = true })

static int find_target(const struct place *place, struct target *target)
{
	return place->by_fd ? target_from_fd(place->fd, false, target)
			    : target_from_path(AT_FDCWD, place->path, place->at_flags, target);
}

static int copy_name(char name[XATTR_NAME_MAX + 1], user_ptr_t from)
{
	ssize_t len = user_copy_string(name, from, XATTR_NAME_MAX + 1);

	if (len == 0 || len == -ENAMETOOLONG)
		return -ERANGE;
	return len < 0 ? (int)len : 0;
}

/* Which names there are, and who may use them. */
static int check_name(const struct inode *inode, const char *name, unsigned may)
{
	const struct credentials *cred = credentials_current();

	if (!strncmp(name, "trusted.", 8)) {
		if (cred_capable(cred, CAP_SYS_ADMIN))
			return 0;
		return may & MAY_WRITE ? -EPERM : -ENODATA;
	}
	if (!strncmp(name, "security.", 9))
		return !(may & MAY_WRITE) || cred_capable(cred, CAP_SYS_ADMIN) ? 0 : -EPERM;
	if (strncmp(name, "user.", 5))
		return -EOPNOTSUPP;
	if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
		return may & MAY_WRITE ? -EPERM : -ENODATA;
	if (S_ISDIR(inode->mode) && (inode->mode & S_ISVTX) && (may & MAY_WRITE) && !inode_is_owner(inode, cred))
		return -EPERM;
	return name[5] ? inode_permission(inode, may, cred) : -EINVAL;
}

/* The target, checked for this name and this use. */
static int open_place(const struct place *place, const char *name, unsigned may, struct target *target)
{
	int err = find_target(place, target);

	if (err)
		return err;
	if (may & MAY_WRITE)
		err = target_may_write(target);
	if (!err)
		err = check_name(target->inode, name, may);
	if (!err && !target->mount)
		err = -EOPNOTSUPP;
	if (err)
		target_put(target);
	return err;
}

static long set_at(struct place place, user_ptr_t name_at, user_ptr_t value_at, size_t size, int flags)
{
	char name[XATTR_NAME_MAX + 1];
	struct target target;
	void *value;
	int err;

	if ((unsigned)flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	err = copy_name(name, name_at);
	if (err)
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	value = heap_alloc(size);
	if (!value)
		return -ENOMEM;
	err = user_copy_in(value, value_at, size);
	if (!err)
		err = open_place(&place, name, MAY_WRITE, &target);
	if (!err) {
		err = xattr_set(target.inode, name, value, size, (unsigned)flags);
		if (!err)
			notify_dentry(target.inode, target.dentry, IN_ATTRIB);
		target_put(&target);
	}
	heap_free(value);
	return err;
}

static long get_at(struct place place, user_ptr_t name_at, user_ptr_t value_at, size_t size)
{
	char name[XATTR_NAME_MAX + 1];
	struct target target;
	void *value;
	ssize_t n = copy_name(name, name_at);

	if (n)
		return n;
	size = min(size, (size_t)XATTR_SIZE_MAX);
	value = heap_alloc(size);
	if (!value)
		return -ENOMEM;
	n = open_place(&place, name, MAY_READ, &target);
	if (!n) {
		n = xattr_get(target.inode, name, value, size);
		target_put(&target);
	}
	if (n > 0 && size && user_copy_out(value_at, value, (size_t)n))
		n = -EFAULT;
	heap_free(value);
	return n;
}

static long list_at(struct place place, user_ptr_t list_at, size_t size)
{
	struct target target;
	void *list;
	ssize_t n = find_target(&place, &target);

	if (n)
		return n;
	size = min(size, (size_t)XATTR_LIST_MAX);
	list = heap_alloc(size);
	n = -ENOMEM;
	if (list)
		n = xattr_list(target.inode, list, size, cred_capable(credentials_current(), CAP_SYS_ADMIN));
	if (n == -ERANGE && size == XATTR_LIST_MAX)
		n = -E2BIG;
	if (n > 0 && size && user_copy_out(list_at, list, (size_t)n))
		n = -EFAULT;
	heap_free(list);
	target_put(&target);
	return n;
}

static long remove_at(struct place place, user_ptr_t name_at)
{
	char name[XATTR_NAME_MAX + 1];
	struct target target;
	int err = copy_name(name, name_at);

	if (!err)
		err = open_place(&place, name, MAY_WRITE, &target);
	if (err)
		return err;
	err = xattr_remove(target.inode, name);
	if (!err)
		notify_dentry(target.inode, target.dentry, IN_ATTRIB);
	target_put(&target);
	return err;
}

SYSCALL(setxattr, user_ptr_t path, user_ptr_t name, user_ptr_t value, size_t size, int flags)
{
	return set_at(AT_PATH(path), name, value, size, flags);
}

SYSCALL(lsetxattr, user_ptr_t path, user_ptr_t name, user_ptr_t value, size_t size, int flags)
{
	return set_at(AT_LINK(path), name, value, size, flags);
}

SYSCALL(fsetxattr, int fd, user_ptr_t name, user_ptr_t value, size_t size, int flags)
{
	return set_at(AT_FD(fd), name, value, size, flags);
}

SYSCALL(getxattr, user_ptr_t path, user_ptr_t name, user_ptr_t value, size_t size)
{
	return get_at(AT_PATH(path), name, value, size);
}

SYSCALL(lgetxattr, user_ptr_t path, user_ptr_t name, user_ptr_t value, size_t size)
{
	return get_at(AT_LINK(path), name, value, size);
}

SYSCALL(fgetxattr, int fd, user_ptr_t name, user_ptr_t value, size_t size)
{
	return get_at(AT_FD(fd), name, value, size);
}

SYSCALL(listxattr, user_ptr_t path, user_ptr_t list, size_t size)
{
	return list_at(AT_PATH(path), list, size);
}

SYSCALL(llistxattr, user_ptr_t path, user_ptr_t list, size_t size)
{
	return list_at(AT_LINK(path), list, size);
}

SYSCALL(flistxattr, int fd, user_ptr_t list, size_t size)
{
	return list_at(AT_FD(fd), list, size);
}

SYSCALL(removexattr, user_ptr_t path, user_ptr_t name)
{
	return remove_at(AT_PATH(path), name);
}

SYSCALL(lremovexattr, user_ptr_t path, user_ptr_t name)
{
	return remove_at(AT_LINK(path), name);
}

SYSCALL(fremovexattr, int fd, user_ptr_t name)
{
	return remove_at(AT_FD(fd), name);
}
