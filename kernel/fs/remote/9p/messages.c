/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked of the server, and what its answers may be. See kernel/fs/remote/protocol.h.
 */
#include "client.h"
#include "xattr.h"

#include <kernel/abi/fcntl.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#define GETATTR_ALL 0x3fffu
enum {
	SETATTR_MODE = 0x001,
	SETATTR_UID = 0x002,
	SETATTR_GID = 0x004,
	SETATTR_SIZE = 0x008,
	SETATTR_ATIME = 0x010,
	SETATTR_MTIME = 0x020,
	SETATTR_ATIME_SET = 0x080,
	SETATTR_MTIME_SET = 0x100,
};

/* Sends what has been put, and lets an answer without content go. */
static int run_simple(struct remote_call *call)
{
	return remote_call_end(call, remote_call_run(call));
}

/* ---- attributes ---- */

static struct timestamp get_time(struct remote_call *call, bool *wrong)
{
	struct timestamp t = { .sec = (int64_t)remote_get64(call) };
	uint64_t nsec = remote_get64(call);

	*wrong |= nsec >= NSEC_PER_SEC;
	t.nsec = (uint32_t)nsec;
	return t;
}

static bool kind_is_right(const struct p9_qid *qid, unsigned mode)
{
	return remote_mode_is_right(mode) && S_ISDIR(mode) == !!(qid->type & P9_QTDIR) &&
	       S_ISLNK(mode) == !!(qid->type & P9_QTSYMLINK);
}

static int getattr(struct remote_fid *fid, struct remote_attributes *a)
{
	struct remote_call *call;
	struct p9_qid qid = { 0 };
	bool wrong = false;
	uint64_t size;
	int err = remote_call_begin(fid->client, P9_TGETATTR, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(fid));
	remote_put64(call, GETATTR_ALL);
	err = remote_call_run(call);
	if (!err) {
		remote_get64(call); /* which of them are valid: those of a stat() must be */
		qid = p9_get_qid(call);
		a->number = a->ino = qid.path;
		a->version = qid.version;
		a->mode = remote_get32(call);
		a->uid = remote_get32(call);
		a->gid = remote_get32(call);
		a->nlink = (uint32_t)min(remote_get64(call), (uint64_t)UINT32_MAX);
		a->rdev = dev_decode((uint32_t)remote_get64(call));
		size = remote_get64(call);
		remote_get64(call); /* block size */
		a->blocks = min(remote_get64(call), (uint64_t)INT64_MAX / 512);
		a->atime = get_time(call, &wrong);
		a->mtime = get_time(call, &wrong);
		a->ctime = get_time(call, &wrong);
		a->btime = get_time(call, &wrong);
		a->size = (off_t)size;
		wrong |= size > INT64_MAX || !kind_is_right(&qid, a->mode);
	}
	err = remote_call_end(call, err);
	return !err && wrong ? remote_offence(fid->client, "attributes that no file has") : err;
}

static void put_time(struct remote_call *call, struct timestamp t)
{
	remote_put64(call, (uint64_t)t.sec);
	remote_put64(call, t.nsec);
}

static int setattr(struct remote_fid *fid, const struct inode_change *change)
{
	static const struct {
		unsigned which, valid;
	} table[] = {
		{ INODE_MODE, SETATTR_MODE },   { INODE_UID, SETATTR_UID },     { INODE_GID, SETATTR_GID },
		{ INODE_SIZE, SETATTR_SIZE },   { INODE_ATIME, SETATTR_ATIME }, { INODE_MTIME, SETATTR_MTIME },
	};
	struct remote_call *call;
	uint32_t valid = 0;
	int err = remote_call_begin(fid->client, P9_TSETATTR, &call);

	if (err)
		return err;
	for (unsigned i = 0; i < array_size(table); i++)
		valid |= change->which & table[i].which ? table[i].valid : 0;
	if (!change->now)
		valid |= (valid & SETATTR_ATIME ? SETATTR_ATIME_SET : 0) |
			 (valid & SETATTR_MTIME ? SETATTR_MTIME_SET : 0);
	remote_put32(call, p9_number(fid));
	remote_put32(call, valid);
	remote_put32(call, change->mode);
	remote_put32(call, change->uid);
	remote_put32(call, change->gid);
	remote_put64(call, (uint64_t)change->size);
	put_time(call, change->atime);
	put_time(call, change->mtime);
	return run_simple(call);
}

static int statfs(struct remote_fid *fid, struct remote_statfs *statfs)
{
	struct remote_call *call;
	int err = remote_call_begin(fid->client, P9_TSTATFS, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(fid));
	err = remote_call_run(call);
	if (!err) {
		remote_get32(call); /* type */
		statfs->block_size = remote_get32(call);
		statfs->blocks = remote_get64(call);
		remote_get64(call); /* free for root */
		statfs->blocks_free = remote_get64(call);
		statfs->files = remote_get64(call);
		statfs->files_free = remote_get64(call);
	}
	return remote_call_end(call, err);
}

