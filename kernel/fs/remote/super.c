/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Superblocks of the remote file system. What mounts them is a protocol's (9p, fuse), which knows its options and finds
 * its server.
 */
#include "remotefs.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

/* ---- the superblock ---- */

static void stats(struct superblock *sb, struct fs_stats *stats)
{
	struct remote_fid *fid = remote_inode_fid(remote_of(sb->root->inode));
	struct remote_statfs s;

	if (!remote_protocol_of(fid)->statfs(fid, &s)) {
		uint64_t scale = s.block_size ?: 1;

		/* In blocks of ours, whatever the server's are; sizes that no disk has come out as anything. */
		stats->blocks = s.blocks * scale / PAGE_SIZE;
		stats->blocks_free = s.blocks_free * scale / PAGE_SIZE;
		stats->files = s.files;
		stats->files_free = s.files_free;
	}
	remote_fid_put(fid);
}

static void destroy(struct superblock *sb)
{
	struct remote_fs *fs = sb->data;

	fs->client->protocol->destroy(fs->client);
	heap_free(fs);
}

/* One that has pages and was not looked at yet: they are taken by turns, as often as there are. */
static int sync(struct superblock *sb)
{
	struct remote_fs *fs = sb->data;
	int first_err = 0;

	for (unsigned bucket = 0; bucket < REMOTE_INODE_BUCKETS; bucket++) {
		uint64_t seen = 0;

		for (;;) {
			struct remote_inode *next = NULL;
			unsigned long flags = spin_lock(&fs->lock);
			int err;

			list_foreach(&fs->inodes[bucket], struct remote_inode, node, pi)
				if (pi->writer && pi->number > seen && (!next || pi->number < next->number))
					next = pi;
			if (next) {
				seen = next->number;
				if (!remote_inode_try_get(next)) {
					spin_unlock(&fs->lock, flags);
					continue;
				}
			}
			spin_unlock(&fs->lock, flags);
			if (!next)
				break;
			err = remote_data_flush(next, false);
			first_err = first_err ?: err;
			inode_put(&next->inode);
		}
	}
	return first_err;
}

/* ---- extended attributes: the server's own ---- */

static int xattr_set(struct inode *inode, const char *name, const void *value, size_t size, unsigned flags)
{
	struct remote_fid *fid = remote_inode_fid(remote_of(inode));
	int err = remote_protocol_of(fid)->xattr_set(fid, name, value, size, flags);

	remote_fid_put(fid);
	remote_of(inode)->asked_ns = 0;
	return err;
}

static ssize_t xattr_get(struct inode *inode, const char *name, void *buf, size_t size)
{
	struct remote_fid *fid = remote_inode_fid(remote_of(inode));
	ssize_t n = remote_protocol_of(fid)->xattr_get(fid, name, buf, size);

	remote_fid_put(fid);
	return n;
}

static ssize_t xattr_list(struct inode *inode, void *buf, size_t size)
{
	struct remote_fid *fid = remote_inode_fid(remote_of(inode));
	ssize_t n = remote_protocol_of(fid)->xattr_list(fid, buf, size);

	remote_fid_put(fid);
	return n;
}

static int xattr_remove(struct inode *inode, const char *name)
{
	struct remote_fid *fid = remote_inode_fid(remote_of(inode));
	int err = remote_protocol_of(fid)->xattr_remove(fid, name);

	remote_fid_put(fid);
	remote_of(inode)->asked_ns = 0;
	return err;
}

/* ---- a mount ---- */

static const struct remote_ops remote = {
	.check = remote_check,
	.create = remote_make,
	.link = remote_add_link,
	.remove = remote_remove,
	.rename = remote_move,
	.change = remote_change,
	.refresh = remote_refresh,
	.xattr_set = xattr_set,
	.xattr_get = xattr_get,
	.xattr_list = xattr_list,
	.xattr_remove = xattr_remove,
};

static const struct superblock_ops superblock_ops = {
	.inode_free = remote_inode_free,
	.stats = stats,
	.destroy = destroy,
	.find = remote_find,
	.sync = sync,
	.remote = &remote,
};

static struct remote_fs *fs_create(struct superblock *sb)
{
	struct remote_fs *fs = heap_zalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	fs->sb = sb;
	spin_init(&fs->lock);
	list_init(&fs->cached);
	for (unsigned i = 0; i < REMOTE_INODE_BUCKETS; i++)
		list_init(&fs->inodes[i]);
	return fs;
}

/* An inode for the root, which must be a directory. */
static int root_inode(struct remote_fs *fs, struct remote_fid *fid, struct inode **root)
{
	struct remote_attributes attributes;
	int err = remote_protocol_of(fid)->getattr(fid, &attributes);

	if (err) {
		remote_fid_put(fid);
		return err;
	}
	err = remote_inode_get(fs, fid, &attributes, root);
	if (err || S_ISDIR((*root)->mode))
		return err;
	inode_put(*root);
	return -ENOTDIR;
}

/*
 * The first inode holds the superblock (inode_init()), which what is below must not free on an error: the caller does
 * that, by the reference it has.
 */
int remote_mount(struct superblock *sb, struct remote_client *client, struct remote_fid *root_fid)
{
	struct remote_fs *fs = fs_create(sb);
	struct inode *root;
	int err = -ENOMEM;

	if (!fs) {
		remote_fid_put(root_fid);
		goto err_fs;
	}
	fs->client = client;
	sb->data = fs;
	sb->ops = &superblock_ops;
	err = root_inode(fs, root_fid, &root);
	if (err)
		goto err_root;
	sb->root = dentry_create(NULL, "/", 1, root);
	if (sb->root)
		return 0;
	err = -ENOMEM;
	inode_put(root);
err_root:
	heap_free(fs);
err_fs:
	client->protocol->destroy(client);
	return err;
}

uint64_t remote_blocks(const struct inode *inode)
{
	return (remote_of((struct inode *)inode)->blocks + 7) / 8;
}

int remote_each_option(const char *text, int (*apply)(void *arg, const char *word, size_t len), void *arg)
{
	while (*text) {
		const char *comma = strchr(text, ',');
		size_t len = comma ? (size_t)(comma - text) : strlen(text);
		int err = len ? apply(arg, text, len) : 0;

		if (err)
			return err;
		text += len + (comma ? 1 : 0);
	}
	return 0;
}
