/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path walk: from a directory and a text to a place in the tree. The whole walk runs under the tree lock and borrows
 * what it sees. Symbolic links are followed without recursion: what remains of the text that named a link waits on a
 * small stack.
 */
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "fs_internal.h"

static struct mutex tree_lock = MUTEX_INIT(tree_lock);

void vfs_lock(void)
{
	mutex_lock(&tree_lock);
}

void vfs_unlock(void)
{
	mutex_unlock(&tree_lock);
}

/* Where a walk starts that is not absolute. */
static int walk_start(struct walk *walk, int dirfd, const struct fs_context *context)
{
	if (dirfd == AT_FDCWD) {
		walk->start = context->cwd;
		return 0;
	}
	walk->dir = fd_get_any(dirfd);
	if (!walk->dir)
		return -EBADF;
	walk->start = (struct path){ walk->dir->mount, walk->dir->dentry };
	if (!*walk->rest)
		return 0;
	return walk->dir->dentry && S_ISDIR(walk->dir->inode->mode) ? 0 : -ENOTDIR;
}

int walk_begin_nested(struct walk *walk, int dirfd, const char *text, unsigned flags)
{
	struct fs_context *context = fs_context_current();
	int err = 0;

	walk->cred = credentials_current();
	walk->flags = flags;
	walk->dir = NULL;
	walk->held = NULL;
	walk->text_count = walk->mount_count = 0;
	walk->rest = text;
	walk->depth = walk->links = 0;
	walk->last_slash = false;
	walk->root = context->root;
	if (!*text && !(flags & WALK_EMPTY))
		err = -ENOENT;
	else if (*text != '/' || (flags & WALK_IN_ROOT))
		err = walk_start(walk, dirfd, context);
	else if (flags & WALK_BENEATH)
		err = -EXDEV;
	else
		walk->start = context->root;
	if (flags & (WALK_IN_ROOT | WALK_BENEATH))
		walk->root = walk->start;
	walk->at = walk->start;
	return err;
}

int walk_begin(struct walk *walk, int dirfd, const char *text, unsigned flags)
{
	vfs_lock();
	dentry_trim();
	return walk_begin_nested(walk, dirfd, text, flags);
}

void walk_end_nested(struct walk *walk)
{
	if (walk->held)
		dentry_put(walk->held);
	while (walk->text_count)
		dentry_put(walk->texts[--walk->text_count]);
	while (walk->mount_count)
		mount_put(walk->mounts[--walk->mount_count]);
	if (walk->dir)
		file_put(walk->dir);
}

/* Takes the reference over. What was held is above it, or left behind. */
static void hold(struct walk *walk, struct dentry *dentry)
{
	if (walk->held)
		dentry_put(walk->held);
	walk->held = dentry;
}

void walk_end(struct walk *walk)
{
	vfs_unlock();
	walk_end_nested(walk);
}

static void skip_slashes(struct walk *walk)
{
	while (*walk->rest == '/')
		walk->rest++;
}

/* Splits the next component off; rest is then at what follows its slashes. */
static void next_component(struct walk *walk)
{
	const char *s = walk->rest;

	walk->last = s;
	while (*s && *s != '/')
		s++;
	walk->last_len = (size_t)(s - walk->last);
	walk->last_slash = *s == '/';
	walk->rest = s;
	skip_slashes(walk);
	walk->last_type = WALK_NORMAL;
	if (walk->last[0] == '.' && walk->last_len == 1)
		walk->last_type = WALK_DOT;
	else if (walk->last[0] == '.' && walk->last[1] == '.' && walk->last_len == 2)
		walk->last_type = WALK_DOTDOT;
}

static int cross_mounts(struct walk *walk)
{
	for (struct mount *mount; (mount = mount_at(walk->at));) {
		if (walk->flags & WALK_NO_XDEV)
			return -EXDEV;
		walk->at = (struct path){ mount, mount->root };
	}
	return 0;
}

static bool at_root(const struct walk *walk)
{
	return walk->at.dentry == walk->root.dentry && walk->at.mount == walk->root.mount;
}

int walk_up(struct walk *walk)
{
	if (at_root(walk))
		return walk->flags & WALK_BENEATH ? -EXDEV : 0;
	while (walk->at.dentry == walk->at.mount->root) {
		struct mount *mount = walk->at.mount;

		if (!mount->parent)
			return 0;
		if (walk->flags & WALK_NO_XDEV)
			return -EXDEV;
		walk->at = (struct path){ mount->parent, mount->mountpoint };
		if (at_root(walk))
			return 0;
	}
	walk->at.dentry = walk->at.dentry->parent;
	return cross_mounts(walk);
}

