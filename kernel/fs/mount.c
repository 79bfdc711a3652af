/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File systems and where they hang: superblocks, and the mount table. A mounted mount has one reference from the table;
 * open files, working directories and mounts inside it hold the others, which is what makes it busy. The file system
 * itself ends with its last mount.
 */
#include <kernel/abi/mount.h>
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "fs_internal.h"
#include "notify.h"

LINKSET_DECLARE(filesystem);

static struct list mounts = LIST_INIT(mounts);
static int next_mount_id = 1;
static unsigned next_minor = 20;

struct path path_get(struct path path)
{
	if (path.mount)
		mount_get(path.mount);
	if (path.dentry)
		dentry_get(path.dentry);
	return path;
}

void path_put(struct path path)
{
	if (path.dentry)
		dentry_put(path.dentry);
	if (path.mount)
		mount_put(path.mount);
}

/* ---- superblocks ---- */

/* Takes every name out of a tree that nobody can reach any more, leaves first. */
static void tree_drop(struct dentry *root)
{
	struct dentry *d = root;

	for (;;) {
		while (!list_empty(&d->children))
			d = list_first(&d->children, struct dentry, siblings);
		if (d == root)
			return;
		struct dentry *parent = d->parent;

		dentry_unlink(d);
		d = parent;
	}
}

void superblock_put(struct superblock *sb)
{
	if (atomic_fetch_sub(&sb->refs, 1) != 1)
		return;
	sb->ops->destroy(sb);
	heap_free(sb->source);
	heap_free(sb);
}

static void superblock_kill(struct superblock *sb)
{
	notify_unmount(sb);
	vfs_lock();
	tree_drop(sb->root);
	vfs_unlock();
	dentry_put(sb->root);
	superblock_put(sb);
}

static const struct filesystem *filesystem_find(const char *name)
{
	LINKSET_FOREACH(filesystem, const struct filesystem, fs)
		if (!strcmp(fs->name, name))
			return fs;
	return NULL;
}

const struct filesystem *filesystem_next(const struct filesystem *after)
{
	const struct filesystem *next = NULL;

	LINKSET_FOREACH(filesystem, const struct filesystem, fs)
		if ((!after || strcmp(fs->name, after->name) > 0) && (!next || strcmp(fs->name, next->name) < 0))
			next = fs;
	return next;
}

static int superblock_create(const struct filesystem *type, const char *source, bool read_only, const char *options,
			     struct superblock **out)
{
	struct superblock *sb = heap_zalloc(sizeof(*sb));
	int err;

	if (!sb)
		return -ENOMEM;
	sb->refs = 1;
	sb->type = type;
	sb->read_only = read_only;
	sb->source = *source ? heap_strdup(source) : NULL;
	sb->next_ino = 1;
	sb->dev = DEV_MAKE(0, atomic_fetch_add(&next_minor, 1));
	err = *source && !sb->source ? -ENOMEM : type->mount(sb, options);
	if (err && sb->root) {
		superblock_kill(sb);
	} else if (err) {
		heap_free(sb->source);
		heap_free(sb);
	} else {
		*out = sb;
	}
	return err;
}

/* ---- mounts ---- */

struct mount *mount_get(struct mount *mount)
{
	atomic_fetch_add(&mount->refs, 1);
	return mount;
}

void mount_put(struct mount *mount)
{
	if (atomic_fetch_sub(&mount->refs, 1) != 1)
		return;
	superblock_kill(mount->sb);
	heap_free(mount);
}

int mount_create(const char *type, const char *source, unsigned flags, const char *options, struct mount **out)
{
	const struct filesystem *fs = filesystem_find(type);
	struct mount *mount;
	int err;

	if (!fs)
		return -ENODEV;
	mount = heap_zalloc(sizeof(*mount));
	if (!mount)
		return -ENOMEM;
	err = superblock_create(fs, source, flags & MS_RDONLY, options, &mount->sb);
	if (err) {
		heap_free(mount);
		return err;
	}
	mount->refs = 1;
	mount->flags = flags;
	mount->id = atomic_fetch_add(&next_mount_id, 1);
	mount->root = mount->sb->root;
	list_init(&mount->node);
	*out = mount;
	return 0;
}

struct mount *mount_at(struct path path)
{
	if (!path.dentry->mounts)
		return NULL;
	list_foreach(&mounts, struct mount, node, m)
		if (m->mountpoint == path.dentry && m->parent == path.mount)
			return m;
	return NULL;
}

