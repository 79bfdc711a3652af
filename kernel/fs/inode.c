/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes: reference counts, times, and what stat tells of them. Content is the file systems' business; the two kinds
 * that belong to none (pipes, anonymous files) are made here.
 */
#include <kernel/abi/mount.h>
#include <kernel/atomic.h>
#include <kernel/metrics.h>
#include <kernel/clock.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "fs_internal.h"

#define DAY_SECONDS (24 * 60 * 60)

METRIC_LEVEL(vfs_inodes, "Files in memory, by whatever name");

struct inode *inode_get(struct inode *inode)
{
	atomic_fetch_add(&inode->refs, 1);
	return inode;
}

void inode_put(struct inode *inode)
{
	struct superblock *sb;

	if (atomic_fetch_sub(&inode->refs, 1) != 1)
		return;
	sb = inode->sb;
	lock_release_inode(inode);
	xattr_release_inode(inode);
	sb->ops->inode_free(inode);
	metric_add(vfs_inodes, -1);
	superblock_put(sb);
}

/* Moves the count by step, unless it is on the other side of 0. */
static int count_users(struct inode *inode, int step)
{
	int count = atomic_load(&inode->writers);

	do {
		if (step > 0 ? count < 0 : count > 0)
			return -ETXTBSY;
	} while (!atomic_compare_exchange(&inode->writers, &count, count + step));
	return 0;
}

int inode_add_writer(struct inode *inode)
{
	return count_users(inode, 1);
}

void inode_remove_writer(struct inode *inode)
{
	atomic_fetch_sub(&inode->writers, 1);
}

int inode_add_program(struct inode *inode)
{
	return count_users(inode, -1);
}

void inode_remove_program(struct inode *inode)
{
	atomic_fetch_add(&inode->writers, 1);
}

struct timestamp timestamp_now(void)
{
	uint64_t now = clock_realtime_ns();

	return (struct timestamp){ (int64_t)(now / NSEC_PER_SEC), (uint32_t)(now % NSEC_PER_SEC) };
}

/* Four kinds for the checks of the order: what is done under each differs. What /proc tells takes the tree lock. */
static void lock_init(struct inode *inode)
{
	struct mutex *directory_lock = &inode->lock, *fifo_lock = &inode->lock, *told_lock = &inode->lock;

	if (S_ISDIR(inode->mode))
		mutex_init(directory_lock);
	else if (S_ISFIFO(inode->mode))
		mutex_init(fifo_lock);
	else if (inode->sb->ops && inode->sb->ops->lookup)
		mutex_init(told_lock);
	else
		mutex_init(&inode->lock);
}

void inode_init(struct inode *inode, struct superblock *sb, unsigned mode)
{
	memset(inode, 0, sizeof(*inode));
	inode->refs = 1;
	metric_inc(vfs_inodes);
	inode->mode = mode;
	inode->nlink = S_ISDIR(mode) ? 2 : 1;
	inode->sb = sb;
	atomic_fetch_add(&sb->refs, 1);
	inode->ino = atomic_fetch_add(&sb->next_ino, 1);
	inode->atime = inode->mtime = inode->ctime = inode->btime = timestamp_now();
	lock_init(inode);
	list_init(&inode->locks);
	list_init(&inode->xattrs);
	list_init(&inode->watches);
	if (S_ISDIR(mode)) {
		inode->next_cookie = 2;
		inode->fops = &directory_fops;
	}
}

void inode_touch(struct inode *inode, unsigned which)
{
	struct timestamp now = timestamp_now();

	if (which & TOUCH_ATIME)
		inode->atime = now;
	if (which & TOUCH_MTIME)
		inode->mtime = now;
	if (which & TOUCH_CTIME)
		inode->ctime = now;
}

static bool timestamp_before_or_at(struct timestamp a, struct timestamp b)
{
	return a.sec < b.sec || (a.sec == b.sec && a.nsec <= b.nsec);
}

