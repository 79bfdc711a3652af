/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes of inodes. What one inode may hold is limited, so that a program cannot fill memory with them.
 */
#include <kernel/abi/xattr.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "xattr.h"

#define INODE_BYTES_MAX (128 * KIB)

struct xattr {
	struct list node;
	size_t size;
	void *value;
	char name[];
};

static struct xattr *find(struct inode *inode, const char *name)
{
	list_foreach(&inode->xattrs, struct xattr, node, x)
		if (!strcmp(x->name, name))
			return x;
	return NULL;
}

static void destroy(struct xattr *x)
{
	heap_free(x->value);
	heap_free(x);
}

static struct xattr *create(const char *name, const void *value, size_t size)
{
	size_t name_size = strlen(name) + 1;
	struct xattr *x = heap_alloc(sizeof(*x) + name_size);

	if (!x)
		return NULL;
	x->value = heap_alloc(size);
	if (!x->value) {
		heap_free(x);
		return NULL;
	}
	memcpy(x->name, name, name_size);
	memcpy(x->value, value, size);
	x->size = size;
	return x;
}

static size_t bytes_of(const struct xattr *x)
{
	return x->size + strlen(x->name) + sizeof(*x);
}

static size_t bytes_held(struct inode *inode)
{
	size_t total = 0;

	list_foreach(&inode->xattrs, struct xattr, node, x)
		total += bytes_of(x);
	return total;
}

static int check_set(struct inode *inode, const struct xattr *old, const struct xattr *new, unsigned flags)
{
	if (old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!old && (flags & XATTR_REPLACE))
		return -ENODATA;
	return bytes_held(inode) - (old ? bytes_of(old) : 0) + bytes_of(new) > INODE_BYTES_MAX ? -ENOSPC : 0;
}

int xattr_set(struct inode *inode, const char *name, const void *value, size_t size, unsigned flags)
{
	const struct remote_ops *remote = inode->sb->ops->remote;
	struct xattr *x, *old;
	int err;

	if (remote)
		return remote->xattr_set(inode, name, value, size, flags);
	if (inode->sb->ops->lookup || inode->sb->ops->find) /* it would be forgotten with the inode */
		return -EOPNOTSUPP;
	x = create(name, value, size);
	if (!x)
		return -ENOMEM;
	mutex_lock(&inode->lock);
	old = find(inode, name);
	err = check_set(inode, old, x, flags);
	if (!err) {
		if (old)
			list_remove(&old->node);
		list_append(&inode->xattrs, &x->node);
		inode_touch(inode, TOUCH_CTIME);
		x = old;
	}
	mutex_unlock(&inode->lock);
	if (x)
		destroy(x);
	return err;
}

ssize_t xattr_get(struct inode *inode, const char *name, void *buf, size_t size)
{
	const struct remote_ops *remote = inode->sb->ops->remote;
	struct xattr *x;
	ssize_t n = -ENODATA;

	if (remote)
		return remote->xattr_get(inode, name, buf, size);
	mutex_lock(&inode->lock);
	x = find(inode, name);
	if (x && size && size < x->size) {
		n = -ERANGE;
	} else if (x) {
		n = (ssize_t)x->size;
		if (size)
			memcpy(buf, x->value, x->size);
	}
	mutex_unlock(&inode->lock);
	return n;
}

ssize_t xattr_list(struct inode *inode, void *buf, size_t size, bool trusted)
{
	const struct remote_ops *remote = inode->sb->ops->remote;
	ssize_t total = 0;

	if (remote)
		return remote->xattr_list(inode, buf, size);
	mutex_lock(&inode->lock);
	list_foreach(&inode->xattrs, struct xattr, node, x) {
		size_t len = strlen(x->name) + 1;

		if (!trusted && !strncmp(x->name, "trusted.", 8))
			continue;
		if (size && (size_t)total + len > size) {
			total = -ERANGE;
			break;
		}
		if (size)
			memcpy((char *)buf + total, x->name, len);
		total += (ssize_t)len;
	}
	mutex_unlock(&inode->lock);
	return total;
}

int xattr_remove(struct inode *inode, const char *name)
{
	const struct remote_ops *remote = inode->sb->ops->remote;
	struct xattr *x;

	if (remote)
		return remote->xattr_remove(inode, name);
	mutex_lock(&inode->lock);
	x = find(inode, name);
	if (x) {
		list_remove(&x->node);
		inode_touch(inode, TOUCH_CTIME);
	}
	mutex_unlock(&inode->lock);
	if (!x)
		return -ENODATA;
	destroy(x);
	return 0;
}

void xattr_release_inode(struct inode *inode)
{
	list_foreach_safe(&inode->xattrs, struct xattr, node, x) {
		list_remove(&x->node);
		destroy(x);
	}
}
