/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names on a file server: looking for them, making, removing and moving them. All under the tree lock.
 *
 * A server may know files by their names alone (QEMU's of 9P does): what is unlinked while it is open would lose its
 * attributes. There it is not unlinked but gets another name, in the root directory, until it is closed.
 */
#include "remotefs.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/string.h>

#define VANISHED_NAME 32

int remote_find(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct remote_fid *at = remote_inode_fid(remote_of(dir)), *fid;
	struct remote_attributes attributes;
	int err = remote_protocol_of(at)->walk(at, name, len, &fid, &attributes);

	remote_fid_put(at);
	return err ? err : remote_inode_get(remote_fs_of(dir), fid, &attributes, out);
}

/* Walks to the name once more. */
static int walk_again(struct dentry *dentry, struct remote_fid **fid, struct remote_attributes *attributes)
{
	struct remote_fid *at = remote_inode_fid(remote_of(dentry->parent->inode));
	int err = remote_protocol_of(at)->walk(at, dentry->name, dentry->name_len, fid, attributes);

	remote_fid_put(at);
	return err;
}

int remote_check(struct dentry *dentry)
{
	struct remote_inode *pi = remote_of(dentry->inode);
	struct remote_attributes attributes;
	struct remote_fid *fid;
	int err;

	if (pi->asked_ns && clock_ns() - pi->asked_ns < REMOTE_BELIEVED_NS)
		return 0;
	err = walk_again(dentry, &fid, &attributes);
	if (err)
		return err == -ENOENT ? -ESTALE : err == -EIO ? err : 0;
	mutex_lock(&dentry->inode->lock);
	err = remote_inode_apply(pi, &attributes);
	mutex_unlock(&dentry->inode->lock);
	if (err)
		remote_fid_put(fid);
	else
		remote_inode_set_fid(pi, fid);
	return err;
}

/* ---- making ---- */

/* A regular file stays open for the one who makes it, whatever its mode. */
static int make_any(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted,
		    struct remote_fid **open)
{
	const struct remote_protocol *protocol = remote_protocol_of(dir);

	if (S_ISREG(wanted->mode))
		return protocol->create(dir, name, len, O_CREAT | O_EXCL | O_RDWR, wanted, open);
	if (S_ISDIR(wanted->mode))
		return protocol->mkdir(dir, name, len, wanted);
	if (S_ISLNK(wanted->mode))
		return protocol->symlink(dir, name, len, wanted);
	return protocol->mknod(dir, name, len, wanted);
}

/* Files belong to whom the server runs as, or to root if it may decide. Another owner may be refused. */
static void give_to(struct inode *inode, const struct inode_wanted *wanted)
{
	struct inode_change change = { .uid = wanted->uid, .gid = wanted->gid };

	mutex_lock(&inode->lock);
	if (wanted->uid && inode->uid != wanted->uid)
		change.which |= INODE_UID;
	if (wanted->gid && inode->gid != wanted->gid)
		change.which |= INODE_GID;
	if (change.which && !remote_change(inode, &change))
		remote_inode_refresh_locked(remote_of(inode), 0);
	mutex_unlock(&inode->lock);
}

static void keep_created(struct remote_inode *pi, struct remote_fid *open)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct remote_fid *old = pi->created;

	pi->created = open;
	spin_unlock(&pi->fid_lock, flags);
	remote_fid_put(old);
}

int remote_make(struct inode *dir, const char *name, size_t len, const struct inode_wanted *wanted, struct inode **out)
{
	struct remote_fid *at = remote_inode_fid(remote_of(dir)), *open = NULL;
	int err = make_any(at, name, len, wanted, &open);

	remote_fid_put(at);
	if (!err)
		err = remote_find(dir, name, len, out);
	if (!err && (wanted->mode & S_IFMT) != ((*out)->mode & S_IFMT)) {
		inode_put(*out);
		err = -ESTALE;
	}
	if (err) {
		remote_fid_put(open);
		return err;
	}
	if (open)
		keep_created(remote_of(*out), open);
	give_to(*out, wanted);
	remote_of(dir)->asked_ns = 0;
	return 0;
}

int remote_add_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	struct remote_fid *at = remote_inode_fid(remote_of(dir)), *fid = remote_inode_fid(remote_of(inode));
	int err = remote_protocol_of(at)->link(at, fid, name, len);

	remote_fid_put(fid);
	remote_fid_put(at);
	remote_of(inode)->asked_ns = remote_of(dir)->asked_ns = 0;
	return err;
}

