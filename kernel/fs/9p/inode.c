/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes of a 9P file system: one for each file that is known, by the number that the server gives it (the qid's path),
 * so that all names of a file share its pages and locks. Of directories there may be two that are the same.
 */
#include "p9fs.h"

#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

/* ---- fids ---- */

struct p9_fid *p9_inode_fid(struct p9_inode *pi)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct p9_fid *fid = p9_fid_get(pi->fid);

	spin_unlock(&pi->fid_lock, flags);
	return fid;
}

void p9_inode_set_fid(struct p9_inode *pi, struct p9_fid *fid)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct p9_fid *old = pi->fid;

	pi->fid = fid;
	spin_unlock(&pi->fid_lock, flags);
	p9_fid_put(old);
}

/* ---- those that are known ---- */

static struct list *bucket_of(struct p9_fs *fs, uint64_t number)
{
	return &fs->inodes[(number ^ number >> 16) % P9_INODE_BUCKETS];
}

bool p9_inode_try_get(struct p9_inode *pi)
{
	unsigned refs = atomic_load(&pi->inode.refs);

	while (refs)
		if (atomic_compare_exchange(&pi->inode.refs, &refs, refs + 1))
			return true;
	return false;
}

static struct p9_inode *find_known(struct p9_fs *fs, const struct p9_attributes *a)
{
	unsigned long flags = spin_lock(&fs->lock);
	struct p9_inode *found = NULL;

	list_foreach(bucket_of(fs, a->qid.path), struct p9_inode, node, pi) {
		if (pi->inode.ino == a->qid.path && (pi->inode.mode & S_IFMT) == (a->mode & S_IFMT) &&
		    p9_inode_try_get(pi)) {
			found = pi;
			break;
		}
	}
	spin_unlock(&fs->lock, flags);
	return found;
}

static void make_known(struct p9_inode *pi)
{
	unsigned long flags;

	if (S_ISDIR(pi->inode.mode))
		return;
	flags = spin_lock(&pi->fs->lock);
	list_push(bucket_of(pi->fs, pi->inode.ino), &pi->node);
	spin_unlock(&pi->fs->lock, flags);
}

/* ---- attributes ---- */

static bool same_time(struct timestamp a, struct timestamp b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

/* Is it what we knew? Where we have written ourselves, a size that is ours. */
static bool content_is_known(const struct p9_inode *pi, const struct p9_attributes *a)
{
	if (pi->written)
		return a->size == pi->inode.size;
	return a->size == pi->inode.size && a->qid.version == pi->version && same_time(a->mtime, pi->inode.mtime);
}

int p9_inode_apply(struct p9_inode *pi, const struct p9_attributes *a)
{
	struct inode *inode = &pi->inode;
	off_t old_size = inode->size;

	if ((a->mode & S_IFMT) != (inode->mode & S_IFMT) || a->qid.path != inode->ino)
		return -ESTALE;
	if (S_ISREG(inode->mode) && !content_is_known(pi, a)) {
		atomic_store(&inode->size, a->size);
		p9_data_resized(pi, old_size, a->size);
		p9_data_forget(pi);
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
	pi->version = a->qid.version;
	pi->blocks = a->blocks;
	pi->written = false;
	pi->asked_ns = clock_ns() ?: 1;
	return 0;
}

int p9_inode_refresh_locked(struct p9_inode *pi, uint64_t age_ns)
{
	struct p9_attributes attributes;
	struct p9_fid *fid;
	int err;

	if (pi->asked_ns && clock_ns() - pi->asked_ns < age_ns)
		return 0;
	fid = p9_inode_fid(pi);
	err = p9_getattr(fid, &attributes);
	p9_fid_put(fid);
	return err ? err : p9_inode_apply(pi, &attributes);
}

int p9_inode_refresh(struct p9_inode *pi, uint64_t age_ns)
{
	int err;

	mutex_lock(&pi->inode.lock);
	err = p9_inode_refresh_locked(pi, age_ns);
	mutex_unlock(&pi->inode.lock);
	return err;
}

/* A file that the server does not know any more is as it was. */
void p9_refresh(struct inode *inode)
{
	(void)p9_inode_refresh(p9_of(inode), P9_BELIEVED_NS);
}

int p9_change(struct inode *inode, const struct inode_change *change)
{
	struct p9_inode *pi = p9_of(inode);
	struct p9_fid *fid = p9_inode_fid(pi);
	off_t old_size = inode->size;
	int err;

	/* What a mapping has written below the new end must not come after it. */
	err = change->which & INODE_SIZE ? p9_data_flush(pi, false) : 0;
	if (!err)
		err = p9_setattr(fid, change);
	p9_fid_put(fid);
	if (err)
		return err;
	pi->asked_ns = 0;
	if (change->which & INODE_SIZE) {
		pi->written = true;
		atomic_store(&inode->size, change->size);
		p9_data_resized(pi, old_size, change->size);
	}
	return 0;
}

/* ---- life ---- */

OBJECT_TYPE(p9_inode);

static int create(struct p9_fs *fs, struct p9_fid *fid, const struct p9_attributes *a, struct p9_inode **out)
{
	struct p9_inode *pi = heap_zalloc(sizeof(*pi));
	char *target = NULL;
	int err = 0;

	if (!pi)
		return -ENOMEM;
	if (S_ISLNK(a->mode))
		err = p9_readlink(fid, &target);
	if (err) {
		heap_free(pi);
		return err;
	}
	object_count_add(&object_type_p9_inode, 1);
	inode_init(&pi->inode, fs->sb, a->mode);
	pi->inode.ino = a->qid.path;
	pi->fs = fs;
	pi->fid = p9_fid_get(fid);
	spin_init(&pi->fid_lock);
	mutex_init(&pi->data_lock);
	list_init(&pi->node);
	list_init(&pi->cached);
	if (S_ISREG(a->mode))
		pi->inode.fops = &p9_file_ops;
	if (S_ISDIR(a->mode))
		pi->inode.fops = &p9_directory_ops;
	if (target) {
		pi->inode.target = target;
		pi->inode.size = (off_t)strlen(target);
	}
	*out = pi;
	return 0;
}

int p9_inode_get(struct p9_fs *fs, struct p9_fid *fid, struct inode **out)
{
	struct p9_attributes attributes;
	struct p9_inode *pi = NULL;
	int err = p9_getattr(fid, &attributes);

	if (!err && !S_ISDIR(attributes.mode))
		pi = find_known(fs, &attributes);
	if (pi)
		p9_inode_set_fid(pi, p9_fid_get(fid)); /* the old one may be by a name that is gone */
	else if (!err)
		err = create(fs, fid, &attributes, &pi);
	p9_fid_put(fid);
	if (err)
		return err;
	mutex_lock(&pi->inode.lock);
	err = p9_inode_apply(pi, &attributes);
	mutex_unlock(&pi->inode.lock);
	if (!err && list_empty(&pi->node))
		make_known(pi);
	if (err)
		inode_put(&pi->inode);
	else
		*out = &pi->inode;
	return err;
}

void p9_inode_free(struct inode *inode)
{
	struct p9_inode *pi = p9_of(inode);
	unsigned long flags = spin_lock(&pi->fs->lock);

	list_remove(&pi->node);
	spin_unlock(&pi->fs->lock, flags);
	if (S_ISREG(inode->mode))
		p9_data_free(pi);
	if (S_ISLNK(inode->mode))
		heap_free(inode->target);
	p9_fid_put(pi->created);
	p9_fid_put(pi->fid);
	object_count_add(&object_type_p9_inode, -1);
	heap_free(pi);
}
