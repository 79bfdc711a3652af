/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that make, remove and move names: mkdir, mknod, link, symlink, unlink, rmdir, rename.
 */
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "user_path.h"

static long mkdir_at(int dirfd, user_ptr_t path, unsigned mode)
{
	struct user_path text;
	int err = user_path_copy(&text, path);

	if (err)
		return err;
	err = vfs_mkdir(dirfd, text.text, mode);
	user_path_free(&text);
	return err;
}

SYSCALL(mkdir, user_ptr_t path, uint32_t mode)
{
	return mkdir_at(AT_FDCWD, path, mode);
}

SYSCALL(mkdirat, int dir, user_ptr_t path, uint32_t mode)
{
	return mkdir_at(dir, path, mode);
}

static long mknod_at(int dirfd, user_ptr_t path, unsigned mode, uint64_t dev)
{
	struct user_path text;
	int err = user_path_copy(&text, path);

	if (err)
		return err;
	err = vfs_mknod(dirfd, text.text, mode & 0xffff, dev_decode((uint32_t)dev));
	user_path_free(&text);
	return err;
}

SYSCALL(mknod, user_ptr_t path, uint32_t mode, uint64_t dev)
{
	return mknod_at(AT_FDCWD, path, mode, dev);
}

SYSCALL(mknodat, int dir, user_ptr_t path, uint32_t mode, uint64_t dev)
{
	return mknod_at(dir, path, mode, dev);
}

static long unlink_at(int dirfd, user_ptr_t path, bool directory)
{
	struct user_path text;
	int err = user_path_copy(&text, path);

	if (err)
		return err;
	err = directory ? vfs_rmdir(dirfd, text.text) : vfs_unlink(dirfd, text.text);
	user_path_free(&text);
	return err;
}

SYSCALL(unlink, user_ptr_t path)
{
	return unlink_at(AT_FDCWD, path, false);
}

SYSCALL(rmdir, user_ptr_t path)
{
	return unlink_at(AT_FDCWD, path, true);
}

SYSCALL(unlinkat, int dir, user_ptr_t path, int flags)
{
	if ((unsigned)flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return unlink_at(dir, path, (unsigned)flags & AT_REMOVEDIR);
}

static long symlink_at(user_ptr_t target, int dirfd, user_ptr_t path)
{
	struct user_path text, target_text;
	int err = user_path_copy(&target_text, target);

	if (err)
		return err;
	err = *target_text.text ? user_path_copy(&text, path) : -ENOENT;
	if (!err) {
		err = vfs_symlink(dirfd, text.text, target_text.text);
		user_path_free(&text);
	}
	user_path_free(&target_text);
	return err;
}

SYSCALL(symlink, user_ptr_t target, user_ptr_t path)
{
	return symlink_at(target, AT_FDCWD, path);
}

SYSCALL(symlinkat, user_ptr_t target, int dir, user_ptr_t path)
{
	return symlink_at(target, dir, path);
}

/* ---- link ---- */

static int link_source(int dirfd, user_ptr_t path, unsigned flags, struct path *old)
{
	unsigned at_flags = (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
	struct target target;
	int err;

	if ((flags & AT_EMPTY_PATH) && !cred_capable(credentials_current(), CAP_DAC_READ_SEARCH))
		return -ENOENT;
	err = target_from_path(dirfd, path, at_flags, &target);
	if (err)
		return err;
	if (!target.mount) { /* a pipe or the like: on no mount that a name could be on */
		target_put(&target);
		return -EXDEV;
	}
	*old = path_get((struct path){ target.mount, target.dentry });
	target_put(&target);
	return 0;
}

static long link_at(int from_dir, user_ptr_t from, int to_dir, user_ptr_t to, unsigned flags)
{
	struct user_path text;
	struct path old;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = link_source(from_dir, from, flags, &old);
	if (err)
		return err;
	err = user_path_copy(&text, to);
	if (!err) {
		err = vfs_link(old, to_dir, text.text);
		user_path_free(&text);
	}
	path_put(old);
	return err;
}

SYSCALL(link, user_ptr_t from, user_ptr_t to)
{
	return link_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SYSCALL(linkat, int from_dir, user_ptr_t from, int to_dir, user_ptr_t to, int flags)
{
	return link_at(from_dir, from, to_dir, to, (unsigned)flags);
}

/* ---- rename ---- */

/* Both walks at once; what the second path has wrong counts only when the first one leads somewhere. */
static int rename_walk(int from_dir, const char *from, int to_dir, const char *to, int to_error, unsigned flags)
{
	struct walk from_walk, to_walk = { .dir = NULL };
	int err = walk_begin(&from_walk, from_dir, from, 0);

	if (!err)
		err = walk_parent(&from_walk);
	if (!err)
		err = to_error;
	if (!err)
		err = walk_begin_nested(&to_walk, to_dir, to, 0);
	if (!err)
		err = walk_parent(&to_walk);
	if (!err)
		err = vfs_rename(&from_walk, &to_walk, flags);
	walk_end(&from_walk);
	walk_end_nested(&to_walk);
	return err;
}

static long rename_at(int from_dir, user_ptr_t from, int to_dir, user_ptr_t to, unsigned flags)
{
	struct user_path from_text, to_text;
	int err, to_error;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if ((flags & RENAME_EXCHANGE) && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	err = user_path_copy(&from_text, from);
	if (err)
		return err;
	to_error = user_path_copy(&to_text, to);
	err = rename_walk(from_dir, from_text.text, to_dir, to_text.text, to_error, flags);
	if (!to_error)
		user_path_free(&to_text);
	user_path_free(&from_text);
	return err;
}

SYSCALL(rename, user_ptr_t from, user_ptr_t to)
{
	return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SYSCALL(renameat, int from_dir, user_ptr_t from, int to_dir, user_ptr_t to)
{
	return rename_at(from_dir, from, to_dir, to, 0);
}

SYSCALL(renameat2, int from_dir, user_ptr_t from, int to_dir, user_ptr_t to, unsigned flags)
{
	return rename_at(from_dir, from, to_dir, to, flags);
}
