/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rename, renameat2: checks in Linux's order, then one move or exchange in the tree, which nobody can see half done.
 */
#include <kernel/process.h>
#include <kernel/vfs.h>

#include "fs_internal.h"
#include "notify.h"

/* What is renamed to what; target is NULL where the new name is free. */
struct renaming {
	struct walk *from, *to;
	unsigned flags;
	struct dentry *source, *target;
};

static bool is_directory(const struct dentry *dentry)
{
	return S_ISDIR(dentry->inode->mode);
}

static int check_names(const struct renaming *r)
{
	if (r->from->at.mount != r->to->at.mount)
		return -EXDEV;
	if (r->from->last_type != WALK_NORMAL)
		return -EBUSY;
	if (r->to->last_type != WALK_NORMAL)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	return mount_may_write(r->from->at.mount);
}

/* What the flags want of the target. */
static int check_found(const struct renaming *r)
{
	if (r->target && (r->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (r->flags & RENAME_EXCHANGE) {
		if (!r->target)
			return -ENOENT;
		if (!is_directory(r->target) && r->to->last_slash)
			return -ENOTDIR;
	}
	return 0;
}

/*
 * On success the caller has a reference to the source: to look for the target may show that the server of both has
 * another file there now, or that the source's name is none any more.
 */
static int find_both(struct renaming *r)
{
	int err = walk_child(r->from, &r->source);
	bool is_named;

	if (err)
		return err;
	dentry_get(r->source);
	is_named = !r->source->unlinked; /* not where names are made as they are looked up, as in /proc */
	err = walk_child(r->to, &r->target);
	if (err == -ENOENT)
		r->target = NULL;
	if (!err || err == -ENOENT)
		err = is_named && r->source->unlinked ? -ENOENT : check_found(r);
	if (err)
		dentry_put(r->source);
	return err;
}

/* Trailing slashes, and one being inside the other. */
static int check_shape(const struct renaming *r)
{
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (!is_directory(r->source)) {
		if (r->from->last_slash || (!exchange && r->to->last_slash))
			return -ENOTDIR;
	}
	if (dentry_is_ancestor(r->source, r->to->at.dentry))
		return -EINVAL;
	if (r->target && dentry_is_ancestor(r->target, r->from->at.dentry))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int check_rights(const struct renaming *r)
{
	bool exchange = r->flags & RENAME_EXCHANGE, directory = is_directory(r->source);
	int err = namespace_may_delete(r->from, r->source, directory);

	if (err)
		return err;
	if (r->target)
		err = namespace_may_delete(r->to, r->target, exchange ? is_directory(r->target) : directory);
	else if (r->to->at.dentry->unlinked)
		err = -ENOENT;
	else
		err = inode_permission(r->to->at.dentry->inode, MAY_WRITE | MAY_EXEC, r->to->cred);
	if (err || r->from->at.dentry == r->to->at.dentry)
		return err;
	/* A directory that moves gets another "..". */
	if (directory)
		err = inode_permission(r->source->inode, MAY_WRITE, r->from->cred);
	if (!err && exchange && is_directory(r->target))
		err = inode_permission(r->target->inode, MAY_WRITE, r->to->cred);
	return err;
}

static void touch_both(const struct renaming *r, struct inode *from_dir)
{
	inode_touch(from_dir, TOUCH_MTIME | TOUCH_CTIME);
	inode_touch(r->to->at.dentry->inode, TOUCH_MTIME | TOUCH_CTIME);
	inode_touch(r->source->inode, TOUCH_CTIME);
}

/* To the watches of both directories, of what it replaced (NULL: nothing) and of what was moved. */
static void tell_move(const struct walk *from, const struct walk *to, struct inode *moved, struct inode *replaced)
{
	static uint32_t moves;
	unsigned kind = S_ISDIR(moved->mode) ? IN_ISDIR : 0;
	uint32_t cookie;

	if (!notify_wanted())
		return;
	cookie = atomic_fetch_add(&moves, 1) + 1;
	notify_name(from->at.dentry->inode, IN_MOVED_FROM | kind, cookie, from->last, from->last_len);
	notify_name(to->at.dentry->inode, IN_MOVED_TO | kind, cookie, to->last, to->last_len);
	if (replaced)
		notify_inode(replaced, IN_ATTRIB);
	notify_inode(moved, IN_MOVE_SELF);
}

/* The same where names are kept on a disk: first there, as only that can fail. */
static int reparent(const struct dentry *moved, struct inode *from_dir, struct inode *to_dir)
{
	if (!is_directory(moved) || from_dir == to_dir)
		return 0;
	return to_dir->sb->ops->reparent(moved->inode, to_dir);
}

static int exchange_stored(const struct renaming *r, struct inode *from_dir, struct inode *to_dir)
{
	const struct superblock_ops *ops = from_dir->sb->ops;
	int err;

	if (!ops->replace)
		return 0;
	err = ops->replace(from_dir, r->from->last, r->from->last_len, r->target->inode);
	if (!err)
		err = ops->replace(to_dir, r->to->last, r->to->last_len, r->source->inode);
	if (!err)
		err = reparent(r->source, from_dir, to_dir);
	return err ? err : reparent(r->target, to_dir, from_dir);
}

static int move_stored(const struct renaming *r, struct inode *from_dir, struct inode *to_dir)
{
	const struct superblock_ops *ops = from_dir->sb->ops;
	int err;

	if (!ops->link)
		return 0;
	if (r->target)
		err = ops->replace(to_dir, r->to->last, r->to->last_len, r->source->inode);
	else
		err = ops->link(to_dir, r->to->last, r->to->last_len, r->source->inode);
	if (!err)
		err = ops->unlink(from_dir, r->from->last, r->from->last_len);
	return err ? err : reparent(r->source, from_dir, to_dir);
}

static void changed(const struct renaming *r, struct inode *from_dir)
{
	inode_changed(from_dir);
	inode_changed(r->to->at.dentry->inode);
	inode_changed(r->source->inode);
}

static int exchange(const struct renaming *r)
{
	struct inode *from_dir = r->from->at.dentry->inode, *to_dir = r->to->at.dentry->inode;
	int err = exchange_stored(r, from_dir, to_dir);

	if (err)
		return err;
	dentry_exchange(r->source, r->target);
	if (is_directory(r->source) && !is_directory(r->target)) {
		from_dir->nlink--;
		to_dir->nlink++;
	} else if (!is_directory(r->source) && is_directory(r->target)) {
		from_dir->nlink++;
		to_dir->nlink--;
	}
	inode_touch(r->target->inode, TOUCH_CTIME);
	touch_both(r, from_dir);
	inode_changed(r->target->inode);
	changed(r, from_dir);
	tell_move(r->from, r->to, r->source->inode, NULL);
	tell_move(r->to, r->from, r->target->inode, NULL);
	return 0;
}

static int move(const struct renaming *r)
{
	struct dentry *to_dir = r->to->at.dentry, *from_dir = r->from->at.dentry;
	struct dentry *target = r->target ? dentry_get(r->target) : NULL;
	int err;

	err = move_stored(r, from_dir->inode, to_dir->inode);
	if (!err)
		err = dentry_move(r->source, to_dir, r->to->last, r->to->last_len);
	if (!err) {
		if (is_directory(r->source)) {
			from_dir->inode->nlink--;
			to_dir->inode->nlink++;
		}
		if (target)
			namespace_remove(target);
		touch_both(r, from_dir->inode);
		changed(r, from_dir->inode);
		tell_move(r->from, r->to, r->source->inode, target ? target->inode : NULL);
	}
	if (target)
		dentry_put(target);
	return err;
}

/* Leaves a whiteout (a character device 0:0) where the source was. */
static int leave_whiteout(const struct renaming *r)
{
	return namespace_create_quietly(r->from, S_IFCHR, 0, NULL, NULL);
}

/* Lets the server do it first. An empty directory in the target's place may look full in our tree. */
static int rename_remote(const struct renaming *r)
{
	const struct remote_ops *remote = r->source->inode->sb->ops->remote;
	int err;

	if (!remote)
		return 0;
	if (r->flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = remote->rename(r->source, r->to->at.dentry->inode, r->to->last, r->to->last_len, r->target,
			     r->flags & RENAME_EXCHANGE);
	if (err || !r->target || (r->flags & RENAME_EXCHANGE))
		return err;
	return namespace_forget_below(r->target);
}

static int rename_found(const struct renaming *r)
{
	struct superblock *sb = r->source->inode->sb;
	int err = check_shape(r);

	if (err)
		return err;
	if (r->target && r->source->inode == r->target->inode)
		return 0;
	err = check_rights(r);
	if (err)
		return err;
	if (r->source->mounts || (r->target && r->target->mounts))
		return -EBUSY;
	err = rename_remote(r);
	if (err)
		return err;
	if (!(r->flags & RENAME_EXCHANGE) && r->target && is_directory(r->target))
		err = directory_is_empty(r->target);
	if (!err)
		err = fs_begin(sb);
	if (err)
		return err;
	err = r->flags & RENAME_EXCHANGE ? exchange(r) : move(r);
	fs_end(sb);
	if (!err && (r->flags & RENAME_WHITEOUT))
		err = leave_whiteout(r);
	return err;
}

int vfs_rename(struct walk *from, struct walk *to, unsigned flags)
{
	struct renaming r = { .from = from, .to = to, .flags = flags };
	int err = check_names(&r);

	if (!err)
		err = find_both(&r);
	if (err)
		return err;
	err = rename_found(&r);
	dentry_put(r.source);
	return err;
}
