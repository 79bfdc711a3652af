/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that change attributes: the chmod, chown and utime families, truncate, and mount.
 */
#include <kernel/abi/time.h>
#include <kernel/fd.h>
#include <kernel/planted.h>
#include <kernel/syscall.h>

#include "fs_internal.h"
#include "notify.h"
#include "user_path.h"

/* ---- mode ---- */

static long chmod_target(struct target *target, unsigned mode)
{
	int err = target_may_write(target);

	if (!err)
		err = inode_chmod(target->inode, mode);
	if (!err)
		notify_dentry(target->inode, target->dentry, IN_ATTRIB);
	target_put(target);
	return err;
}

static long chmod_at(int dirfd, user_ptr_t path, unsigned mode, unsigned at_flags)
{
	struct target target;
	int err;

	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = target_from_path(dirfd, path, at_flags, &target);
	return err ? err : chmod_target(&target, mode);
}

SYSCALL(chmod, user_ptr_t path, uint32_t mode)
{
	return chmod_at(AT_FDCWD, path, mode, 0);
}

SYSCALL(fchmodat, int dir, user_ptr_t path, uint32_t mode)
{
	return chmod_at(dir, path, mode, 0);
}

SYSCALL(fchmodat2, int dir, user_ptr_t path, uint32_t mode, int flags)
{
	return chmod_at(dir, path, mode, (unsigned)flags);
}

SYSCALL(fchmod, int fd, uint32_t mode)
{
	struct target target;
	int err = target_from_fd(fd, false, &target);

	return err ? err : chmod_target(&target, mode);
}

/* ---- owner ---- */

#define ID_UNCHANGED UINT32_MAX

static long chown_target(struct target *target, uint32_t uid, uint32_t gid)
{
	int err = target_may_write(target);

	if (!err)
		err = inode_chown(target->inode, uid, gid);
	if (!err && (uid != ID_UNCHANGED || gid != ID_UNCHANGED))
		notify_dentry(target->inode, target->dentry, IN_ATTRIB);
	target_put(target);
	return err;
}

static long chown_at(int dirfd, user_ptr_t path, uint32_t uid, uint32_t gid, unsigned at_flags)
{
	struct target target;
	int err;

	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = target_from_path(dirfd, path, at_flags, &target);
	return err ? err : chown_target(&target, uid, gid);
}

SYSCALL(chown, user_ptr_t path, uint32_t uid, uint32_t gid)
{
	return chown_at(AT_FDCWD, path, uid, gid, 0);
}