static int readlink(struct remote_fid *fid, char **target)
{
	struct remote_call *call;
	const char *text = "";
	size_t len = 0;
	int err = remote_call_begin(fid->client, P9_TREADLINK, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(fid));
	err = remote_call_run(call);
	if (!err)
		text = p9_get_string(call, &len);
	return remote_call_end_link(call, err, text, len, target);
}

/* ---- files by name ---- */

int p9_attach(struct remote_client *client, const char *name, struct remote_fid **root)
{
	struct p9_fid *fid = p9_fid_create(client);
	struct remote_call *call;
	int err;

	if (!fid)
		return -ENOMEM;
	err = remote_call_begin(client, P9_TATTACH, &call);
	if (!err) {
		remote_put32(call, fid->number);
		remote_put32(call, P9_NOFID);
		p9_put_string(call, "root", 4);
		p9_put_string(call, name, strlen(name));
		remote_put32(call, 0);
		err = remote_call_run(call);
		if (!err)
			p9_get_qid(call);
		err = remote_call_end(call, err);
	}
	if (err)
		p9_fid_abandon(fid, err);
	else
		*root = &fid->fid;
	return err;
}

int p9_walk(struct remote_fid *dir, const char *name, size_t len, struct remote_fid **out)
{
	struct p9_fid *fid = p9_fid_create(dir->client);
	unsigned wanted = name ? 1 : 0;
	struct remote_call *call;
	int err;

	if (!fid)
		return -ENOMEM;
	err = remote_call_begin(dir->client, P9_TWALK, &call);
	if (!err) {
		remote_put32(call, p9_number(dir));
		remote_put32(call, fid->number);
		remote_put16(call, (uint16_t)wanted);
		if (name)
			p9_put_string(call, name, len);
		err = remote_call_run(call);
		if (!err && remote_get16(call) != wanted)
			err = remote_offence(dir->client, "a walk of another length");
		if (!err && name)
			p9_get_qid(call);
		err = remote_call_end(call, err);
	}
	if (err)
		p9_fid_abandon(fid, err);
	else
		*out = &fid->fid;
	return err;
}

static int walk(struct remote_fid *dir, const char *name, size_t len, struct remote_fid **out,
		struct remote_attributes *attributes)
{
	struct remote_fid *fid;
	int err = p9_walk(dir, name, len, &fid);

	if (!err && attributes) {
		err = getattr(fid, attributes);
		if (err)
			remote_fid_put(fid);
	}
	if (!err)
		*out = fid;
	return err;
}

/* ---- open files ---- */

static int run_open(struct remote_call *call, uint32_t *iounit)
{
	int err = remote_call_run(call);

	if (!err) {
		p9_get_qid(call);
		*iounit = remote_get32(call);
	}
	return remote_call_end(call, err);
}

static int open_walked(struct remote_fid *fid, unsigned flags, uint32_t *iounit)
{
	struct remote_call *call;
	int err = remote_call_begin(fid->client, P9_TLOPEN, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(fid));
	remote_put32(call, flags);
	return run_open(call, iounit);
}

/* A fid that is open is good for nothing else: it is another one. */
static int open(struct remote_fid *fid, unsigned flags, struct remote_fid **out, uint32_t *iounit)
{
	struct remote_fid *opened;
	int err = p9_walk(fid, NULL, 0, &opened);

	if (err)
		return err;
	err = open_walked(opened, flags, iounit);
	if (err)
		remote_fid_put(opened);
	else
		*out = opened;
	return err;
}

static int create_walked(struct remote_fid *fid, const char *name, size_t len, unsigned flags,
			 const struct inode_wanted *wanted)
{
	struct remote_call *call;
	uint32_t iounit;
	int err = remote_call_begin(fid->client, P9_TLCREATE, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(fid));
	p9_put_string(call, name, len);
	remote_put32(call, flags);
	remote_put32(call, wanted->mode & S_IALLUGO);
	remote_put32(call, wanted->gid);
	return run_open(call, &iounit);
}

/* The directory's fid becomes the file's. */
static int create(struct remote_fid *dir, const char *name, size_t len, unsigned flags,
		  const struct inode_wanted *wanted, struct remote_fid **out)
{
	struct remote_fid *fid;
	int err = p9_walk(dir, NULL, 0, &fid);

	if (err)
		return err;
	err = create_walked(fid, name, len, flags, wanted);
	if (err)
		remote_fid_put(fid);
	else
		*out = fid;
	return err;
}

