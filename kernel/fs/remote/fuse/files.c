/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files and directories, and the protocol as a whole. See kernel/fs/remote/protocol.h.
 */
#include "client.h"

#include <kernel/abi/fcntl.h>
#include <kernel/errno.h>
#include <kernel/string.h>

/* ---- opening ---- */

static struct fuse_fid *open_create(struct remote_fid *of, unsigned flags)
{
	struct fuse_fid *open = fuse_node_create(of->client);

	if (!open)
		return NULL;
	open->node = fuse_fid_of(of)->node;
	open->flags = flags;
	open->directory = flags & O_DIRECTORY;
	return open;
}

/* flags[4] open_flags[4]; fh[8] open_flags[4] padding[4] */
static int open(struct remote_fid *fid, unsigned flags, struct remote_fid **out, uint32_t *iounit)
{
	struct fuse_fid *open = open_create(fid, flags);
	struct remote_call *call;
	int err;

	if (!open)
		return -ENOMEM;
	*iounit = 0;
	err = fuse_call_begin(fid, open->directory ? FUSE_OPENDIR : FUSE_OPEN, &call);
	if (!err) {
		remote_put32(call, flags);
		remote_put32(call, 0);
		err = remote_call_run(call);
		if (!err)
			open->handle = remote_get64(call);
		if (!err)
			remote_get64(call);
		err = remote_call_end(call, err);
	}
	if (err) {
		fuse_node_abandon(open);
		return err;
	}
	open->of = remote_fid_get(fid);
	*out = &open->fid;
	return 0;
}

/* flags[4] mode[4] umask[4] open_flags[4] name; a node, then as above */
static int run_create(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted,
		      struct fuse_fid *node, struct fuse_fid *open)
{
	struct remote_call *call;
	int err = fuse_call_begin(dir, FUSE_CREATE, &call);

	if (err)
		return err;
	remote_put32(call, open->flags);
	remote_put32(call, S_IFREG | (wanted->mode & S_IALLUGO));
	remote_put64(call, 0);
	fuse_put_name(call, name, len);
	err = remote_call_run(call);
	if (!err)
		err = fuse_get_node(call, node, NULL);
	if (!err) {
		open->handle = remote_get64(call);
		remote_get64(call);
	}
	return remote_call_end(call, err);
}

static int create(struct remote_fid *dir, const char *name, size_t len, unsigned flags,
		  const struct inode_wanted *wanted, struct remote_fid **out)
{
	struct fuse_fid *node = fuse_node_create(dir->client), *open = node ? open_create(&node->fid, flags) : NULL;
	int err = open ? run_create(dir, name, len, wanted, node, open) : -ENOMEM;

	if (!err) {
		open->node = node->node;
		open->of = &node->fid;
		*out = &open->fid;
		return 0;
	}
	if (open)
		fuse_node_abandon(open);
	if (node && node->node)
		remote_fid_put(&node->fid);
	else if (node)
		fuse_node_abandon(node);
	return err;
}

/* fh[8] unused[4] padding[4] lock_owner[8] */
static void flush(struct remote_fid *fid)
{
	struct fuse_client *client = fuse_client_of(fid->client);
	struct remote_call *call;

	if (client->no_flush || fuse_call_begin(fid, FUSE_FLUSH, &call))
		return;
	remote_put64(call, fuse_fid_of(fid)->handle);
	remote_put64(call, 0);
	remote_put64(call, 0);
	if (fuse_run_simple(call) == -ENOSYS)
		client->no_flush = true;
}

/* fh[8] fsync_flags[4] padding[4] */
static int fsync(struct remote_fid *fid, bool data_only, bool directory)
{
	struct remote_call *call;
	int err = fuse_call_begin(fid, directory ? FUSE_FSYNCDIR : FUSE_FSYNC, &call);

	if (err)
		return err;
	remote_put64(call, fuse_fid_of(fid)->handle);
	remote_put64(call, data_only);
	err = fuse_run_simple(call);
	return err == -ENOSYS ? 0 : err;
}

/* ---- content ---- */

/*
 * fh[8] offset[8] size[4] read_flags or write_flags[4] lock_owner[8] flags[4] padding[4]; a write is answered by
 * size[4] padding[4]
 */
static int transfer(struct remote_fid *fid, uint32_t opcode, uint64_t offset, struct page *const *pages,
		    uint32_t *bytes, bool must)
{
	bool out = opcode == FUSE_WRITE;
	struct remote_call *call;
	int err = fuse_call_begin(fid, opcode, &call);

	if (err)
		return err;
	call->must = must;
	call->split = out ? call->sent : 0; /* virtiofsd then writes from where the bytes are */
	remote_put64(call, fuse_fid_of(fid)->handle);
	remote_put64(call, offset);
	remote_put64(call, *bytes);
	remote_put64(call, 0);
	remote_put64(call, fuse_fid_of(fid)->flags);
	return remote_call_transfer(call, pages, bytes, out);
}

static int read(struct remote_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes)
{
	return transfer(fid, FUSE_READ, offset, pages, bytes, false);
}

static int write(struct remote_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes, bool must)
{
	return transfer(fid, FUSE_WRITE, offset, pages, bytes, must);
}

static int readdir(struct remote_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes)
{
	return transfer(fid, FUSE_READDIR, offset, pages, bytes, false);
}

#define ENTRY_FIXED 24u /* ino[8] off[8] namelen[4] type[4], the name, and padding to eight bytes */

static bool entry(const uint8_t *at, uint32_t left, struct remote_entry *entry)
{
	uint32_t len;

	if (left < ENTRY_FIXED)
		return false;
	memcpy(&entry->ino, at, 8);
	memcpy(&entry->next, at + 8, 8);
	memcpy(&len, at + 16, 4);
	entry->type = at[20] & 15;
	if (len > NAME_MAX || len > left - ENTRY_FIXED)
		return false;
	entry->len = len;
	entry->bytes = min(align_up(ENTRY_FIXED + len, 8u), left);
	memcpy(entry->name, at + ENTRY_FIXED, len);
	return true;
}

const struct remote_protocol fuse_protocol = {
	.walk = fuse_walk,
	.getattr = fuse_getattr,
	.setattr = fuse_setattr,
	.statfs = fuse_statfs,
	.readlink = fuse_readlink,
	.open = open,
	.create = create,
	.mkdir = fuse_mkdir,
	.mknod = fuse_mknod,
	.symlink = fuse_symlink,
	.link = fuse_link,
	.rename = fuse_rename,
	.unlink = fuse_unlink,
	.fsync = fsync,
	.flush = flush,
	.read = read,
	.write = write,
	.readdir = readdir,
	.entry = entry,
	.xattr_set = fuse_xattr_set,
	.xattr_get = fuse_xattr_get,
	.xattr_list = fuse_xattr_list,
	.xattr_remove = fuse_xattr_remove,
	.fid_free = fuse_fid_free,
	.destroy = fuse_client_destroy,
};
