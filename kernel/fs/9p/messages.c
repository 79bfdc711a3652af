/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked of the server, and what its answers may be. See messages.h.
 */
#include "messages.h"

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
static int run_simple(struct p9_call *call)
{
	return p9_call_end(call, p9_call_run(call));
}

/* ---- files by name ---- */

int p9_attach(struct p9_client *client, const char *name, struct p9_fid **root, struct p9_qid *qid)
{
	struct p9_fid *fid = p9_fid_create(client);
	struct p9_call *call;
	int err;

	if (!fid)
		return -ENOMEM;
	err = p9_call_begin(client, P9_TATTACH, &call);
	if (!err) {
		p9_put32(call, fid->number);
		p9_put32(call, P9_NOFID);
		p9_put_string(call, "root", 4);
		p9_put_string(call, name, strlen(name));
		p9_put32(call, 0);
		err = p9_call_run(call);
		if (!err)
			*qid = p9_get_qid(call);
		err = p9_call_end(call, err);
	}
	if (err)
		p9_fid_abandon(fid, err);
	else
		*root = fid;
	return err;
}

int p9_walk(struct p9_fid *dir, const char *name, size_t len, struct p9_fid **out, struct p9_qid *qid)
{
	struct p9_fid *fid = p9_fid_create(dir->client);
	unsigned wanted = name ? 1 : 0;
	struct p9_call *call;
	int err;

	if (!fid)
		return -ENOMEM;
	err = p9_call_begin(dir->client, P9_TWALK, &call);
	if (!err) {
		p9_put32(call, dir->number);
		p9_put32(call, fid->number);
		p9_put16(call, (uint16_t)wanted);
		if (name)
			p9_put_string(call, name, len);
		err = p9_call_run(call);
		if (!err && p9_get16(call) != wanted)
			err = p9_offence(dir->client, "a walk of another length");
		if (!err && name)
			*qid = p9_get_qid(call);
		err = p9_call_end(call, err);
	}
	if (err)
		p9_fid_abandon(fid, err);
	else
		*out = fid;
	return err;
}

/* ---- attributes ---- */

static struct timestamp get_time(struct p9_call *call, bool *wrong)
{
	struct timestamp t = { .sec = (int64_t)p9_get64(call) };
	uint64_t nsec = p9_get64(call);

	*wrong |= nsec >= NSEC_PER_SEC;
	t.nsec = (uint32_t)nsec;
	return t;
}

static bool kind_is_right(const struct p9_qid *qid, unsigned mode)
{
	unsigned kind = mode & S_IFMT;

	if (S_ISDIR(mode) != !!(qid->type & P9_QTDIR) || S_ISLNK(mode) != !!(qid->type & P9_QTSYMLINK))
		return false;
	return kind == S_IFREG || kind == S_IFDIR || kind == S_IFLNK || kind == S_IFIFO || kind == S_IFSOCK ||
	       kind == S_IFCHR || kind == S_IFBLK;
}

int p9_getattr(struct p9_fid *fid, struct p9_attributes *a)
{
	struct p9_call *call;
	bool wrong = false;
	uint64_t size;
	int err = p9_call_begin(fid->client, P9_TGETATTR, &call);

	if (err)
		return err;
	p9_put32(call, fid->number);
	p9_put64(call, GETATTR_ALL);
	err = p9_call_run(call);
	if (!err) {
		p9_get64(call); /* which of them are valid: those of a stat() must be */
		a->qid = p9_get_qid(call);
		a->mode = p9_get32(call);
		a->uid = p9_get32(call);
		a->gid = p9_get32(call);
		a->nlink = (uint32_t)min(p9_get64(call), (uint64_t)UINT32_MAX);
		a->rdev = dev_decode((uint32_t)p9_get64(call));
		size = p9_get64(call);
		p9_get64(call); /* block size */
		a->blocks = min(p9_get64(call), (uint64_t)INT64_MAX / 512);
		a->atime = get_time(call, &wrong);
		a->mtime = get_time(call, &wrong);
		a->ctime = get_time(call, &wrong);
		a->btime = get_time(call, &wrong);
		a->size = (off_t)size;
		wrong |= size > INT64_MAX || !kind_is_right(&a->qid, a->mode) || (a->mode & ~(S_IFMT | S_IALLUGO));
	}
	err = p9_call_end(call, err);
	return !err && wrong ? p9_offence(fid->client, "attributes that no file has") : err;
}

static void put_time(struct p9_call *call, struct timestamp t)
{
	p9_put64(call, (uint64_t)t.sec);
	p9_put64(call, t.nsec);
}