int mount_attach(struct mount *mount, struct path at)
{
	int err = 0;

	vfs_lock();
	for (struct mount *above; (above = mount_at(at));)
		at = (struct path){ above, above->root };
	if (!at.mount)
		err = -EINVAL;
	else if (at.dentry->unlinked)
		err = -ENOENT;
	else if (S_ISDIR(at.dentry->inode->mode) != S_ISDIR(mount->root->inode->mode))
		err = -ENOTDIR;
	if (!err) {
		mount->parent = mount_get(at.mount);
		mount->mountpoint = dentry_get(at.dentry);
		at.dentry->mounts++;
		list_append(&mounts, &mount->node);
	}
	vfs_unlock();
	return err;
}

int mount_create_at(const char *directory, const char *type, const char *source, unsigned flags, const char *options,
		    struct mount **out)
{
	struct mount *mount;
	struct path at;
	int err = path_lookup(AT_FDCWD, directory, WALK_FOLLOW | WALK_DIRECTORY, &at);

	if (err)
		return err;
	err = mount_create(type, source, flags, options, &mount);
	if (!err) {
		err = mount_attach(mount, at);
		if (err)
			mount_put(mount);
		else if (out)
			*out = mount;
	}
	path_put(at);
	return err;
}

static bool mount_has_children(const struct mount *mount)
{
	list_foreach(&mounts, struct mount, node, m)
		if (m->parent == mount)
			return true;
	return false;
}

/* Takes a mount out of the table onto list; what hung inside it stays attached to it, out of reach. */
static void mount_unhook(struct mount *mount, struct list *gone)
{
	list_remove(&mount->node);
	mount->mountpoint->mounts--;
	list_append(gone, &mount->node);
}

/* MNT_DETACH takes the mounts inside along, deepest first. */
static void mount_unhook_all(struct mount *mount, struct list *gone)
{
	struct mount *deepest;

	do {
		deepest = mount;
		for (bool found = true; found;) {
			found = false;
			list_foreach(&mounts, struct mount, node, m)
				if (m->parent == deepest) {
					deepest = m;
					found = true;
					break;
				}
		}
		mount_unhook(deepest, gone);
	} while (deepest != mount);
}

static void mounts_release(struct list *gone)
{
	list_foreach_safe(gone, struct mount, node, m) {
		struct path point = { m->parent, m->mountpoint };

		list_remove(&m->node);
		m->parent = NULL;
		m->mountpoint = NULL;
		path_put(point);
		mount_put(m);
	}
}

/* path holds one reference to the mount, the table another. */
static int mount_check_busy(struct mount *mount, unsigned flags)
{
	if (flags & MNT_DETACH)
		return 0;
	if (mount_has_children(mount) || atomic_load(&mount->refs) > 2)
		return -EBUSY;
	if ((flags & MNT_EXPIRE) && !mount->expired) {
		mount->expired = true;
		return -EAGAIN;
	}
	return 0;
}

/* A path through /proc/self/fd may be that of a pipe, in no mount. */
int mount_detach(struct path path, unsigned flags)
{
	struct list gone = LIST_INIT(gone);
	struct mount *mount = path.mount;
	int err = -EINVAL;

	vfs_lock();
	if (mount && path.dentry == mount->root && mount->parent) {
		err = mount_check_busy(mount, flags);
		if (!err)
			mount_unhook_all(mount, &gone);
	}
	vfs_unlock();
	mounts_release(&gone);
	return err;
}

int mount_foreach(int (*visit)(struct mount *mount, void *context), void *context)
{
	int result = 0;

	list_foreach(&mounts, struct mount, node, m) {
		result = visit(m, context);
		if (result)
			break;
	}
	return result;
}

/* Syncs one mount after the other without the tree lock, which writing may need; those that come meanwhile may wait. */
int mounts_sync(void)
{
	int first_err = 0, last_id = 0;

	for (;;) {
		struct mount *next = NULL;
		int err;

		vfs_lock();
		list_foreach(&mounts, struct mount, node, m)
			if (m->id > last_id && m->sb->ops->sync && (!next || m->id < next->id))
				next = m;
		if (next)
			mount_get(next);
		vfs_unlock();
		if (!next)
			return first_err;
		last_id = next->id;
		err = next->sb->ops->sync(next->sb);
		first_err = first_err ?: err;
		mount_put(next);
	}
}

void mounts_end(void)
{
	mounts_sync();
	list_foreach(&mounts, struct mount, node, m)
		if (m->sb->ops->remount && !m->sb->read_only && !m->sb->ops->remount(m->sb, true))
			m->sb->read_only = true;
}

int mount_may_write(const struct mount *mount)
{
	if (!mount)
		return 0;
	return (mount->flags & MS_RDONLY) || mount->sb->read_only ? -EROFS : 0;
}
