/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nodes by name, their attributes, and changes of names. See kernel/fs/remote/protocol.h.
 *
 * All messages are root's: who may do what is decided here, by the modes that the server tells, and what is made is
 * given to its owner afterwards.
 */
#include "client.h"

#include <kernel/abi/fcntl.h>
#include <kernel/abi/stat.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

/* FATTR_* */
enum {
	SET_MODE = 1u << 0,
	SET_UID = 1u << 1,
	SET_GID = 1u << 2,
	SET_SIZE = 1u << 3,
	SET_ATIME = 1u << 4,
	SET_MTIME = 1u << 5,
	SET_ATIME_NOW = 1u << 7,
	SET_MTIME_NOW = 1u << 8,
};

/* ---- attributes ---- */

/*
 * struct fuse_attr: ino size blocks atime mtime ctime [8 each], their nanoseconds [4 each], mode nlink uid gid rdev
 * blksize flags [4 each].
 */
static int get_attributes(struct remote_call *call, uint64_t node, struct remote_attributes *a)
{
	struct timestamp *const times[] = { &a->atime, &a->mtime, &a->ctime };
	bool wrong = false;
	uint64_t size;

	*a = (struct remote_attributes){ .number = node };
	a->ino = remote_get64(call);
	size = remote_get64(call);
	a->size = (off_t)size;
	a->blocks = min(remote_get64(call), (uint64_t)INT64_MAX / 512);
	for (unsigned i = 0; i < array_size(times); i++)
		times[i]->sec = (int64_t)remote_get64(call);
	for (unsigned i = 0; i < array_size(times); i++) {
		times[i]->nsec = remote_get32(call);
		wrong |= times[i]->nsec >= NSEC_PER_SEC;
	}
	a->mode = remote_get32(call);
	a->nlink = remote_get32(call);
	a->uid = remote_get32(call);
	a->gid = remote_get32(call);
	a->rdev = dev_decode(remote_get32(call));
	remote_get64(call);
	wrong |= size > INT64_MAX || !remote_mode_is_right(a->mode);
	return !call->bad && wrong ? remote_offence(call->client, "attributes that no file has") : 0;
}

/* struct fuse_entry_out: nodeid generation entry_valid attr_valid [8 each], their nanoseconds [4 each], attributes. */
int fuse_get_node(struct remote_call *call, struct fuse_fid *node, struct remote_attributes *attributes)
{
	struct remote_attributes unwanted;
	uint64_t number = remote_get64(call);

	for (unsigned i = 0; i < 4; i++)
		remote_get64(call);
	if (call->bad)
		return 0; /* which the call's end says */
	if (!number && call->type == FUSE_LOOKUP)
		return -ENOENT;
	if (!number)
		return remote_offence(call->client, "a file that is none");
	if (number == FUSE_ROOT)
		return remote_offence(call->client, "the root under another name");
	node->node = number;
	return get_attributes(call, number, attributes ? attributes : &unwanted);
}

/*
 * Sends a message whose answer begins with a node, and takes that. What comes behind it is not looked at. What the
 * server counts is given back when it cannot be used.
 */
static int run_entry(struct remote_call *call, struct fuse_fid *node, struct remote_attributes *attributes)
{
	int err = remote_call_run(call);

	if (!err)
		err = fuse_get_node(call, node, attributes);
	return remote_call_end(call, err);
}

static void drop(struct fuse_fid *node)
{
	if (node->node)
		remote_fid_put(&node->fid);
	else
		fuse_node_abandon(node);
}

int fuse_walk(struct remote_fid *dir, const char *name, size_t len, struct remote_fid **out,
	      struct remote_attributes *attributes)
{
	struct fuse_fid *node = fuse_node_create(dir->client);
	struct remote_call *call;
	int err;

	if (!node)
		return -ENOMEM;
	err = fuse_call_begin(dir, FUSE_LOOKUP, &call);
	if (!err) {
		fuse_put_name(call, name, len);
		err = run_entry(call, node, attributes);
	}
	if (err)
		drop(node);
	else
		*out = &node->fid;
	return err;
}

/* getattr_flags[4] dummy[4] fh[8]; attr_valid[8] attr_valid_nsec[4] dummy[4] attributes */
int fuse_getattr(struct remote_fid *fid, struct remote_attributes *a)
{
	struct remote_call *call;
	int err = fuse_call_begin(fid, FUSE_GETATTR, &call);

	if (err)
		return err;
	remote_put64(call, 0);
	remote_put64(call, 0);
	err = remote_call_run(call);
	if (!err) {
		remote_get64(call);
		remote_get64(call);
		err = get_attributes(call, fuse_fid_of(fid)->node, a);
	}
	return remote_call_end(call, err);
}

/*
 * valid[4] padding[4] fh[8] size[8] lock_owner[8] atime[8] mtime[8] ctime[8] atimensec[4] mtimensec[4] ctimensec[4]
 * mode[4] unused[4] uid[4] gid[4] unused[4]
 */
static void put_change(struct remote_call *call, uint32_t valid, const struct inode_change *change)
{
	remote_put64(call, valid);
	remote_put64(call, 0);
	remote_put64(call, (uint64_t)change->size);
	remote_put64(call, 0);
	remote_put64(call, (uint64_t)change->atime.sec);
	remote_put64(call, (uint64_t)change->mtime.sec);
	remote_put64(call, 0);
	remote_put32(call, change->atime.nsec);
	remote_put32(call, change->mtime.nsec);
	remote_put32(call, 0);
	remote_put32(call, change->mode);
	remote_put32(call, 0);
	remote_put32(call, change->uid);
	remote_put32(call, change->gid);
	remote_put32(call, 0);
}