int p9_setattr(struct p9_fid *fid, const struct inode_change *change)
{
	static const struct {
		unsigned which, valid;
	} table[] = {
		{ INODE_MODE, SETATTR_MODE },   { INODE_UID, SETATTR_UID },     { INODE_GID, SETATTR_GID },
		{ INODE_SIZE, SETATTR_SIZE },   { INODE_ATIME, SETATTR_ATIME }, { INODE_MTIME, SETATTR_MTIME },
	};
	struct p9_call *call;
	uint32_t valid = 0;
	int err = p9_call_begin(fid->client, P9_TSETATTR, &call);

	if (err)
		return err;
	for (unsigned i = 0; i < array_size(table); i++)
		valid |= change->which & table[i].which ? table[i].valid : 0;
	if (!change->now)
		valid |= (valid & SETATTR_ATIME ? SETATTR_ATIME_SET : 0) |
			 (valid & SETATTR_MTIME ? SETATTR_MTIME_SET : 0);
	p9_put32(call, fid->number);
	p9_put32(call, valid);
	p9_put32(call, change->mode);
	p9_put32(call, change->uid);
	p9_put32(call, change->gid);
	p9_put64(call, (uint64_t)change->size);
	put_time(call, change->atime);
	put_time(call, change->mtime);
	return run_simple(call);
}

int p9_statfs(struct p9_fid *fid, struct p9_statfs *statfs)
{
	struct p9_call *call;
	int err = p9_call_begin(fid->client, P9_TSTATFS, &call);

	if (err)
		return err;
	p9_put32(call, fid->number);
	err = p9_call_run(call);
	if (!err) {
		p9_get32(call); /* type */
		statfs->block_size = p9_get32(call);
		statfs->blocks = p9_get64(call);
		p9_get64(call); /* free for root */
		statfs->blocks_free = p9_get64(call);
		statfs->files = p9_get64(call);
		statfs->files_free = p9_get64(call);
	}
	return p9_call_end(call, err);
}

int p9_readlink(struct p9_fid *fid, char **target)
{
	struct p9_call *call;
	const char *text;
	char *copy = NULL;
	size_t len = 0;
	int err = p9_call_begin(fid->client, P9_TREADLINK, &call);

	if (err)
		return err;
	p9_put32(call, fid->number);
	err = p9_call_run(call);
	if (!err) {
		text = p9_get_string(call, &len);
		copy = heap_alloc(len + 1);
		err = copy ? 0 : -ENOMEM;
	}
	if (!err) {
		memcpy(copy, text, len);
		copy[len] = 0;
	}
	err = p9_call_end(call, err);
	if (!err && (!len || len >= PATH_MAX || strlen(copy) != len))
		err = p9_offence(fid->client, "a link's text that is none");
	if (err)
		heap_free(copy);
	else
		*target = copy;
	return err;
}

/* ---- open files ---- */

static int run_open(struct p9_call *call, uint32_t *iounit)
{
	int err = p9_call_run(call);

	if (!err) {
		p9_get_qid(call);
		*iounit = p9_get32(call);
	}
	return p9_call_end(call, err);
}

int p9_open(struct p9_fid *fid, unsigned flags, uint32_t *iounit)
{
	struct p9_call *call;
	int err = p9_call_begin(fid->client, P9_TLOPEN, &call);

	if (err)
		return err;
	p9_put32(call, fid->number);
	p9_put32(call, flags);
	return run_open(call, iounit);
}

int p9_create(struct p9_fid *fid, const char *name, size_t len, unsigned flags, unsigned mode, uint32_t gid,
	      uint32_t *iounit)
{
	struct p9_call *call;
	int err = p9_call_begin(fid->client, P9_TLCREATE, &call);

	if (err)
		return err;
	p9_put32(call, fid->number);
	p9_put_string(call, name, len);
	p9_put32(call, flags);
	p9_put32(call, mode);
	p9_put32(call, gid);
	return run_open(call, iounit);
}

int p9_fsync(struct p9_fid *fid, bool data_only)
{
	struct p9_call *call;
	int err = p9_call_begin(fid->client, P9_TFSYNC, &call);

	if (err)
		return err;
	p9_put32(call, fid->number);
	p9_put32(call, data_only);
	return run_simple(call);
}

static int transfer(struct p9_fid *fid, uint8_t type, uint64_t offset, struct page *const *pages, uint32_t *bytes,
		    bool must)
{
	bool out = type == P9_TWRITE;
	uint32_t moved = 0;
	struct p9_call *call;
	int err = p9_call_begin(fid->client, type, &call);

	if (err)
		return err;
	call->must = must;
	p9_put32(call, fid->number);
	p9_put64(call, offset);
	p9_put32(call, *bytes);
	p9_call_pages(call, pages, *bytes, out);
	err = p9_call_run(call);
	if (!err)
		moved = out ? p9_get32(call) : call->page_bytes;
	err = p9_call_end(call, err);
	if (!err && moved > *bytes)
		err = p9_offence(fid->client, "more bytes written than it was given");
	*bytes = moved;
	return err;
}

