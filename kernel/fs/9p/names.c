/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names on a 9P server: looking for them, making, removing and moving them. All under the tree lock.
 *
 * A server may know files by their names alone (QEMU's does): what is unlinked while it is open would lose its
 * attributes. So it is not unlinked but gets another name, in the root directory, until it is closed.
 */
#include "p9fs.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/string.h>

#define VANISHED_NAME 32

int p9_find(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct p9_fid *at = p9_inode_fid(p9_of(dir)), *fid;
	struct p9_qid qid;
	int err = p9_walk(at, name, len, &fid, &qid);

	p9_fid_put(at);
	return err ? err : p9_inode_get(p9_fs_of(dir), fid, out);
}

/* Walks to the name once more. */
static int walk_again(struct dentry *dentry, struct p9_fid **fid, struct p9_qid *qid)
{
	struct p9_fid *at = p9_inode_fid(p9_of(dentry->parent->inode));
	int err = p9_walk(at, dentry->name, dentry->name_len, fid, qid);

	p9_fid_put(at);
	return err;
}

int p9_check(struct dentry *dentry)
{
	struct p9_inode *pi = p9_of(dentry->inode);
	struct p9_attributes attributes;
	struct p9_fid *fid;
	struct p9_qid qid;
	int err;

	if (pi->asked_ns && clock_ns() - pi->asked_ns < P9_BELIEVED_NS)
		return 0;
	err = walk_again(dentry, &fid, &qid);
	if (err)
		return err == -ENOENT ? -ESTALE : 0;
	err = qid.path == dentry->inode->ino ? p9_getattr(fid, &attributes) : -ESTALE;
	if (err) {
		p9_fid_put(fid);
		return err == -ENOENT ? -ESTALE : err;
	}
	mutex_lock(&dentry->inode->lock);
	err = p9_inode_apply(pi, &attributes);
	mutex_unlock(&dentry->inode->lock);
	if (err)
		p9_fid_put(fid);
	else
		p9_inode_set_fid(pi, fid);
	return err;
}

/* ---- making ---- */

/* A regular file, which stays open for the one who makes it, whatever its mode. */
static int make_file(struct p9_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted,
		     struct p9_fid **open)
{
	struct p9_fid *fid;
	uint32_t iounit;
	int err = p9_walk(dir, NULL, 0, &fid, NULL);

	if (err)
		return err;
	err = p9_create(fid, name, len, O_CREAT | O_EXCL | O_RDWR, wanted->mode & S_IALLUGO, wanted->gid, &iounit);
	if (err)
		p9_fid_put(fid);
	else
		*open = fid;
	return err;
}

static int make_any(struct p9_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted,
		    struct p9_fid **open)
{
	if (S_ISREG(wanted->mode))
		return make_file(dir, name, len, wanted, open);
	if (S_ISDIR(wanted->mode))
		return p9_mkdir(dir, name, len, wanted->mode & S_IALLUGO, wanted->gid);
	if (S_ISLNK(wanted->mode))
		return p9_symlink(dir, name, len, wanted->target, wanted->gid);
	return p9_mknod(dir, name, len, wanted->mode, wanted->rdev, wanted->gid);
}

/* Files belong to whom the server runs as, or to root if it may decide. Another owner may be refused. */
static void give_to(struct inode *inode, uint32_t uid)
{
	struct p9_inode *pi = p9_of(inode);
	const struct inode_change change = { .which = INODE_UID, .uid = uid };

	mutex_lock(&inode->lock);
	if (uid && inode->uid != uid && !p9_change(inode, &change))
		p9_inode_refresh_locked(pi, 0);
	mutex_unlock(&inode->lock);
}

static void keep_created(struct p9_inode *pi, struct p9_fid *open)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct p9_fid *old = pi->created;

	pi->created = open;
	spin_unlock(&pi->fid_lock, flags);
	p9_fid_put(old);
}

int p9_make(struct inode *dir, const char *name, size_t len, const struct inode_wanted *wanted, struct inode **out)
{
	struct p9_fid *at = p9_inode_fid(p9_of(dir)), *open = NULL;
	int err = make_any(at, name, len, wanted, &open);

	p9_fid_put(at);
	if (!err)
		err = p9_find(dir, name, len, out);
	if (!err && (wanted->mode & S_IFMT) != ((*out)->mode & S_IFMT)) {
		inode_put(*out);
		err = -ESTALE;
	}
	if (err) {
		p9_fid_put(open);
		return err;
	}
	if (open)
		keep_created(p9_of(*out), open);
	give_to(*out, wanted->uid);
	p9_of(dir)->asked_ns = 0;
	return 0;
}

