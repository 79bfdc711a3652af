/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens to files, told to those who watch them (notify.c). While nobody watches anything, each of these costs a
 * load and a branch; while others are watched, a look at the file's own list and at a mark of its name, which says that
 * its directory is: no lock. Any context in which a spinlock may be taken; mask: IN_* of kernel/abi/inotify.h.
 */
#pragma once

#include <kernel/abi/inotify.h>
#include <kernel/atomic.h>
#include <kernel/vfs.h>

extern unsigned notify_watches; /* that there are in all */

void notify_tell_file(struct inode *inode, struct dentry *dentry, unsigned mask, bool open);
void notify_tell_name(struct inode *dir, unsigned mask, uint32_t cookie, const char *name, size_t len);
void notify_tell_deleted(struct inode *inode);
void notify_tell_unmount(const struct superblock *sb);

static inline bool notify_wanted(void)
{
	return atomic_load_relaxed(&notify_watches) != 0;
}

static inline bool notify_has_watches(const struct inode *inode)
{
	return atomic_load_relaxed(&inode->watches.next) != &inode->watches;
}

/* A dentry has come to a directory. Tree lock, or it is new. */
static inline void notify_named(struct dentry *dentry)
{
	atomic_store_relaxed(&dentry->watched, notify_wanted() && notify_has_watches(dentry->parent->inode));
}

static inline bool notify_wanted_of(const struct inode *inode, const struct dentry *dentry)
{
	return notify_wanted() && (notify_has_watches(inode) || (dentry && atomic_load_relaxed(&dentry->watched)));
}

/* Something was done through an open file: told to its watches and, with its name, to those of its directory. */
static inline void notify_file(const struct file *file, unsigned mask)
{
	if (notify_wanted_of(file->inode, file->dentry))
		notify_tell_file(file->inode, file->dentry, mask, true);
}

/* The same by name; dentry NULL: it has none. */
static inline void notify_dentry(struct inode *inode, struct dentry *dentry, unsigned mask)
{
	if (notify_wanted_of(inode, dentry))
		notify_tell_file(inode, dentry, mask, false);
}

/* Told to the inode's own watches alone. */
static inline void notify_inode(struct inode *inode, unsigned mask)
{
	if (notify_wanted_of(inode, NULL))
		notify_tell_file(inode, NULL, mask, false);
}

/* Something was done to a name in a directory; the cookie ties the two names of a rename together. */
static inline void notify_name(struct inode *dir, unsigned mask, uint32_t cookie, const char *name, size_t len)
{
	if (notify_wanted_of(dir, NULL))
		notify_tell_name(dir, mask, cookie, name, len);
}

/* A name of an inode without links is gone, and no open file has it any more: its watches end. */
static inline void notify_deleted(struct inode *inode)
{
	if (notify_wanted_of(inode, NULL))
		notify_tell_deleted(inode);
}

/* So do those of all inodes of a file system that ends. */
static inline void notify_unmount(const struct superblock *sb)
{
	if (notify_wanted())
		notify_tell_unmount(sb);
}