/* A name that is not in the tree: the file system may know more. */
static int lookup(struct walk *walk, struct dentry **child)
{
	const struct superblock_ops *ops = walk->at.dentry->inode->sb->ops;
	int err;

	/* What is below a directory that has left the tree could not be found again, to be given up. */
	if (ops->find)
		return walk->at.dentry->unlinked ? -ENOENT
						 : dentry_load(walk->at.dentry, walk->last, walk->last_len, child);
	err = ops->lookup ? ops->lookup(walk->at.dentry, walk->last, walk->last_len, child) : -ENOENT;

	if (!err)
		hold(walk, *child);
	return err;
}

/* What a server keeps may have changed meanwhile: then the name is not in the tree any more. */
static void check_remote(struct dentry **child)
{
	const struct remote_ops *remote = (*child)->inode->sb->ops->remote;

	if (remote && !(*child)->mounts && remote->check(*child) == -ESTALE && dentry_forget(*child))
		*child = NULL;
}

int walk_child(struct walk *walk, struct dentry **child)
{
	if (walk->last_len > NAME_MAX)
		return -ENAMETOOLONG;
	*child = dentry_find(walk->at.dentry, walk->last, walk->last_len);
	if (*child)
		check_remote(child);
	return *child ? 0 : lookup(walk, child);
}

int walk_enter(struct walk *walk, struct dentry *child, bool follow)
{
	if (S_ISLNK(child->inode->mode) && follow)
		return 1;
	walk->at.dentry = child;
	return child->mounts ? cross_mounts(walk) : 0;
}

/* Goes on where a link leads that is no text (openat2(2) says which of its flags forbid that). */
static int jump(struct walk *walk, struct inode *link)
{
	struct path path;
	int err;

	if (walk->flags & WALK_NO_MAGICLINKS)
		return -ELOOP;
	if (walk->mount_count == WALK_HELD_MAX)
		return -ELOOP;
	err = link->sb->ops->follow(link, &path);
	if (err)
		return err;
	if (((walk->flags & WALK_NO_XDEV) && path.mount != walk->at.mount) ||
	    (walk->flags & (WALK_BENEATH | WALK_IN_ROOT)))
		err = -EXDEV;
	walk->at = path;
	hold(walk, path.dentry);
	if (path.mount)
		walk->mounts[walk->mount_count++] = path.mount;
	return err;
}

/* Keeps the text of a link that is not in the tree until the end: it may have to be walked later. */
static int keep_text(struct walk *walk)
{
	if (walk->text_count == WALK_HELD_MAX)
		return -ELOOP;
	walk->texts[walk->text_count++] = walk->held;
	walk->held = NULL;
	return 0;
}

int walk_follow(struct walk *walk, struct inode *link)
{
	if (walk->flags & WALK_NO_SYMLINKS || ++walk->links > WALK_LINKS_MAX)
		return -ELOOP;
	inode_accessed(link, NULL);
	if (!link->target)
		return jump(walk, link);
	if (walk->held && walk->held->inode == link && keep_text(walk))
		return -ELOOP;
	if (*walk->rest)
		walk->stack[walk->depth++] = walk->rest;
	walk->rest = link->target;
	if (*walk->rest != '/')
		return 0;
	if (walk->flags & WALK_BENEATH)
		return -EXDEV;
	if ((walk->flags & WALK_NO_XDEV) && walk->at.mount != walk->root.mount)
		return -EXDEV;
	walk->at = walk->root;
	return 0;
}

/* Goes through one component that is not the last. */
static int walk_step(struct walk *walk)
{
	struct dentry *child;
	int err;

	if (walk->last_type == WALK_DOT)
		return 0;
	if (walk->last_type == WALK_DOTDOT)
		return walk_up(walk);
	err = walk_child(walk, &child);
	if (err)
		return err;
	err = walk_enter(walk, child, true);
	if (err == 1)
		return walk_follow(walk, child->inode);
	return err;
}