/* ---- files that lose their name ---- */

static size_t vanished_name(char name[VANISHED_NAME], uint32_t number)
{
	return format(name, VANISHED_NAME, ".saki-unlinked-%x", number);
}

static struct remote_fid *root_fid(struct remote_fs *fs)
{
	return remote_inode_fid(remote_of(fs->sb->root->inode));
}

/* It would be gone for those who have it open. */
static bool must_keep(struct inode *inode)
{
	struct remote_inode *pi = remote_of(inode);

	return S_ISREG(inode->mode) && !pi->fs->client->keeps_unlinked && atomic_load(&pi->handles) && !pi->vanished;
}

/* It has the other name now; the server is to know it by that. */
static void vanish(struct remote_inode *pi, struct remote_fid *root, const char *name, size_t len, uint32_t number)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct remote_fid *fid;

	pi->vanished = true;
	pi->vanished_number = number;
	spin_unlock(&pi->fid_lock, flags);
	if (!remote_protocol_of(root)->walk(root, name, len, &fid, NULL))
		remote_inode_set_fid(pi, fid);
}

/* An open file gets the other name, from a name (NULL: as one more). False: it could not be. */
static bool keep_open(struct remote_inode *pi, struct remote_fid *dir, const struct dentry *from)
{
	struct remote_fs *fs = pi->fs;
	uint32_t number = atomic_fetch_add(&fs->unlinked_next, 1);
	struct remote_fid *root = root_fid(fs), *fid = remote_inode_fid(pi);
	char name[VANISHED_NAME];
	size_t len = vanished_name(name, number);
	int err = dir ? remote_protocol_of(dir)->rename(dir, from->name, from->name_len, root, name, len, 0)
		      : remote_protocol_of(root)->link(root, fid, name, len);

	if (!err)
		vanish(pi, root, name, len, number);
	remote_fid_put(fid);
	remote_fid_put(root);
	return !err;
}

void remote_vanished_end(struct remote_inode *pi)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	bool vanished = pi->vanished;
	struct remote_fid *root;
	char name[VANISHED_NAME];

	pi->vanished = false;
	spin_unlock(&pi->fid_lock, flags);
	if (!vanished)
		return;
	root = root_fid(pi->fs);
	remote_protocol_of(root)->unlink(root, name, vanished_name(name, pi->vanished_number), false);
	remote_fid_put(root);
}

int remote_remove(struct dentry *victim)
{
	struct remote_inode *pi = remote_of(victim->inode), *dir = remote_of(victim->parent->inode);
	struct remote_fid *at = remote_inode_fid(dir);
	int err = 0;

	if (!must_keep(victim->inode) || !keep_open(pi, at, victim))
		err = remote_protocol_of(at)->unlink(at, victim->name, victim->name_len, S_ISDIR(victim->inode->mode));
	remote_fid_put(at);
	pi->asked_ns = dir->asked_ns = 0;
	return err;
}

/* It keeps the name that it was to lose. */
static void keep_name(struct dentry *dentry)
{
	struct remote_fid *fid;

	remote_vanished_end(remote_of(dentry->inode));
	if (!walk_again(dentry, &fid, NULL))
		remote_inode_set_fid(remote_of(dentry->inode), fid);
}

int remote_move(struct dentry *source, struct inode *dir, const char *name, size_t len, struct dentry *target,
		unsigned flags)
{
	struct remote_inode *from = remote_of(source->parent->inode), *to = remote_of(dir);
	struct remote_fid *from_fid, *to_fid;
	bool kept = false;
	int err;

	/* In the place of an open file: nobody must ever see neither. */
	if (target && !flags && must_keep(target->inode))
		kept = keep_open(remote_of(target->inode), NULL, NULL);
	from_fid = remote_inode_fid(from);
	to_fid = remote_inode_fid(to);
	err = remote_protocol_of(from_fid)->rename(from_fid, source->name, source->name_len, to_fid, name, len, flags);
	remote_fid_put(from_fid);
	remote_fid_put(to_fid);
	if (err && kept)
		keep_name(target);
	from->asked_ns = to->asked_ns = remote_of(source->inode)->asked_ns = 0;
	if (target)
		remote_of(target->inode)->asked_ns = 0;
	return err;
}
