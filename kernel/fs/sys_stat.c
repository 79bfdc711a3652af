/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What files are: the stat family, access, readlink, statfs.
 */
#include <kernel/abi/mount.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "fs_internal.h"
#include "user_path.h"

/* Copies what stat tells of the target to the program, and lets the target go. */
static long stat_target(struct target *target, user_ptr_t buf)
{
	struct abi_stat stat;

	inode_refresh(target->inode);
	inode_stat(target->inode, &stat);
	target_put(target);
	return user_write(buf, &stat);
}

static long stat_path(int dirfd, user_ptr_t path, unsigned at_flags, user_ptr_t buf)
{
	struct target target;
	int err = target_from_path(dirfd, path, at_flags, &target);

	return err ? err : stat_target(&target, buf);
}

SYSCALL(stat, user_ptr_t path, user_ptr_t buf)
{
	return stat_path(AT_FDCWD, path, 0, buf);
}

SYSCALL(lstat, user_ptr_t path, user_ptr_t buf)
{
	return stat_path(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, buf);
}

SYSCALL(fstat, int fd, user_ptr_t buf)
{
	struct target target;
	int err = target_from_fd(fd, true, &target);

	return err ? err : stat_target(&target, buf);
}

SYSCALL(newfstatat, int dir, user_ptr_t path, user_ptr_t buf, int flags)
{
	if ((unsigned)flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	/* Since Linux 6.11 a NULL path is an empty one. */
	if (!path && ((unsigned)flags & AT_EMPTY_PATH) && dir >= 0) {
		struct target target;
		int err = target_from_fd(dir, true, &target);

		return err ? err : stat_target(&target, buf);
	}
	return stat_path(dir, path, (unsigned)flags, buf);
}

static struct abi_statx_time statx_time(struct timestamp t)
{
	return (struct abi_statx_time){ .sec = t.sec, .nsec = t.nsec };
}

static void fill_statx(const struct target *target, unsigned mask, struct abi_statx *statx)
{
	const struct inode *inode = target->inode;
	struct abi_stat stat;

	inode_stat(inode, &stat);
	*statx = (struct abi_statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = PAGE_SIZE,
		.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT,
		.stx_nlink = inode->nlink,
		.stx_uid = inode->uid,
		.stx_gid = inode->gid,
		.stx_mode = (uint16_t)inode->mode,
		.stx_ino = inode->ino,
		.stx_size = (uint64_t)inode->size,
		.stx_blocks = (uint64_t)stat.st_blocks,
		.stx_atime = statx_time(inode->atime),
		.stx_ctime = statx_time(inode->ctime),
		.stx_mtime = statx_time(inode->mtime),
		.stx_rdev_major = DEV_MAJOR(inode->rdev),
		.stx_rdev_minor = DEV_MINOR(inode->rdev),
		.stx_dev_major = DEV_MAJOR(inode->sb->dev),
		.stx_dev_minor = DEV_MINOR(inode->sb->dev),
	};
	if (!target->mount)
		return;
	if (mask & STATX_BTIME) {
		statx->stx_mask |= STATX_BTIME;
		statx->stx_btime = statx_time(inode->btime);
	}
	statx->stx_mask |= STATX_MNT_ID;
	statx->stx_mnt_id = (uint64_t)target->mount->id;
	if (target->dentry == target->mount->root)
		statx->stx_attributes |= STATX_ATTR_MOUNT_ROOT;
}

SYSCALL(statx, int dir, user_ptr_t path, int flags, unsigned mask, user_ptr_t buf)
{
	unsigned at_flags = (unsigned)flags;
	struct abi_statx statx;
	struct target target;
	int err;

	if (mask & STATX_RESERVED)
		return -EINVAL;
	if ((at_flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (!path && (at_flags & AT_EMPTY_PATH) && dir >= 0)
		err = target_from_fd(dir, true, &target);
	else
		err = target_from_path(dir, path, at_flags, &target);
	if (err)
		return err;
	inode_refresh(target.inode);
	fill_statx(&target, mask, &statx);
	target_put(&target);
	return user_write(buf, &statx);
}

/* ---- access ---- */

/* access() asks for the real user, with the capabilities that user could have. */
static void real_credentials(struct credentials *cred)
{
	*cred = *credentials_current();
	cred->fsuid = cred->uid;
	cred->fsgid = cred->gid;
	cred->cap_effective = cred->uid ? 0 : cred->cap_permitted;
}

static int access_check(const struct path *path, unsigned mode, const struct credentials *cred)
{
	const struct inode *inode = path->dentry->inode;
	int err = mode ? inode_permission(inode, mode, cred) : 0;

	if (!err && (mode & W_OK) && (S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode)))
		err = mount_may_write(path->mount);
	if (!err && (mode & X_OK) && S_ISREG(inode->mode) && path->mount && (path->mount->flags & MS_NOEXEC))
		err = -EACCES;
	return err;
}

static long access_at(int dirfd, user_ptr_t from, unsigned mode, unsigned flags)
{
	unsigned walk_flags = (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
			      (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
	struct user_path text;
	struct credentials cred;
	struct path path;
	int err;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EACCESS)
		cred = *credentials_current();
	else
		real_credentials(&cred);
	err = user_path_copy(&text, from);
	if (err)
		return err;
	err = path_lookup_as(dirfd, text.text, walk_flags, &cred, &path);
	user_path_free(&text);
	if (err)
		return err;
	err = access_check(&path, mode, &cred);
	path_put(path);
	return err;
}

SYSCALL(access, user_ptr_t path, int mode)
{
	return access_at(AT_FDCWD, path, (unsigned)mode, 0);
}

SYSCALL(faccessat, int dir, user_ptr_t path, int mode)
{
	return access_at(dir, path, (unsigned)mode, 0);
}

SYSCALL(faccessat2, int dir, user_ptr_t path, int mode, int flags)
{
	return access_at(dir, path, (unsigned)mode, (unsigned)flags);
}

/* ---- readlink ---- */

/* A link that is no text. */
static long readlink_asked(struct inode *link, user_ptr_t buf, size_t size)
{
	char *text = heap_alloc(PATH_MAX);
	ssize_t n = text ? link->sb->ops->readlink(link, text, min(size, (size_t)PATH_MAX)) : -ENOMEM;
	int err = n > 0 ? user_copy_out(buf, text, (size_t)n) : 0;

	heap_free(text);
	return err ? err : n;
}

static long readlink_at(int dirfd, user_ptr_t path, user_ptr_t buf, int size)
{
	struct target target;
	size_t len;
	int err;

	if (size <= 0)
		return -EINVAL;
	err = target_from_path(dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &target);
	if (err)
		return err;
	if (!S_ISLNK(target.inode->mode)) {
		uint8_t first;

		/* An empty path is a descriptor's own link; of what is none, it is as if it was not there. */
		err = user_read(&first, path);
		target_put(&target);
		return err ? err : first ? -EINVAL : -ENOENT;
	}
	inode_accessed(target.inode, NULL);
	if (!target.inode->target) {
		long n = readlink_asked(target.inode, buf, (size_t)size);

		target_put(&target);
		return n;
	}
	len = min((size_t)target.inode->size, (size_t)size);
	err = user_copy_out(buf, target.inode->target, len);
	target_put(&target);
	return err ? err : (long)len;
}

SYSCALL(readlink, user_ptr_t path, user_ptr_t buf, int size)
{
	return readlink_at(AT_FDCWD, path, buf, size);
}

SYSCALL(readlinkat, int dir, user_ptr_t path, user_ptr_t buf, int size)
{
	return readlink_at(dir, path, buf, size);
}

/* ---- statfs ---- */

static int64_t statfs_flags(const struct mount *mount)
{
	int64_t flags = ST_VALID;

	if (!mount)
		return flags;
	flags |= mount->flags & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC);
	flags |= mount->flags & MS_NOATIME ? ST_NOATIME : ST_RELATIME;
	return flags | (mount->flags & MS_NODIRATIME ? ST_NODIRATIME : 0);
}

static long statfs_target(struct target *target, user_ptr_t buf)
{
	struct superblock *sb = target->inode->sb;
	struct fs_stats stats = { 0, 0, 0, 0 };
	struct abi_statfs statfs;

	if (sb->ops->stats)
		sb->ops->stats(sb, &stats);
	statfs = (struct abi_statfs){
		.f_type = sb->type->magic,
		.f_bsize = PAGE_SIZE,
		.f_blocks = stats.blocks,
		.f_bfree = stats.blocks_free,
		.f_bavail = stats.blocks_free,
		.f_files = stats.files,
		.f_ffree = stats.files_free,
		.f_fsid = { (int32_t)sb->dev, 0 },
		.f_namelen = NAME_MAX,
		.f_frsize = PAGE_SIZE,
		.f_flags = statfs_flags(target->mount),
	};
	target_put(target);
	return user_write(buf, &statfs);
}

SYSCALL(statfs, user_ptr_t path, user_ptr_t buf)
{
	struct target target;
	int err = target_from_path(AT_FDCWD, path, 0, &target);

	return err ? err : statfs_target(&target, buf);
}

SYSCALL(fstatfs, int fd, user_ptr_t buf)
{
	struct target target;
	int err = target_from_fd(fd, true, &target);

	return err ? err : statfs_target(&target, buf);
}