int walk_parent(struct walk *walk)
{
	int err;

	if (*walk->rest == '/') {
		walk->at = walk->root;
		skip_slashes(walk);
	}
	walk->last_type = WALK_ROOT;
	walk->last = walk->rest;
	walk->last_len = 0;
	for (;;) {
		if (!*walk->rest) {
			if (!walk->depth)
				return 0;
			walk->rest = walk->stack[--walk->depth];
		}
		if (!S_ISDIR(walk->at.dentry->inode->mode))
			return -ENOTDIR;
		err = inode_permission(walk->at.dentry->inode, MAY_EXEC, walk->cred);
		if (err)
			return err;
		next_component(walk);
		if (!*walk->rest && !walk->depth)
			return 0;
		err = walk_step(walk);
		if (err)
			return err;
		if (*walk->rest == '/')  /* an absolute link was followed: at is the root already */
			skip_slashes(walk);
	}
}

int walk_all(struct walk *walk)
{
	bool follow = walk->flags & WALK_FOLLOW, directory = walk->flags & WALK_DIRECTORY;
	struct dentry *child;
	int err;

	if (!*walk->rest) /* WALK_EMPTY: dirfd itself */
		return walk->at.dentry ? 0 : -ENOENT;
	for (;;) {
		err = walk_parent(walk);
		if (err)
			return err;
		if (walk->last_slash)
			directory = follow = true;
		if (walk->last_type != WALK_NORMAL) {
			if (walk->last_type == WALK_DOTDOT)
				err = walk_up(walk);
			break;
		}
		err = walk_child(walk, &child);
		if (err)
			return err;
		err = walk_enter(walk, child, follow);
		if (err != 1)
			break;
		err = walk_follow(walk, child->inode);
		if (err)
			return err;
	}
	if (!err && directory && !S_ISDIR(walk->at.dentry->inode->mode))
		err = -ENOTDIR;
	return err;
}

int path_lookup_as(int dirfd, const char *text, unsigned flags, const struct credentials *cred, struct path *out)
{
	struct walk walk;
	int err = walk_begin(&walk, dirfd, text, flags);

	walk.cred = cred;
	if (!err)
		err = walk_all(&walk);
	if (!err)
		*out = path_get(walk.at);
	walk_end(&walk);
	return err;
}

int path_lookup(int dirfd, const char *text, unsigned flags, struct path *out)
{
	return path_lookup_as(dirfd, text, flags, credentials_current(), out);
}

/* Puts a component before *at; false when there is no room. */
static bool prepend(char *buf, char **at, const char *name, size_t len)
{
	if ((size_t)(*at - buf) < len + 1)
		return false;
	*at -= len;
	memcpy(*at, name, len);
	*--*at = '/';
	return true;
}

/* Puts the name of a path before *at. */
static int prepend_path(struct path path, char *buf, char **at)
{
	const struct path root = fs_context_current()->root;
	static const char unreachable[] = "(unreachable)";
	const char *end = *at;

	while (path.dentry != root.dentry || path.mount != root.mount) {
		if (path.dentry == path.mount->root) {
			if (path.mount->parent) {
				path = (struct path){ path.mount->parent, path.mount->mountpoint };
				continue;
			}
			if (*at == end && !prepend(buf, at, "", 0))
				return -ERANGE;
			if ((size_t)(*at - buf) < sizeof(unreachable) - 1)
				return -ERANGE;
			*at -= sizeof(unreachable) - 1;
			memcpy(*at, unreachable, sizeof(unreachable) - 1);
			return 0;
		}
		if (!prepend(buf, at, path.dentry->name, path.dentry->name_len))
			return -ERANGE;
		path.dentry = path.dentry->parent;
	}
	return *at == end && !prepend(buf, at, "", 0) ? -ERANGE : 0;
}

/* True for a file that has lost its name, or never had one; what a file system only shows when asked is none. */
static bool is_nameless(struct path path)
{
	return !path.mount || (path.dentry->unlinked && !path.dentry->inode->sb->ops->lookup);
}

int path_name(struct path path, char *buf, size_t size, char **name)
{
	*name = buf + size - 1;
	**name = 0;
	return is_nameless(path) ? -ENOENT : prepend_path(path, buf, name);
}

int path_name_any(struct path path, char *buf, size_t size, char **name)
{
	static const char deleted[] = " (deleted)";

	if (!path.mount || !is_nameless(path) || size < sizeof(deleted))
		return path_name(path, buf, size, name);
	*name = buf + size - sizeof(deleted);
	memcpy(*name, deleted, sizeof(deleted));
	return prepend_path(path, buf, name);
}
