/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making and removing names: create, mkdir, mknod, symlink, link, unlink, rmdir. The checks are Linux's, in Linux's
 * order, because their order decides which error a program sees.
 */
#include <kernel/abi/mount.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "fs_internal.h"
#include "notify.h"

/* A new inode for the directory at, owned by the caller; a set-group-ID directory passes its group on. */
static int make_inode(struct walk *walk, unsigned mode, uint32_t rdev, const char *target, struct inode **out)
{
	struct inode *dir = walk->at.dentry->inode, *inode;
	const struct remote_ops *remote = dir->sb->ops->remote;
	uint32_t uid, gid;
	int err;

	cred_fs_ids(walk->cred, &uid, &gid);
	if (dir->mode & S_ISGID) {
		gid = dir->gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && !cred_in_group(walk->cred, gid) &&
			 !cred_capable(walk->cred, CAP_FSETID))
			mode &= ~S_ISGID;
	}
	if (remote)
		return remote->create(dir, walk->last, walk->last_len,
				      &(struct inode_wanted){ mode, uid, gid, rdev, target }, out);
	err = dir->sb->ops->inode_create(dir->sb, mode, rdev, &inode);
	if (err)
		return err;
	inode->uid = uid;
	inode->gid = gid;
	inode_changed(inode);
	*out = inode;
	return 0;
}

static int may_create(struct walk *walk)
{
	struct dentry *dir = walk->at.dentry;

	if (dir->unlinked || dir->inode->sb->ops->lookup)
		return -ENOENT;
	return inode_permission(dir->inode, MAY_WRITE | MAY_EXEC, walk->cred);
}

/* Gives a new or an old file one more name, in the tree and where the file system keeps it. */
static int add_name(struct walk *walk, struct inode *inode, struct dentry **out)
{
	struct dentry *dir = walk->at.dentry, *dentry;
	const struct superblock_ops *ops = dir->inode->sb->ops;
	int err = dentry_add(dir, walk->last, walk->last_len, inode, &dentry);

	if (err)
		return err;
	err = ops->link ? ops->link(dir->inode, walk->last, walk->last_len, inode) : 0;
	if (err) {
		dentry_unlink(dentry);
		return err;
	}
	inode_touch(dir->inode, TOUCH_MTIME | TOUCH_CTIME);
	if (out)
		*out = dentry;
	return 0;
}

static int create(struct walk *walk, unsigned mode, uint32_t rdev, const char *target, struct dentry **out)
{
	struct dentry *dir = walk->at.dentry;
	struct inode *inode;
	int err = make_inode(walk, mode, rdev, target, &inode);

	if (err)
		return err;
	if (target && !inode->target) {
		inode->target = heap_strdup(target);
		inode->size = (off_t)strlen(target);
		err = inode->target ? 0 : -ENOMEM;
	}
	if (!err)
		err = add_name(walk, inode, out);
	if (err)
		inode->nlink = 0;
	else if (S_ISDIR(mode))
		dir->inode->nlink++;
	inode_changed(inode);
	inode_changed(dir->inode);
	inode_put(inode);
	return err;
}

int namespace_create_quietly(struct walk *walk, unsigned mode, uint32_t rdev, const char *target, struct dentry **out)
{
	struct superblock *sb = walk->at.dentry->inode->sb;
	int err;

	err = mount_may_write(walk->at.mount);
	if (!err)
		err = may_create(walk);
	if (!err)
		err = fs_begin(sb);
	if (err)
		return err;
	err = create(walk, mode, rdev, target, out);
	fs_end(sb);
	return err;
}

static void tell_name(const struct walk *walk, unsigned event, bool directory)
{
	notify_name(walk->at.dentry->inode, event | (directory ? IN_ISDIR : 0), 0, walk->last, walk->last_len);
}

int namespace_create(struct walk *walk, unsigned mode, uint32_t rdev, const char *target, struct dentry **out)
{
	int err = namespace_create_quietly(walk, mode, rdev, target, out);

	if (!err)
		tell_name(walk, IN_CREATE, S_ISDIR(mode));
	return err;
}

