/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes of a remote file system: one for each file that is known, by the number that the server gives it, so that all
 * names of a file share its pages and locks. Of directories there may be two that are the same.
 */
#include "remotefs.h"

#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

/* ---- fids ---- */

struct remote_fid *remote_inode_fid(struct remote_inode *pi)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct remote_fid *fid = remote_fid_get(pi->fid);

	spin_unlock(&pi->fid_lock, flags);
	return fid;
}

void remote_inode_set_fid(struct remote_inode *pi, struct remote_fid *fid)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct remote_fid *old = pi->fid;

	pi->fid = fid;
	spin_unlock(&pi->fid_lock, flags);
	remote_fid_put(old);
}

/* ---- those that are known ---- */

static struct list *bucket_of(struct remote_fs *fs, uint64_t number)
{
	return &fs->inodes[(number ^ number >> 16) % REMOTE_INODE_BUCKETS];
}

bool remote_inode_try_get(struct remote_inode *pi)
{
	unsigned refs = atomic_load(&pi->inode.refs);

	while (refs)
		if (atomic_compare_exchange(&pi->inode.refs, &refs, refs + 1))
			return true;
	return false;
}

static struct remote_inode *find_known(struct remote_fs *fs, const struct remote_attributes *a)
{
	unsigned long flags = spin_lock(&fs->lock);
	struct remote_inode *found = NULL;

	list_foreach(bucket_of(fs, a->number), struct remote_inode, node, pi) {
		if (pi->number == a->number && (pi->inode.mode & S_IFMT) == (a->mode & S_IFMT) &&
		    remote_inode_try_get(pi)) {
			found = pi;
			break;
		}
	}
	spin_unlock(&fs->lock, flags);
	return found;
}

static void make_known(struct remote_inode *pi)
{
	unsigned long flags;

	if (S_ISDIR(pi->inode.mode))
		return;
	flags = spin_lock(&pi->fs->lock);
	list_push(bucket_of(pi->fs, pi->number), &pi->node);
	spin_unlock(&pi->fs->lock, flags);
}

/* ---- attributes ---- */