SYSCALL(lchown, user_ptr_t path, uint32_t uid, uint32_t gid)
{
	return chown_at(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

SYSCALL(fchownat, int dir, user_ptr_t path, uint32_t uid, uint32_t gid, int flags)
{
	return chown_at(dir, path, uid, gid, (unsigned)flags);
}

SYSCALL(fchown, int fd, uint32_t uid, uint32_t gid)
{
	struct target target;
	int err = target_from_fd(fd, false, &target);

	return err ? err : chown_target(&target, uid, gid);
}

/* ---- times ---- */

/* The two times of a call, each given, now, or left alone. */
struct new_times {
	struct timestamp times[2];
	const struct timestamp *atime, *mtime;
	bool now; /* both are the present: who may write may do that */
};

static void times_now(struct new_times *t)
{
	t->times[0] = t->times[1] = timestamp_now();
	t->atime = &t->times[0];
	t->mtime = &t->times[1];
	t->now = true;
}

static int times_from_timespec(struct new_times *t, user_ptr_t from)
{
	const struct timestamp **which[2] = { &t->atime, &t->mtime };
	struct abi_timespec spec[2];
	int err;

	times_now(t);
	if (!from)
		return 0;
	err = user_read(&spec, from);
	if (err)
		return err;
	for (int i = 0; i < 2; i++) {
		if (spec[i].nsec == UTIME_NOW)
			continue;
		if (spec[i].nsec != UTIME_OMIT && (spec[i].nsec < 0 || spec[i].nsec > 999999999))
			return -EINVAL;
		t->now = false;
		if (spec[i].nsec == UTIME_OMIT)
			*which[i] = NULL;
		else
			t->times[i] = (struct timestamp){ spec[i].sec, (uint32_t)spec[i].nsec };
	}
	return 0;
}

static int times_from_timeval(struct new_times *t, user_ptr_t from)
{
	struct abi_timeval tv[2];
	int err;

	times_now(t);
	if (!from)
		return 0;
	err = user_read(&tv, from);
	if (err)
		return err;
	for (int i = 0; i < 2; i++) {
		if (tv[i].usec < 0 || tv[i].usec > 999999)
			return -EINVAL;
		t->times[i] = (struct timestamp){ tv[i].sec, (uint32_t)tv[i].usec * 1000 };
	}
	t->now = false;
	return 0;
}

/* One time alone is what reading or writing would have set. */
static unsigned times_event(const struct new_times *t)
{
	if (t->atime && t->mtime)
		return IN_ATTRIB;
	return t->atime ? IN_ACCESS : IN_MODIFY;
}

static long set_times(struct target *target, const struct new_times *t)
{
	int err = target_may_write(target);

	if (!err)
		err = inode_set_times(target->inode, t->atime, t->mtime, t->now);
	if (!err)
		notify_dentry(target->inode, target->dentry, times_event(t));
	target_put(target);
	return err;
}

/* A NULL path means dirfd itself. */
static long set_times_at(int dirfd, user_ptr_t path, unsigned at_flags, const struct new_times *t)
{
	struct target target;
	int err;

	if (!path && dirfd != AT_FDCWD)
		err = at_flags ? -EINVAL : target_from_fd(dirfd, false, &target);
	else if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		err = -EINVAL;
	else
		err = target_from_path(dirfd, path, at_flags, &target);
	return err ? err : set_times(&target, t);
}

SYSCALL(utimensat, int dir, user_ptr_t path, user_ptr_t times, int flags)
{
	struct new_times t;
	int err = times_from_timespec(&t, times);

	if (err)
		return err;
	if (!t.atime && !t.mtime) /* both left alone: nothing is even looked at */
		return 0;
	return set_times_at(dir, path, (unsigned)flags, &t);
}

SYSCALL(futimesat, int dir, user_ptr_t path, user_ptr_t times)
{
	struct new_times t;
	int err = times_from_timeval(&t, times);

	return err ? err : set_times_at(dir, path, 0, &t);
}

SYSCALL(utimes, user_ptr_t path, user_ptr_t times)
{
	struct new_times t;
	int err = times_from_timeval(&t, times);

	return err ? err : set_times_at(AT_FDCWD, path, 0, &t);
}

SYSCALL(utime, user_ptr_t path, user_ptr_t times)
{
	struct new_times t;
	int64_t seconds[2];
	int err;

	times_now(&t);
	if (times) {
		err = user_read(&seconds, times);
		if (err)
			return err;
		t.times[0] = (struct timestamp){ seconds[0], 0 };
		t.times[1] = (struct timestamp){ seconds[1], 0 };
		t.now = false;
	}
	return set_times_at(AT_FDCWD, path, 0, &t);
}

/* ---- size ---- */

static int truncate_inode(struct inode *inode, off_t length)
{
	int err = inode_add_writer(inode);

	if (err)
		return err;
	err = inode_truncate(inode, length);
	inode_remove_writer(inode);
	return err;
}

SYSCALL(truncate, user_ptr_t path, off_t length)
{
	struct target target;
	int err;

	if (length < 0)
		return -EINVAL;
	err = target_from_path(AT_FDCWD, path, 0, &target);
	if (err)
		return err;
	if (S_ISDIR(target.inode->mode))
		err = -EISDIR;
	else if (!S_ISREG(target.inode->mode))
		err = -EINVAL;
	if (!err)
		err = target_may_write(&target);
	if (!err)
		err = inode_permission(target.inode, MAY_WRITE, credentials_current());
	if (!err)
		err = truncate_inode(target.inode, length);
	if (!err)
		notify_dentry(target.inode, target.dentry, IN_MODIFY);
	target_put(&target);
	return err;
}

SYSCALL(ftruncate, int fd, off_t length)
{
	struct file *file;
	int err;

	if (length < 0)
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	if (!file_may_write(file) || !file->ops || !file->ops->truncate)
		err = -EINVAL;
	else
		err = file->ops->truncate(file, length);
	if (!err)
		notify_dentry(file->inode, file->dentry, IN_MODIFY);
	file_put(file);
	return err;
}

SYSCALL(fallocate, int fd, int mode, off_t offset, off_t len)
{
	struct file *file = fd_get(fd);
	int err = 0;

	if (!file)
		return -EBADF;
	planted_uninitialised_read(mode);
	if (offset < 0 || len <= 0)
		err = -EINVAL;
	else if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_ZERO_RANGE |
			  FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE))
		err = -EOPNOTSUPP;
	else if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		err = -EOPNOTSUPP;
	else if (!file_may_write(file))
		err = -EBADF;
	else if (S_ISFIFO(file->inode->mode))
		err = -ESPIPE;
	else if (S_ISDIR(file->inode->mode))
		err = -EISDIR;
	else if (!S_ISREG(file->inode->mode))
		err = -ENODEV;
	else if (offset > INT64_MAX - len)
		err = -EFBIG;
	else
		err = file->ops->allocate ? file->ops->allocate(file, mode, offset, len) : -EOPNOTSUPP;
	if (!err)
		notify_file(file, IN_MODIFY);
	file_put(file);
	return err;
}
