/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing attributes: mode, owner, times, size. Rights are checked here, for the running thread.
 */
#include <kernel/atomic.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/vfs.h>

#include "fs_internal.h"
#include "ramfs.h"

#define RLIMIT_FSIZE_INDEX 1
#define UID_UNCHANGED UINT32_MAX

/* Asks the server that keeps the inode, if one does. Inode's mutex. */
static int change_remote(struct inode *inode, const struct inode_change *change)
{
	const struct remote_ops *remote = inode->sb->ops->remote;

	return remote ? remote->change(inode, change) : 0;
}

void inode_refresh(struct inode *inode)
{
	const struct remote_ops *remote = inode->sb->ops->remote;

	if (remote)
		remote->refresh(inode);
}

int inode_chmod(struct inode *inode, unsigned mode)
{
	struct inode_change change = { .which = INODE_MODE };
	int err;

	const struct credentials *cred = credentials_current();

	if (S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	if (inode->sb->ops->lookup) /* it would be forgotten with the inode */
		return -EPERM;
	if (!inode_is_owner(inode, cred))
		return -EPERM;
	mutex_lock(&inode->lock);
	if (!cred_in_group(cred, inode->gid) && !cred_capable(cred, CAP_FSETID))
		mode &= ~S_ISGID;
	change.mode = mode & S_IALLUGO;
	err = change_remote(inode, &change);
	if (!err) {
		inode->mode = (inode->mode & S_IFMT) | change.mode;
		inode_touch(inode, TOUCH_CTIME);
		inode_changed(inode);
	}
	mutex_unlock(&inode->lock);
	return err;
}

/* Owners may give a file to a group they are in; all else takes CAP_CHOWN. */
static bool may_chown(const struct inode *inode, uint32_t uid, uint32_t gid, const struct credentials *cred)
{
	if (cred_capable(cred, CAP_CHOWN))
		return true;
	if (uid != UID_UNCHANGED && (cred->fsuid != inode->uid || uid != inode->uid))
		return false;
	if (gid != UID_UNCHANGED && (cred->fsuid != inode->uid || (gid != inode->gid && !cred_in_group(cred, gid))))
		return false;
	return true;
}

static unsigned mode_without_set_id(unsigned mode)
{
	mode &= ~S_ISUID;
	return mode & S_IXGRP ? mode & ~S_ISGID : mode;
}

int inode_chown(struct inode *inode, uint32_t uid, uint32_t gid)
{
	const struct credentials *cred = credentials_current();
	struct inode_change change = { .uid = uid, .gid = gid };
	unsigned mode;
	int err;

	if (inode->sb->ops->lookup || !may_chown(inode, uid, gid, cred))
		return -EPERM;
	mutex_lock(&inode->lock);
	mode = S_ISDIR(inode->mode) ? inode->mode : mode_without_set_id(inode->mode);
	change.which = (uid != UID_UNCHANGED ? INODE_UID : 0) | (gid != UID_UNCHANGED ? INODE_GID : 0) |
		       (mode != inode->mode ? INODE_MODE : 0);
	change.mode = mode & S_IALLUGO;
	err = change_remote(inode, &change);
	if (!err) {
		if (uid != UID_UNCHANGED)
			inode->uid = uid;
		if (gid != UID_UNCHANGED)
			inode->gid = gid;
		inode->mode = mode;
		inode_touch(inode, TOUCH_CTIME);
		inode_changed(inode);
	}
	mutex_unlock(&inode->lock);
	return err;
}

/* now: both times are the present, which whoever may write the file may set too. NULL: leave that one. */
int inode_set_times(struct inode *inode, const struct timestamp *atime, const struct timestamp *mtime, bool now)
{
	const struct credentials *cred = credentials_current();
	struct inode_change change = { .now = now };
	int err;

	if (!inode_is_owner(inode, cred)) {
		if (!now)
			return -EPERM;
		if (inode_permission(inode, MAY_WRITE, cred))
			return -EACCES;
	}
	change.which = (atime ? INODE_ATIME : 0) | (mtime ? INODE_MTIME : 0);
	change.atime = atime ? *atime : (struct timestamp){ 0, 0 };
	change.mtime = mtime ? *mtime : (struct timestamp){ 0, 0 };
	mutex_lock(&inode->lock);
	err = change_remote(inode, &change);
	if (!err) {
		if (atime)
			inode->atime = *atime;
		if (mtime)
			inode->mtime = *mtime;
		inode_touch(inode, TOUCH_CTIME);
		inode_changed(inode);
	}
	mutex_unlock(&inode->lock);
	return err;
}

/* Inode's mutex. */
static int truncate_remote(struct inode *inode, off_t size)
{
	const struct inode_change change = { .which = INODE_SIZE, .size = size };
	int err = change_remote(inode, &change);

	if (!err) {
		atomic_store(&inode->size, size);
		inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	}
	return err;
}

int inode_truncate(struct inode *inode, off_t size)
{
	int (*truncate)(struct inode *inode, off_t size) = inode->sb->ops->truncate;
	size_t growth = 1;
	int err;

	if (inode->sb->ops->remote)
		truncate = truncate_remote;
	if (ramfs_is_file(inode))
		truncate = ramfs_truncate;
	if (!truncate || !S_ISREG(inode->mode))
		return -EINVAL;
	mutex_lock(&inode->lock);
	err = size > inode->size && file_size_limit(size - 1, &growth) ? -EFBIG : truncate(inode, size);
	mutex_unlock(&inode->lock);
	return err;
}

bool file_size_limit(off_t offset, size_t *len)
{
	struct process *process = process_current();
	uint64_t limit = process ? process->rlimits[RLIMIT_FSIZE_INDEX].current : UINT64_MAX;

	if (limit > INT64_MAX || !*len)
		return false;
	if ((uint64_t)offset >= limit) {
		signal_send_self(SIGXFSZ);
		return true;
	}
	*len = min(*len, (size_t)(limit - (uint64_t)offset));
	return false;
}