void inode_accessed(struct inode *inode, const struct file *file)
{
	struct timestamp now;

	if (file) {
		if (file->flags & O_NOATIME)
			return;
		if (file->mount && (file->mount->flags & (MS_NOATIME | MS_RDONLY)))
			return;
	}
	now = timestamp_now();
	if (timestamp_before_or_at(inode->atime, inode->mtime) || timestamp_before_or_at(inode->atime, inode->ctime) ||
	    now.sec - inode->atime.sec >= DAY_SECONDS)
		inode->atime = now;
}

static int64_t inode_blocks(const struct inode *inode)
{
	return inode->sb->type->blocks ? (int64_t)inode->sb->type->blocks(inode) * (int64_t)(PAGE_SIZE / 512) : 0;
}

void inode_stat(const struct inode *inode, struct abi_stat *stat)
{
	*stat = (struct abi_stat){
		.st_dev = dev_encode(inode->sb->dev),
		.st_ino = inode->ino,
		.st_nlink = inode->nlink,
		.st_mode = inode->mode,
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_rdev = dev_encode(inode->rdev),
		.st_size = inode->size,
		.st_blksize = PAGE_SIZE,
		.st_blocks = inode_blocks(inode),
		.st_atime = inode->atime.sec,
		.st_atime_nsec = inode->atime.nsec,
		.st_mtime = inode->mtime.sec,
		.st_mtime_nsec = inode->mtime.nsec,
		.st_ctime = inode->ctime.sec,
		.st_ctime_nsec = inode->ctime.nsec,
	};
}

/* ---- inodes of no mounted file system ---- */

static void internal_inode_free(struct inode *inode)
{
	heap_free(inode);
}

static const struct superblock_ops internal_ops = {
	.inode_free = internal_inode_free,
};

static const struct filesystem pipefs = { .name = "pipefs", .magic = PIPEFS_MAGIC };
static const struct filesystem sockfs = { .name = "sockfs", .magic = SOCKFS_MAGIC };
static const struct filesystem anon_inodefs = { .name = "anon_inodefs", .magic = ANON_INODE_FS_MAGIC };

static struct superblock pipe_sb = {
	.refs = 1,
	.type = &pipefs,
	.ops = &internal_ops,
	.dev = DEV_MAKE(0, 2),
	.next_ino = 1,
};
static struct superblock socket_sb = {
	.refs = 1,
	.type = &sockfs,
	.ops = &internal_ops,
	.dev = DEV_MAKE(0, 4),
	.next_ino = 1,
};
static struct superblock anon_sb = {
	.refs = 1,
	.type = &anon_inodefs,
	.ops = &internal_ops,
	.dev = DEV_MAKE(0, 3),
	.next_ino = 2,
};
static struct inode anon_inode = {
	.refs = 1,
	.mode = 0600,
	.nlink = 1,
	.ino = 1,
	.sb = &anon_sb,
	.lock = MUTEX_INIT(anon_inode.lock),
	.locks = LIST_INIT(anon_inode.locks),
	.xattrs = LIST_INIT(anon_inode.xattrs),
	.watches = LIST_INIT(anon_inode.watches),
};

struct inode *inode_anonymous(void)
{
	return inode_get(&anon_inode);
}

static int create_internal(struct superblock *sb, unsigned mode, struct inode **out)
{
	const struct credentials *cred = credentials_current();
	struct inode *inode = heap_alloc(sizeof(*inode));

	if (!inode)
		return -ENOMEM;
	inode_init(inode, sb, mode);
	cred_fs_ids(cred, &inode->uid, &inode->gid);
	*out = inode;
	return 0;
}

int inode_create_pipe(struct inode **out)
{
	return create_internal(&pipe_sb, S_IFIFO | 0600, out);
}

int inode_create_socket(struct inode **out)
{
	return create_internal(&socket_sb, S_IFSOCK | 0777, out);
}
