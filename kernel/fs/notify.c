/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watches of inodes, and who is told what. What is done to a file is told to the watches of the directory that has its
 * name too, and to these first. A watch ends when it is taken back, with the first event if it was set for one
 * (IN_ONESHOT), and with its inode or file system; the last it tells is IN_IGNORED. All end with their instance, which
 * ends with its last descriptor: none outlives the processes that set it.
 */
#include <kernel/heap.h>

#include "inotify.h"

#define KEPT (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK)

struct spinlock inotify_lock = SPINLOCK_INIT;
struct list inotify_instances = LIST_INIT(inotify_instances);
unsigned notify_watches;
OBJECT_TYPE(inotify_watch);

/* ---- the end of watches ---- */

/* Unhooks a watch; freed later, as an inode cannot be put under the lock. Lock. */
static void unhook(struct watch *watch, struct list *gone)
{
	list_remove(&watch->inode_node);
	list_remove(&watch->instance_node);
	list_append(gone, &watch->instance_node);
	watch->instance->watch_count--;
	atomic_fetch_sub(&notify_watches, 1);
}

static void end(struct watch *watch, struct list *gone)
{
	inotify_queue(watch->instance, watch->wd, &(struct notice){ .mask = IN_IGNORED });
	unhook(watch, gone);
}

/* Without the lock. */
static void free_all(struct list *gone)
{
	list_foreach_safe(gone, struct watch, instance_node, watch) {
		list_remove(&watch->instance_node);
		inode_put(watch->inode);
		object_count_add(&object_type_inotify_watch, -1);
		heap_free(watch);
	}
}

/* ---- telling ---- */

static void tell(struct inode *inode, const struct notice *notice, struct list *gone)
{
	list_foreach_safe(&inode->watches, struct watch, inode_node, watch) {
		if (!(watch->mask & notice->mask) || (notice->unlinked && (watch->mask & IN_EXCL_UNLINK)))
			continue;
		inotify_queue(watch->instance, watch->wd, notice);
		if (watch->mask & IN_ONESHOT)
			end(watch, gone);
	}
}

/* Tells the directory that has the name, if it is watched still. A root is its own parent: not told twice. */
static void tell_parent(struct dentry *dentry, struct notice notice, struct list *gone)
{
	struct inode *dir = dentry->parent->inode;

	if (dentry->parent == dentry || list_empty(&dir->watches)) {
		atomic_store_relaxed(&dentry->watched, false);
		return;
	}
	notice.name = dentry->name;
	notice.name_len = dentry->name_len;
	tell(dir, &notice, gone);
}

void notify_tell_file(struct inode *inode, struct dentry *dentry, unsigned mask, bool open)
{
	struct list gone = LIST_INIT(gone);
	struct notice notice = { .mask = mask, .unlinked = open && dentry && dentry->unlinked };
	unsigned long names_flags = dentry_names_lock(), flags = spin_lock(&inotify_lock);

	if (S_ISDIR(inode->mode) && !(mask & (IN_DELETE_SELF | IN_MOVE_SELF)))
		notice.mask |= IN_ISDIR;
	if (dentry && atomic_load_relaxed(&dentry->watched))
		tell_parent(dentry, notice, &gone);
	tell(inode, &notice, &gone);
	spin_unlock(&inotify_lock, flags);
	dentry_names_unlock(names_flags);
	free_all(&gone);
}

void notify_tell_name(struct inode *dir, unsigned mask, uint32_t cookie, const char *name, size_t len)
{
	struct list gone = LIST_INIT(gone);
	const struct notice notice = { .mask = mask, .cookie = cookie, .name = name, .name_len = len };
	unsigned long flags = spin_lock(&inotify_lock);

	tell(dir, &notice, &gone);
	spin_unlock(&inotify_lock, flags);
	free_all(&gone);
}

void notify_tell_deleted(struct inode *inode)
{
	struct list gone = LIST_INIT(gone);
	unsigned long flags = spin_lock(&inotify_lock);

	tell(inode, &(struct notice){ .mask = IN_DELETE_SELF }, &gone);
	list_foreach_safe(&inode->watches, struct watch, inode_node, watch)
		end(watch, &gone);
	spin_unlock(&inotify_lock, flags);
	free_all(&gone);
}