/* A server may not know how to for directories: QEMU's says so. What it was told, it has done. */
static int fsync(struct remote_fid *fid, bool data_only, bool directory)
{
	struct remote_call *call;
	int err = remote_call_begin(fid->client, P9_TFSYNC, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(fid));
	remote_put32(call, data_only);
	err = run_simple(call);
	return directory && err != -EIO ? 0 : err;
}

static int transfer(struct remote_fid *fid, uint8_t type, uint64_t offset, struct page *const *pages, uint32_t *bytes,
		    bool must)
{
	struct remote_call *call;
	int err = remote_call_begin(fid->client, type, &call);

	if (err)
		return err;
	call->must = must;
	remote_put32(call, p9_number(fid));
	remote_put64(call, offset);
	remote_put32(call, *bytes);
	return remote_call_transfer(call, pages, bytes, type == P9_TWRITE);
}

static int read(struct remote_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes)
{
	return transfer(fid, P9_TREAD, offset, pages, bytes, false);
}

static int write(struct remote_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes, bool must)
{
	return transfer(fid, P9_TWRITE, offset, pages, bytes, must);
}

static int readdir(struct remote_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes)
{
	return transfer(fid, P9_TREADDIR, offset, pages, bytes, false);
}

/* ---- changes of names ---- */

static int mkdir(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted)
{
	struct remote_call *call;
	int err = remote_call_begin(dir->client, P9_TMKDIR, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(dir));
	p9_put_string(call, name, len);
	remote_put32(call, wanted->mode & S_IALLUGO);
	remote_put32(call, wanted->gid);
	return run_simple(call);
}

static int mknod(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted)
{
	struct remote_call *call;
	int err = remote_call_begin(dir->client, P9_TMKNOD, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(dir));
	p9_put_string(call, name, len);
	remote_put32(call, wanted->mode);
	remote_put32(call, DEV_MAJOR(wanted->rdev));
	remote_put32(call, DEV_MINOR(wanted->rdev));
	remote_put32(call, wanted->gid);
	return run_simple(call);
}

static int symlink(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted)
{
	struct remote_call *call;
	int err = remote_call_begin(dir->client, P9_TSYMLINK, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(dir));
	p9_put_string(call, name, len);
	p9_put_string(call, wanted->target, strlen(wanted->target));
	remote_put32(call, wanted->gid);
	return run_simple(call);
}

static int link(struct remote_fid *dir, struct remote_fid *fid, const char *name, size_t len)
{
	struct remote_call *call;
	int err = remote_call_begin(dir->client, P9_TLINK, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(dir));
	remote_put32(call, p9_number(fid));
	p9_put_string(call, name, len);
	return run_simple(call);
}

static int rename(struct remote_fid *from, const char *name, size_t len, struct remote_fid *to, const char *new_name,
		  size_t new_len, unsigned flags)
{
	struct remote_call *call;
	int err = flags ? -EINVAL : remote_call_begin(from->client, P9_TRENAMEAT, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(from));
	p9_put_string(call, name, len);
	remote_put32(call, p9_number(to));
	p9_put_string(call, new_name, new_len);
	return run_simple(call);
}

static int unlink(struct remote_fid *dir, const char *name, size_t len, bool directory)
{
	struct remote_call *call;
	int err = remote_call_begin(dir->client, P9_TUNLINKAT, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(dir));
	p9_put_string(call, name, len);
	remote_put32(call, directory ? AT_REMOVEDIR : 0);
	return run_simple(call);
}

/* ---- the protocol ---- */

#define ENTRY_FIXED 24u /* qid[13] offset[8] type[1] name[2] */

static bool entry(const uint8_t *at, uint32_t left, struct remote_entry *entry)
{
	uint16_t len;

	if (left < ENTRY_FIXED)
		return false;
	memcpy(&entry->ino, at + 5, 8);
	memcpy(&entry->next, at + 13, 8);
	memcpy(&len, at + 22, 2);
	entry->type = at[21] & 15;
	entry->len = len;
	entry->bytes = ENTRY_FIXED + len;
	if (len > NAME_MAX || len > left - ENTRY_FIXED)
		return false;
	memcpy(entry->name, at + ENTRY_FIXED, len);
	return true;
}

const struct remote_protocol p9_protocol = {
	.walk = walk,
	.getattr = getattr,
	.setattr = setattr,
	.statfs = statfs,
	.readlink = readlink,
	.open = open,
	.create = create,
	.mkdir = mkdir,
	.mknod = mknod,
	.symlink = symlink,
	.link = link,
	.rename = rename,
	.unlink = unlink,
	.fsync = fsync,
	.read = read,
	.write = write,
	.readdir = readdir,
	.entry = entry,
	.xattr_set = p9_xattr_set,
	.xattr_get = p9_xattr_get,
	.xattr_list = p9_xattr_list,
	.xattr_remove = p9_xattr_remove,
	.fid_free = p9_fid_free,
	.destroy = p9_client_destroy,
};
