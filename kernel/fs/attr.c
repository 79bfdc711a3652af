/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing attributes: mode, owner, times, size. Rights are checked here, for the running thread.
 */
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/vfs.h>

#include "fs_internal.h"
#include "ramfs.h"

#define RLIMIT_FSIZE_INDEX 1
#define UID_UNCHANGED UINT32_MAX

int inode_chmod(struct inode *inode, unsigned mode)
{
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
	inode->mode = (inode->mode & S_IFMT) | (mode & S_IALLUGO);
	inode_touch(inode, TOUCH_CTIME);
	mutex_unlock(&inode->lock);
	return 0;
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

int inode_chown(struct inode *inode, uint32_t uid, uint32_t gid)
{
	const struct credentials *cred = credentials_current();

	if (inode->sb->ops->lookup || !may_chown(inode, uid, gid, cred))
		return -EPERM;
	mutex_lock(&inode->lock);
	if (uid != UID_UNCHANGED)
		inode->uid = uid;
	if (gid != UID_UNCHANGED)
		inode->gid = gid;
	if (!S_ISDIR(inode->mode)) {
		inode->mode &= ~S_ISUID;
		if (inode->mode & S_IXGRP)
			inode->mode &= ~S_ISGID;
	}
	inode_touch(inode, TOUCH_CTIME);
	mutex_unlock(&inode->lock);
	return 0;
}

/* now: both times are the present, which whoever may write the file may set too. NULL: leave that one. */
int inode_set_times(struct inode *inode, const struct timestamp *atime, const struct timestamp *mtime, bool now)
{
	const struct credentials *cred = credentials_current();

	if (!inode_is_owner(inode, cred)) {
		if (!now)
			return -EPERM;
		if (inode_permission(inode, MAY_WRITE, cred))
			return -EACCES;
	}
	mutex_lock(&inode->lock);
	if (atime)
		inode->atime = *atime;
	if (mtime)
		inode->mtime = *mtime;
	inode_touch(inode, TOUCH_CTIME);
	mutex_unlock(&inode->lock);
	return 0;
}

int inode_truncate(struct inode *inode, off_t size)
{
	size_t growth = 1;
	int err;

	if (!ramfs_is_file(inode))
		return -EINVAL;
	mutex_lock(&inode->lock);
	err = size > inode->size && file_size_limit(size - 1, &growth) ? -EFBIG : ramfs_truncate(inode, size);
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