static bool same_time(struct timestamp a, struct timestamp b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

/* Is it what we knew? Where we have written ourselves, a size that is ours. */
static bool content_is_known(const struct remote_inode *pi, const struct remote_attributes *a)
{
	if (pi->written)
		return a->size == pi->inode.size;
	return a->size == pi->inode.size && a->version == pi->version && same_time(a->mtime, pi->inode.mtime);
}

int remote_inode_apply(struct remote_inode *pi, const struct remote_attributes *a)
{
	struct inode *inode = &pi->inode;
	off_t old_size = inode->size;

	if ((a->mode & S_IFMT) != (inode->mode & S_IFMT) || a->number != pi->number)
		return -ESTALE;
	if (S_ISREG(inode->mode) && !content_is_known(pi, a)) {
		atomic_store(&inode->size, a->size);
		remote_data_resized(pi, old_size, a->size);
		remote_data_forget(pi);
	} else if (!S_ISLNK(inode->mode)) {
		atomic_store(&inode->size, a->size);
	}
	inode->mode = a->mode;
	inode->uid = a->uid;
	inode->gid = a->gid;
	inode->nlink = pi->vanished ? 0 : a->nlink;
	inode->rdev = a->rdev;
	inode->atime = a->atime;
	inode->mtime = a->mtime;
	inode->ctime = a->ctime;
	inode->btime = a->btime;
	pi->version = a->version;
	pi->blocks = a->blocks;
	pi->written = false;
	pi->asked_ns = clock_ns() ?: 1;
	return 0;
}

int remote_inode_refresh_locked(struct remote_inode *pi, uint64_t age_ns)
{
	struct remote_attributes attributes;
	struct remote_fid *fid;
	int err;

	if (pi->asked_ns && clock_ns() - pi->asked_ns < age_ns)
		return 0;
	fid = remote_inode_fid(pi);
	err = remote_protocol_of(fid)->getattr(fid, &attributes);
	remote_fid_put(fid);
	return err ? err : remote_inode_apply(pi, &attributes);
}

int remote_inode_refresh(struct remote_inode *pi, uint64_t age_ns)
{
	int err;

	mutex_lock(&pi->inode.lock);
	err = remote_inode_refresh_locked(pi, age_ns);
	mutex_unlock(&pi->inode.lock);
	return err;
}

/* A file that the server does not know any more is as it was. */
void remote_refresh(struct inode *inode)
{
	(void)remote_inode_refresh(remote_of(inode), REMOTE_BELIEVED_NS);
}

int remote_change(struct inode *inode, const struct inode_change *change)
{
	struct remote_inode *pi = remote_of(inode);
	struct remote_fid *fid = remote_inode_fid(pi);
	off_t old_size = inode->size;
	int err;

	/* What a mapping has written below the new end must not come after it. */
	err = change->which & INODE_SIZE ? remote_data_flush(pi, false) : 0;
	if (!err)
		err = remote_protocol_of(fid)->setattr(fid, change);
	remote_fid_put(fid);
	if (err)
		return err;
	pi->asked_ns = 0;
	if (change->which & INODE_SIZE) {
		pi->written = true;
		atomic_store(&inode->size, change->size);
		remote_data_resized(pi, old_size, change->size);
	}
	return 0;
}

/* ---- life ---- */

OBJECT_TYPE(remote_inode);

static int create(struct remote_fs *fs, struct remote_fid *fid, const struct remote_attributes *a,
		  struct remote_inode **out)
{
	struct remote_inode *pi = heap_zalloc(sizeof(*pi));
	char *target = NULL;
	int err = 0;

	if (!pi)
		return -ENOMEM;
	if (S_ISLNK(a->mode))
		err = remote_protocol_of(fid)->readlink(fid, &target);
	if (err) {
		heap_free(pi);
		return err;
	}
	object_count_add(&object_type_remote_inode, 1);
	inode_init(&pi->inode, fs->sb, a->mode);
	pi->inode.ino = a->ino;
	pi->number = a->number;
	pi->fs = fs;
	pi->fid = remote_fid_get(fid);
	spin_init(&pi->fid_lock);
	mutex_init(&pi->data_lock);
	list_init(&pi->node);
	list_init(&pi->cached);
	if (S_ISREG(a->mode))
		pi->inode.fops = &remote_file_ops;
	if (S_ISDIR(a->mode))
		pi->inode.fops = &remote_directory_ops;
	if (target) {
		pi->inode.target = target;
		pi->inode.size = (off_t)strlen(target);
	}
	*out = pi;
	return 0;
}

int remote_inode_get(struct remote_fs *fs, struct remote_fid *fid, const struct remote_attributes *attributes,
		     struct inode **out)
{
	struct remote_inode *pi = S_ISDIR(attributes->mode) ? NULL : find_known(fs, attributes);
	int err = 0;

	if (pi)
		remote_inode_set_fid(pi, remote_fid_get(fid)); /* the old one may be by a name that is gone */
	else
		err = create(fs, fid, attributes, &pi);
	remote_fid_put(fid);
	if (err)
		return err;
	mutex_lock(&pi->inode.lock);
	err = remote_inode_apply(pi, attributes);
	mutex_unlock(&pi->inode.lock);
	if (!err && list_empty(&pi->node))
		make_known(pi);
	if (err)
		inode_put(&pi->inode);
	else
		*out = &pi->inode;
	return err;
}

void remote_inode_free(struct inode *inode)
{
	struct remote_inode *pi = remote_of(inode);
	unsigned long flags = spin_lock(&pi->fs->lock);

	list_remove(&pi->node);
	spin_unlock(&pi->fs->lock, flags);
	if (S_ISREG(inode->mode))
		remote_data_free(pi);
	if (S_ISLNK(inode->mode))
		heap_free(inode->target);
	remote_fid_put(pi->created);
	remote_fid_put(pi->fid);
	object_count_add(&object_type_remote_inode, -1);
	heap_free(pi);
}