int namespace_create_nameless(struct walk *walk, unsigned mode, bool linkable, struct dentry **out)
{
	struct superblock *sb = walk->at.dentry->inode->sb;
	struct inode *inode;
	char name[24];
	size_t len;
	int err;

	err = mount_may_write(walk->at.mount);
	if (!err && sb->ops->remote)
		err = -EOPNOTSUPP;
	if (!err)
		err = fs_begin(sb);
	if (err)
		return err;
	err = make_inode(walk, mode, 0, NULL, &inode);
	if (!err) {
		inode->nlink = 0;
		inode->linkable = linkable;
		inode_changed(inode);
	}
	fs_end(sb);
	if (err)
		return err;
	len = format(name, sizeof(name), "#%llu", (unsigned long long)inode->ino); /* what watchers and /proc tell */
	*out = dentry_create(walk->at.dentry, name, len, inode);
	if (*out)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

/* Walks to where text is to be created: nothing may be there yet. */
static int walk_to_create(struct walk *walk, int dirfd, const char *text, bool directory)
{
	struct dentry *child;
	int err = walk_begin(walk, dirfd, text, 0);

	if (!err)
		err = walk_parent(walk);
	if (err)
		return err;
	if (walk->last_type != WALK_NORMAL)
		return -EEXIST;
	err = walk_child(walk, &child);
	if (!err)
		return -EEXIST;
	if (err != -ENOENT || walk->at.dentry->inode->sb->ops->lookup)
		return err;
	if (walk->last_slash && !directory)
		return -ENOENT;
	return mount_may_write(walk->at.mount);
}

int vfs_mkdir(int dirfd, const char *text, unsigned mode)
{
	struct walk walk;
	int err = walk_to_create(&walk, dirfd, text, true);

	mode = (mode & (0777 | S_ISVTX)) & ~fs_context_current()->umask;
	if (!err)
		err = namespace_create(&walk, S_IFDIR | mode, 0, NULL, NULL);
	walk_end(&walk);
	return err;
}

int vfs_mknod(int dirfd, const char *text, unsigned mode, uint32_t rdev)
{
	unsigned type = mode & S_IFMT;
	struct walk walk;
	int err;

	if (type == S_IFDIR)
		return -EPERM;
	if (type == 0)
		type = S_IFREG;
	if (type != S_IFREG && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK)
		return -EINVAL;
	err = walk_to_create(&walk, dirfd, text, false);
	if (!err)
		err = may_create(&walk);
	if (type != S_IFCHR && type != S_IFBLK)
		rdev = 0;
	else if (!err && !cred_capable(walk.cred, CAP_MKNOD) && !(type == S_IFCHR && rdev == 0))
		err = -EPERM;
	if (!err)
		err = namespace_create(&walk, type | ((mode & S_IALLUGO) & ~fs_context_current()->umask), rdev, NULL,
				       NULL);
	walk_end(&walk);
	return err;
}

int vfs_symlink(int dirfd, const char *text, const char *target)
{
	struct walk walk;
	int err = walk_to_create(&walk, dirfd, text, false);

	if (!err)
		err = namespace_create(&walk, S_IFLNK | 0777, 0, target, NULL);
	walk_end(&walk);
	return err;
}

static int link_check(struct walk *walk, const struct path *old)
{
	struct inode *inode = old->dentry->inode;
	int err;

	if (old->mount != walk->at.mount)
		return -EXDEV;
	err = may_create(walk);
	if (err)
		return err;
	if (S_ISDIR(inode->mode))
		return -EPERM;
	return inode->nlink == 0 && !inode->linkable ? -ENOENT : 0;
}

static int link_inode(struct walk *walk, struct inode *inode)
{
	const struct remote_ops *remote = inode->sb->ops->remote;
	int err = remote ? remote->link(walk->at.dentry->inode, walk->last, walk->last_len, inode)
			 : fs_begin(inode->sb);

	if (err)
		return err;
	err = add_name(walk, inode, NULL);
	if (!err) {
		inode->nlink++;
		inode->linkable = false;
		inode_touch(inode, TOUCH_CTIME);
	}
	inode_changed(inode);
	inode_changed(walk->at.dentry->inode);
	fs_end(inode->sb);
	return err;
}

int vfs_link(struct path old, int dirfd, const char *text)
{
	struct inode *inode = old.dentry->inode;
	struct walk walk;
	int err = walk_to_create(&walk, dirfd, text, false);

	if (!err)
		err = link_check(&walk, &old);
	if (!err)
		err = link_inode(&walk, inode);
	if (!err) {
		notify_inode(inode, IN_ATTRIB);
		tell_name(&walk, IN_CREATE, false);
	}
	walk_end(&walk);
	return err;
}

/* ---- removal ---- */

int namespace_may_delete(const struct walk *walk, const struct dentry *victim, bool directory)
{
	const struct inode *dir = walk->at.dentry->inode, *inode = victim->inode;
	int err = inode_permission(dir, MAY_WRITE | MAY_EXEC, walk->cred);

	if (err)
		return err;
	if ((dir->mode & S_ISVTX) && !cred_capable(walk->cred, CAP_FOWNER) && walk->cred->fsuid != inode->uid &&
	    walk->cred->fsuid != dir->uid)
		return -EPERM;
	if (directory != S_ISDIR(inode->mode))
		return directory ? -ENOTDIR : -EISDIR;
	return inode->sb->ops->lookup ? -EPERM : 0;
}

/* Takes it away from the server that keeps it; what the tree still shows below it was gone there. */
static int remove_remote(struct dentry *victim)
{
	const struct remote_ops *remote = victim->inode->sb->ops->remote;
	int err = remote ? remote->remove(victim) : 0;

	return err || !remote ? err : namespace_forget_below(victim);
}

int namespace_forget_below(struct dentry *dir)
{
	while (!list_empty(&dir->children))
		if (!dentry_forget(list_first(&dir->children, struct dentry, siblings)))
			return -EBUSY;
	return 0;
}

void namespace_remove(struct dentry *victim)
{
	struct inode *dir = victim->parent->inode, *inode = victim->inode;

	inode->nlink -= min(inode->nlink, S_ISDIR(inode->mode) ? 2u : 1u);
	if (S_ISDIR(inode->mode))
		dir->nlink -= min(dir->nlink, 1u);
	inode_touch(inode, TOUCH_CTIME);
	inode_touch(dir, TOUCH_MTIME | TOUCH_CTIME);
	inode_changed(inode);
	inode_changed(dir);
	dentry_unlink(victim);
}

/* The same where its name is kept too. */
static int remove_name(struct walk *walk, struct dentry *victim)
{
	struct inode *dir = walk->at.dentry->inode;
	struct superblock *sb = dir->sb;
	int err = remove_remote(victim);

	if (!err)
		err = fs_begin(sb);
	if (err)
		return err;
	if (sb->ops->unlink)
		err = sb->ops->unlink(dir, walk->last, walk->last_len);
	if (!err)
		namespace_remove(victim);
	fs_end(sb);
	return err;
}

static int unlink_last(struct walk *walk)
{
	struct dentry *victim;
	int err;

	if (walk->last_type != WALK_NORMAL)
		return -EISDIR;
	err = walk_child(walk, &victim);
	if (err)
		return err;
	err = mount_may_write(walk->at.mount);
	if (err)
		return err;
	if (walk->last_slash)
		return S_ISDIR(victim->inode->mode) ? -EISDIR : -ENOTDIR;
	err = namespace_may_delete(walk, victim, false);
	if (!err && victim->mounts)
		err = -EBUSY;
	if (err)
		return err;
	notify_inode(victim->inode, IN_ATTRIB); /* its count of links; what it says next may be IN_DELETE_SELF */
	err = remove_name(walk, victim);
	if (!err)
		tell_name(walk, IN_DELETE, false);
	return err;
}

int vfs_unlink(int dirfd, const char *text)
{
	struct walk walk;
	int err = walk_begin(&walk, dirfd, text, 0);

	if (!err)
		err = walk_parent(&walk);
	if (!err)
		err = unlink_last(&walk);
	walk_end(&walk);
	return err;
}

static int rmdir_last(struct walk *walk)
{
	static const int refused[] = { [WALK_DOT] = -EINVAL, [WALK_DOTDOT] = -ENOTEMPTY, [WALK_ROOT] = -EBUSY };
	struct dentry *victim;
	int err;

	if (walk->last_type != WALK_NORMAL)
		return refused[walk->last_type];
	err = walk_child(walk, &victim);
	if (!err)
		err = mount_may_write(walk->at.mount);
	if (!err)
		err = namespace_may_delete(walk, victim, true);
	if (err)
		return err;
	if (victim->mounts)
		return -EBUSY;
	err = victim->inode->sb->ops->remote ? 0 : directory_is_empty(victim);
	if (!err)
		err = remove_name(walk, victim);
	if (!err)
		tell_name(walk, IN_DELETE, true);
	return err;
}

int vfs_rmdir(int dirfd, const char *text)
{
	struct walk walk;
	int err = walk_begin(&walk, dirfd, text, 0);

	if (!err)
		err = walk_parent(&walk);
	if (!err)
		err = rmdir_last(&walk);
	walk_end(&walk);
	return err;
}