int p9_read(struct p9_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes)
{
	return transfer(fid, P9_TREAD, offset, pages, bytes, false);
}

int p9_write(struct p9_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes, bool must)
{
	return transfer(fid, P9_TWRITE, offset, pages, bytes, must);
}

int p9_readdir(struct p9_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes)
{
	return transfer(fid, P9_TREADDIR, offset, pages, bytes, false);
}

/* ---- changes of names ---- */

int p9_mkdir(struct p9_fid *dir, const char *name, size_t len, unsigned mode, uint32_t gid)
{
	struct p9_call *call;
	int err = p9_call_begin(dir->client, P9_TMKDIR, &call);

	if (err)
		return err;
	p9_put32(call, dir->number);
	p9_put_string(call, name, len);
	p9_put32(call, mode);
	p9_put32(call, gid);
	return run_simple(call);
}

int p9_mknod(struct p9_fid *dir, const char *name, size_t len, unsigned mode, uint32_t rdev, uint32_t gid)
{
	struct p9_call *call;
	int err = p9_call_begin(dir->client, P9_TMKNOD, &call);

	if (err)
		return err;
	p9_put32(call, dir->number);
	p9_put_string(call, name, len);
	p9_put32(call, mode);
	p9_put32(call, DEV_MAJOR(rdev));
	p9_put32(call, DEV_MINOR(rdev));
	p9_put32(call, gid);
	return run_simple(call);
}

int p9_symlink(struct p9_fid *dir, const char *name, size_t len, const char *target, uint32_t gid)
{
	struct p9_call *call;
	int err = p9_call_begin(dir->client, P9_TSYMLINK, &call);

	if (err)
		return err;
	p9_put32(call, dir->number);
	p9_put_string(call, name, len);
	p9_put_string(call, target, strlen(target));
	p9_put32(call, gid);
	return run_simple(call);
}

int p9_link(struct p9_fid *dir, struct p9_fid *fid, const char *name, size_t len)
{
	struct p9_call *call;
	int err = p9_call_begin(dir->client, P9_TLINK, &call);

	if (err)
		return err;
	p9_put32(call, dir->number);
	p9_put32(call, fid->number);
	p9_put_string(call, name, len);
	return run_simple(call);
}

int p9_rename(struct p9_fid *from, const char *name, size_t len, struct p9_fid *to, const char *new_name,
	      size_t new_len)
{
	struct p9_call *call;
	int err = p9_call_begin(from->client, P9_TRENAMEAT, &call);

	if (err)
		return err;
	p9_put32(call, from->number);
	p9_put_string(call, name, len);
	p9_put32(call, to->number);
	p9_put_string(call, new_name, new_len);
	return run_simple(call);
}

int p9_unlink(struct p9_fid *dir, const char *name, size_t len, bool directory)
{
	struct p9_call *call;
	int err = p9_call_begin(dir->client, P9_TUNLINKAT, &call);

	if (err)
		return err;
	p9_put32(call, dir->number);
	p9_put_string(call, name, len);
	p9_put32(call, directory ? AT_REMOVEDIR : 0);
	return run_simple(call);
}

/* ---- extended attributes ---- */

int p9_xattr_walk(struct p9_fid *fid, const char *name, struct p9_fid **out, uint64_t *size)
{
	struct p9_fid *value = p9_fid_create(fid->client);
	struct p9_call *call;
	int err;

	if (!value)
		return -ENOMEM;
	err = p9_call_begin(fid->client, P9_TXATTRWALK, &call);
	if (!err) {
		p9_put32(call, fid->number);
		p9_put32(call, value->number);
		p9_put_string(call, name, strlen(name));
		err = p9_call_run(call);
		if (!err)
			*size = p9_get64(call);
		err = p9_call_end(call, err);
	}
	if (err)
		p9_fid_abandon(value, err);
	else
		*out = value;
	return err;
}

int p9_xattr_create(struct p9_fid *fid, const char *name, uint64_t size, unsigned flags)
{
	struct p9_call *call;
	int err = p9_call_begin(fid->client, P9_TXATTRCREATE, &call);

	if (err)
		return err;
	p9_put32(call, fid->number);
	p9_put_string(call, name, strlen(name));
	p9_put64(call, size);
	p9_put32(call, flags);
	return run_simple(call);
}

/* The fid is gone whatever is said: what it was about may not have been done. */
int p9_clunk(struct p9_fid *fid)
{
	struct p9_call *call;
	int err = p9_call_begin(fid->client, P9_TCLUNK, &call);

	if (!err) {
		p9_put32(call, fid->number);
		err = run_simple(call);
	}
	p9_fid_abandon(fid, -EINTR);
	return err;
}