int fuse_setattr(struct remote_fid *fid, const struct inode_change *change)
{
	static const struct {
		unsigned which, valid;
	} table[] = {
		{ INODE_MODE, SET_MODE }, { INODE_UID, SET_UID },     { INODE_GID, SET_GID },
		{ INODE_SIZE, SET_SIZE }, { INODE_ATIME, SET_ATIME }, { INODE_MTIME, SET_MTIME },
	};
	struct remote_call *call;
	uint32_t valid = 0;
	int err = fuse_call_begin(fid, FUSE_SETATTR, &call);

	if (err)
		return err;
	for (unsigned i = 0; i < array_size(table); i++)
		valid |= change->which & table[i].which ? table[i].valid : 0;
	if (change->now)
		valid |= (valid & SET_ATIME ? SET_ATIME_NOW : 0) | (valid & SET_MTIME ? SET_MTIME_NOW : 0);
	put_change(call, valid, change);
	return fuse_run_simple(call);
}

/* blocks bfree bavail files ffree [8 each] bsize namelen frsize [4 each], and more */
int fuse_statfs(struct remote_fid *fid, struct remote_statfs *statfs)
{
	uint32_t block_size, fragment_size;
	struct remote_call *call;
	int err = fuse_call_begin(fid, FUSE_STATFS, &call);

	if (err)
		return err;
	err = remote_call_run(call);
	if (!err) {
		statfs->blocks = remote_get64(call);
		remote_get64(call); /* free for root */
		statfs->blocks_free = remote_get64(call);
		statfs->files = remote_get64(call);
		statfs->files_free = remote_get64(call);
		block_size = remote_get32(call);
		remote_get32(call);
		fragment_size = remote_get32(call);
		statfs->block_size = fragment_size ? fragment_size : block_size;
	}
	return remote_call_end(call, err);
}

int fuse_readlink(struct remote_fid *fid, char **target)
{
	struct remote_call *call;
	const char *text = "";
	size_t len = 0;
	int err = fuse_call_begin(fid, FUSE_READLINK, &call);

	if (err)
		return err;
	err = remote_call_run(call);
	if (!err) {
		len = call->end - call->at;
		text = remote_get_bytes(call, len);
	}
	return remote_call_end_link(call, err, text, len, target);
}

/* ---- changes of names ---- */

/* Runs a message that makes a name, whose node is not kept: who wants it looks for it. */
static int run_made(struct remote_fid *dir, struct remote_call *call)
{
	struct fuse_fid *node = fuse_node_create(dir->client);
	int err;

	if (!node)
		return remote_call_end(call, -ENOMEM);
	err = run_entry(call, node, NULL);
	drop(node);
	return err;
}

/* mode[4] umask[4] name */
int fuse_mkdir(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted)
{
	struct remote_call *call;
	int err = fuse_call_begin(dir, FUSE_MKDIR, &call);

	if (err)
		return err;
	remote_put32(call, wanted->mode & S_IALLUGO);
	remote_put32(call, 0);
	fuse_put_name(call, name, len);
	return run_made(dir, call);
}

/* mode[4] rdev[4] umask[4] padding[4] name */
int fuse_mknod(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted)
{
	struct remote_call *call;
	int err = fuse_call_begin(dir, FUSE_MKNOD, &call);

	if (err)
		return err;
	remote_put32(call, wanted->mode);
	remote_put32(call, (uint32_t)dev_encode(wanted->rdev));
	remote_put64(call, 0);
	fuse_put_name(call, name, len);
	return run_made(dir, call);
}

/* name target */
int fuse_symlink(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted)
{
	struct remote_call *call;
	int err = fuse_call_begin(dir, FUSE_SYMLINK, &call);

	if (err)
		return err;
	fuse_put_name(call, name, len);
	fuse_put_name(call, wanted->target, strlen(wanted->target));
	return run_made(dir, call);
}

/* oldnodeid[8] name */
int fuse_link(struct remote_fid *dir, struct remote_fid *fid, const char *name, size_t len)
{
	struct remote_call *call;
	int err = fuse_call_begin(dir, FUSE_LINK, &call);

	if (err)
		return err;
	remote_put64(call, fuse_fid_of(fid)->node);
	fuse_put_name(call, name, len);
	return run_made(dir, call);
}

/* newdir[8], of RENAME2 flags[4] padding[4], name newname */
int fuse_rename(struct remote_fid *from, const char *name, size_t len, struct remote_fid *to, const char *new_name,
		size_t new_len, unsigned flags)
{
	struct remote_call *call;
	int err = fuse_call_begin(from, flags ? FUSE_RENAME2 : FUSE_RENAME, &call);

	if (err)
		return err;
	remote_put64(call, fuse_fid_of(to)->node);
	if (flags)
		remote_put64(call, flags);
	fuse_put_name(call, name, len);
	fuse_put_name(call, new_name, new_len);
	return fuse_run_simple(call);
}

int fuse_unlink(struct remote_fid *dir, const char *name, size_t len, bool directory)
{
	struct remote_call *call;
	int err = fuse_call_begin(dir, directory ? FUSE_RMDIR : FUSE_UNLINK, &call);

	if (err)
		return err;
	fuse_put_name(call, name, len);
	return fuse_run_simple(call);
}
