/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * open(2): what may be opened how, creation on the way, and the open file that results.
 */
#include <kernel/abi/mount.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "fs_internal.h"
#include "notify.h"

/* One open in progress. */
struct opening {
	struct walk walk;
	unsigned flags;
	unsigned mode;  /* of a file that is created, umask applied */
	bool created;
};

/* What an access mode needs; 3 asks for both rights and gives neither. */
static unsigned access_needed(unsigned flags)
{
	static const unsigned char need[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };
	unsigned may = need[flags & O_ACCMODE];

	return flags & O_TRUNC ? may | MAY_WRITE : may;
}

/* The checks on an existing file. */
static int may_open(const struct opening *o, const struct inode *inode, const struct mount *mount)
{
	unsigned may = o->created ? 0 : access_needed(o->flags);
	int err;

	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (S_ISDIR(inode->mode) && (may & MAY_WRITE))
		return -EISDIR;
	if ((S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) && mount && (mount->flags & MS_NODEV))
		return -EACCES;
	if ((may & MAY_WRITE) && (S_ISREG(inode->mode) || S_ISDIR(inode->mode))) {
		err = mount_may_write(mount);
		if (err)
			return err;
	}
	err = may ? inode_permission(inode, may, o->walk.cred) : 0;
	if (err)
		return err;
	if ((o->flags & O_NOATIME) && !inode_is_owner(inode, o->walk.cred))
		return -EPERM;
	return 0;
}

/* Creates the missing last component. */
static int create_file(struct opening *o)
{
	struct walk *walk = &o->walk;
	struct dentry *dentry;
	int err;

	err = namespace_create(walk, S_IFREG | (o->mode & S_IALLUGO), 0, NULL, &dentry);
	if (err)
		return err;
	o->created = true;
	walk->at.dentry = dentry;
	return 0;
}

/* The last component in the directory at: 1 when it is a link to be followed. */
static int open_last(struct opening *o)
{
	struct walk *walk = &o->walk;
	bool follow = walk->flags & WALK_FOLLOW;
	struct dentry *child;
	int err;

	if (o->flags & O_CREAT) {
		if (walk->last_slash)
			return -EISDIR;
	} else if (walk->last_slash) {
		walk->flags |= WALK_FOLLOW | WALK_DIRECTORY;
		follow = true;
	}
	err = walk_child(walk, &child);
	if (err == -ENOENT && (o->flags & O_CREAT))
		return create_file(o);
	if (err)
		return err;
	err = walk_enter(walk, child, follow);
	if (err == 1) {
		err = walk_follow(walk, child->inode);
		return err ? err : 1;
	}
	return err;
}

/* Walks to the file, creating it where asked. */
static int open_walk(struct opening *o)
{
	struct walk *walk = &o->walk;
	int err;

	do {
		err = walk_parent(walk);
		if (err)
			return err;
		if (walk->last_type == WALK_NORMAL)
			err = open_last(o);
		else if (walk->last_type == WALK_DOTDOT)
			err = walk_up(walk);
	} while (err == 1);
	if (err)
		return err;
	if (o->flags & O_CREAT) {
		if ((o->flags & O_EXCL) && !o->created)
			return -EEXIST;
		if (S_ISDIR(walk->at.dentry->inode->mode))
			return -EISDIR;
	}
	if ((walk->flags & WALK_DIRECTORY) && !S_ISDIR(walk->at.dentry->inode->mode))
		return -ENOTDIR;
	return may_open(o, walk->at.dentry->inode, walk->at.mount);
}

/* A nameless file in the directory that the text names. */
static int open_tmpfile(struct opening *o, struct dentry **out)
{
	struct walk *walk = &o->walk;
	int err;

	walk->flags |= WALK_DIRECTORY;
	err = walk_all(walk);
	if (err)
		return err;
	err = inode_permission(walk->at.dentry->inode, MAY_WRITE | MAY_EXEC, walk->cred);
	if (err)
		return err;
	return namespace_create_nameless(walk, S_IFREG | (o->mode & S_IALLUGO), !(o->flags & O_EXCL), out);
}