int p9_add_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	struct p9_fid *at = p9_inode_fid(p9_of(dir)), *fid = p9_inode_fid(p9_of(inode));
	int err = p9_link(at, fid, name, len);

	p9_fid_put(fid);
	p9_fid_put(at);
	p9_of(inode)->asked_ns = p9_of(dir)->asked_ns = 0;
	return err;
}

/* ---- files that lose their name ---- */

static size_t vanished_name(char name[VANISHED_NAME], uint32_t number)
{
	return format(name, VANISHED_NAME, ".saki-unlinked-%x", number);
}

static struct p9_fid *root_fid(struct p9_fs *fs)
{
	return p9_inode_fid(p9_of(fs->sb->root->inode));
}

static bool is_open(const struct inode *inode)
{
	return S_ISREG(inode->mode) && atomic_load(&p9_of((struct inode *)inode)->handles);
}

/* It has the other name now; the server is to know it by that. */
static void vanish(struct p9_inode *pi, struct p9_fid *root, const char *name, size_t len, uint32_t number)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct p9_fid *fid;
	struct p9_qid qid;

	pi->vanished = true;
	pi->vanished_number = number;
	spin_unlock(&pi->fid_lock, flags);
	if (!p9_walk(root, name, len, &fid, &qid))
		p9_inode_set_fid(pi, fid);
}

/* An open file gets the other name, from a name (NULL: as one more). False: it could not be. */
static bool keep_open(struct p9_inode *pi, struct p9_fid *dir, const struct dentry *from)
{
	struct p9_fs *fs = pi->fs;
	uint32_t number = atomic_fetch_add(&fs->unlinked_next, 1);
	struct p9_fid *root = root_fid(fs), *fid = p9_inode_fid(pi);
	char name[VANISHED_NAME];
	size_t len = vanished_name(name, number);
	int err = dir ? p9_rename(dir, from->name, from->name_len, root, name, len) : p9_link(root, fid, name, len);

	if (!err)
		vanish(pi, root, name, len, number);
	p9_fid_put(fid);
	p9_fid_put(root);
	return !err;
}

void p9_vanished_end(struct p9_inode *pi)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	bool vanished = pi->vanished;
	struct p9_fid *root;
	char name[VANISHED_NAME];

	pi->vanished = false;
	spin_unlock(&pi->fid_lock, flags);
	if (!vanished)
		return;
	root = root_fid(pi->fs);
	p9_unlink(root, name, vanished_name(name, pi->vanished_number), false);
	p9_fid_put(root);
}

int p9_remove(struct dentry *victim)
{
	struct p9_inode *pi = p9_of(victim->inode), *dir = p9_of(victim->parent->inode);
	struct p9_fid *at = p9_inode_fid(dir);
	int err = 0;

	if (!is_open(victim->inode) || pi->vanished || !keep_open(pi, at, victim))
		err = p9_unlink(at, victim->name, victim->name_len, S_ISDIR(victim->inode->mode));
	p9_fid_put(at);
	pi->asked_ns = dir->asked_ns = 0;
	return err;
}

/* It keeps the name that it was to lose. */
static void keep_name(struct dentry *dentry)
{
	struct p9_fid *fid;
	struct p9_qid qid;

	p9_vanished_end(p9_of(dentry->inode));
	if (!walk_again(dentry, &fid, &qid))
		p9_inode_set_fid(p9_of(dentry->inode), fid);
}

int p9_move(struct dentry *source, struct inode *dir, const char *name, size_t len, struct dentry *target,
	    unsigned flags)
{
	struct p9_inode *from = p9_of(source->parent->inode), *to = p9_of(dir);
	struct p9_fid *from_fid, *to_fid;
	bool kept = false;
	int err;

	if (flags)
		return -EINVAL;
	/* In the place of an open file: nobody must ever see neither. */
	if (target && is_open(target->inode) && !p9_of(target->inode)->vanished)
		kept = keep_open(p9_of(target->inode), NULL, NULL);
	from_fid = p9_inode_fid(from);
	to_fid = p9_inode_fid(to);
	err = p9_rename(from_fid, source->name, source->name_len, to_fid, name, len);
	p9_fid_put(from_fid);
	p9_fid_put(to_fid);
	if (err && kept)
		keep_name(target);
	from->asked_ns = to->asked_ns = p9_of(source->inode)->asked_ns = 0;
	return err;
}