void notify_tell_unmount(const struct superblock *sb)
{
	struct list gone = LIST_INIT(gone);
	unsigned long flags = spin_lock(&inotify_lock);

	list_foreach(&inotify_instances, struct inotify, node, instance)
		list_foreach_safe(&instance->watches, struct watch, instance_node, watch) {
			unsigned kind = S_ISDIR(watch->inode->mode) ? IN_ISDIR : 0;

			if (watch->inode->sb != sb)
				continue;
			inotify_queue(instance, watch->wd, &(struct notice){ .mask = IN_UNMOUNT | kind });
			end(watch, &gone);
		}
	spin_unlock(&inotify_lock, flags);
	free_all(&gone);
}

/* ---- setting and taking back ---- */

static struct watch *find_of_inode(const struct inotify *instance, const struct inode *inode)
{
	list_foreach(&inode->watches, struct watch, inode_node, watch)
		if (watch->instance == instance)
			return watch;
	return NULL;
}

static bool user_has_too_many(uint32_t uid)
{
	unsigned count = 0;

	list_foreach(&inotify_instances, struct inotify, node, instance)
		if (instance->uid == uid)
			count += instance->watch_count;
	return count >= INOTIFY_WATCHES_MAX;
}

static int change(struct watch *watch, unsigned mask)
{
	if (mask & IN_MASK_CREATE)
		return -EEXIST;
	if (!(mask & IN_MASK_ADD))
		watch->mask = 0;
	watch->mask |= mask & KEPT;
	return watch->wd;
}

/* Numbers are never given again: who has had two thousand million of them gets no more. Lock. */
static int add(struct watch *watch)
{
	struct inotify *instance = watch->instance;

	if (user_has_too_many(instance->uid) || instance->last_wd == INT32_MAX)
		return -ENOSPC;
	watch->wd = ++instance->last_wd;
	inode_get(watch->inode);
	list_append(&watch->inode->watches, &watch->inode_node);
	list_append(&instance->watches, &watch->instance_node);
	instance->watch_count++;
	atomic_fetch_add(&notify_watches, 1);
	object_count_add(&object_type_inotify_watch, 1);
	return watch->wd;
}

/* Those that come later are marked when they do. Files that have lost their names by now are not told of. */
static void mark_children(struct dentry *dir)
{
	vfs_lock();
	list_foreach(&dir->children, struct dentry, siblings, child)
		atomic_store_relaxed(&child->watched, true);
	vfs_unlock();
}

int watch_set(struct inotify *instance, struct dentry *dentry, unsigned mask)
{
	struct watch *fresh = heap_alloc(sizeof(*fresh)), *old;
	unsigned long flags;
	int wd;

	if (!fresh)
		return -ENOMEM;
	*fresh = (struct watch){ .instance = instance, .inode = dentry->inode, .mask = mask & KEPT };
	flags = spin_lock(&inotify_lock);
	old = find_of_inode(instance, dentry->inode);
	wd = old ? change(old, mask) : add(fresh);
	spin_unlock(&inotify_lock, flags);
	if (old || wd < 0)
		heap_free(fresh);
	else
		mark_children(dentry);
	return wd;
}

int watch_remove(struct inotify *instance, int wd)
{
	struct list gone = LIST_INIT(gone);
	unsigned long flags = spin_lock(&inotify_lock);
	int err = -EINVAL;

	list_foreach(&instance->watches, struct watch, instance_node, watch)
		if (watch->wd == wd) {
			end(watch, &gone);
			err = 0;
			break;
		}
	spin_unlock(&inotify_lock, flags);
	free_all(&gone);
	return err;
}

void watches_leave(struct inotify *instance)
{
	struct list gone = LIST_INIT(gone);
	unsigned long flags = spin_lock(&inotify_lock);

	list_foreach_safe(&instance->watches, struct watch, instance_node, watch)
		unhook(watch, &gone);
	list_remove(&instance->node);
	spin_unlock(&inotify_lock, flags);
	free_all(&gone);
}