int open_dentry(struct path path, unsigned flags, struct file **out)
{
	struct inode *inode = inode_get(path.dentry->inode);
	struct file *file = file_alloc(inode->fops, flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC), inode,
				       NULL);
	int err;

	if (!file) {
		inode_put(inode);
		return -ENOMEM;
	}
	err = file_set_path(file, path);
	if (err) {
		file->ops = NULL; /* it was never open: no release */
		file_put(file);
		return err;
	}
	*out = file;
	return 0;
}

static int open_special(struct file *file, unsigned flags)
{
	unsigned type = file->inode->mode & S_IFMT;

	if (type == S_IFSOCK || !type) /* a file of no file system, through /proc: what it is was made by a call */
		return -ENXIO;
	if (type == S_IFIFO)
		file->ops = &fifo_fops;
	if (type == S_IFCHR || type == S_IFBLK) {
		int err = device_open(file);

		if (err)
			return err;
	}
	if ((flags & O_DIRECT) && type != S_IFREG)
		return -EINVAL;
	return file->ops && file->ops->open ? file->ops->open(file) : 0;
}

int open_ready(struct file *file, unsigned flags)
{
	int err = flags & O_PATH ? 0 : open_special(file, flags);

	if (err) {
		file->ops = NULL; /* it was never open: no release */
		file_put(file);
	}
	return err;
}

static int open_begin(struct opening *o, int dirfd, const char *text, unsigned walk_flags)
{
	o->created = false;
	if ((o->flags & O_DIRECTORY) && !(o->flags & O_TMPFILE_BIT))
		walk_flags |= WALK_DIRECTORY;
	if (!(o->flags & O_NOFOLLOW) && (o->flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
		walk_flags |= WALK_FOLLOW;
	return walk_begin(&o->walk, dirfd, text, walk_flags);
}

static int open_lookup(struct opening *o, struct file **out)
{
	struct dentry *nameless = NULL;
	struct path path;
	int err;

	if (o->flags & O_PATH)
		err = walk_all(&o->walk);
	else if (o->flags & O_TMPFILE_BIT)
		err = open_tmpfile(o, &nameless);
	else
		err = open_walk(o);
	if (err)
		return err;
	path = o->walk.at;
	if (nameless)
		path.dentry = nameless;
	err = open_dentry(path, o->flags, out);
	if (nameless)
		dentry_put(nameless);
	return err;
}

static int open_truncate(struct file *file)
{
	int err = inode_truncate(file->inode, 0);

	if (!err)
		notify_dentry(file->inode, file->dentry, IN_MODIFY);
	return err;
}

int vfs_open_resolve(int dirfd, const char *text, unsigned flags, unsigned mode, unsigned walk_flags, struct file **out)
{
	struct opening o;
	struct file *file = NULL;
	int err;

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
		return -EINVAL;
	if (flags & O_TMPFILE_BIT) {
		if (!(flags & O_DIRECTORY) || !(access_needed(flags & O_ACCMODE) & MAY_WRITE))
			return -EINVAL;
	}
	o.flags = flags;
	o.mode = mode & ~fs_context_current()->umask;
	err = open_begin(&o, dirfd, text, walk_flags);
	if (!err)
		err = open_lookup(&o, &file);
	walk_end(&o.walk);
	if (err)
		return err;
	err = open_ready(file, flags);
	if (err)
		return err;
	if ((flags & O_TRUNC) && !(flags & O_PATH) && !o.created && S_ISREG(file->inode->mode))
		err = open_truncate(file);
	if (err) {
		file_put(file);
		return err;
	}
	if (!(flags & O_PATH))
		notify_file(file, IN_OPEN);
	*out = file;
	return 0;
}

static int reopen_nameless(const struct file *file, struct file **out)
{
	struct inode *inode = inode_get(file->inode);

	*out = file_alloc(inode->fops, O_RDONLY, inode, NULL);
	if (*out)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

int vfs_reopen(const struct file *file, struct file **out)
{
	struct path path = { file->mount, file->dentry };
	int err;

	if (!S_ISREG(file->inode->mode))
		return -EACCES;
	err = file->dentry ? open_dentry(path, O_RDONLY, out) : reopen_nameless(file, out);
	return err ? err : open_ready(*out, O_RDONLY);
}

int vfs_open(int dirfd, const char *text, unsigned flags, unsigned mode, struct file **out)
{
	return vfs_open_resolve(dirfd, text, flags, mode, 0, out);
}
