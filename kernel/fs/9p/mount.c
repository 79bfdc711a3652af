/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system "9p": mount(2) with a mount tag as source and Linux's options as far as they mean something here:
 * trans=virtio, version=9p2000.L, msize=N, aname=PATH. And the volumes that the command line names, which are mounted
 * before the first program starts.
 */
#include "p9fs.h"

#include <kernel/abi/mount.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/string.h>
#include <plat/plat.h>

#define V9FS_MAGIC 0x01021997
#define ANAME_MAX 256
#define STATUS_ENVIRONMENT 123

struct options {
	uint32_t msize;
	char aname[ANAME_MAX];
};

/* ---- options ---- */

static bool is(const char *word, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(word, name, len);
}

static int parse_msize(const char *text, size_t len, uint32_t *msize)
{
	char digits[16];
	uint64_t value;

	if (len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = 0;
	if (parse_size(digits, &value) || value < P9_MSIZE_MIN)
		return -EINVAL;
	*msize = (uint32_t)min(value, (uint64_t)P9_MSIZE_MAX);
	return 0;
}

static int apply_option(struct options *o, const char *word, size_t len)
{
	const char *equals = memchr(word, '=', len), *value = equals ? equals + 1 : word + len;
	size_t name_len = equals ? (size_t)(equals - word) : len, value_len = (size_t)(word + len - value);

	if (is(word, name_len, "trans"))
		return is(value, value_len, "virtio") ? 0 : -EINVAL;
	if (is(word, name_len, "version"))
		return is(value, value_len, "9p2000.L") ? 0 : -EINVAL;
	if (is(word, name_len, "msize"))
		return parse_msize(value, value_len, &o->msize);
	if (!is(word, name_len, "aname") || value_len >= ANAME_MAX)
		return -EINVAL;
	memcpy(o->aname, value, value_len);
	o->aname[value_len] = 0;
	return 0;
}

static int parse_options(struct options *o, const char *text)
{
	*o = (struct options){ .msize = P9_MSIZE_MAX };
	while (*text) {
		const char *comma = strchr(text, ',');
		size_t len = comma ? (size_t)(comma - text) : strlen(text);
		int err = len ? apply_option(o, text, len) : 0;

		if (err)
			return err;
		text += len + (comma ? 1 : 0);
	}
	return 0;
}

/* ---- the superblock ---- */

static void stats(struct superblock *sb, struct fs_stats *stats)
{
	struct p9_fid *fid = p9_inode_fid(p9_of(sb->root->inode));
	struct p9_statfs s;

	if (!p9_statfs(fid, &s)) {
		uint64_t scale = s.block_size ?: 1;

		/* In blocks of ours, whatever the server's are; sizes that no disk has come out as anything. */
		stats->blocks = s.blocks * scale / PAGE_SIZE;
		stats->blocks_free = s.blocks_free * scale / PAGE_SIZE;
		stats->files = s.files;
		stats->files_free = s.files_free;
	}
	p9_fid_put(fid);
}

static void destroy(struct superblock *sb)
{
	struct p9_fs *fs = sb->data;

	p9_client_destroy(fs->client);
	heap_free(fs);
}

/* One that has pages and was not looked at yet: they are taken by turns, as often as there are. */
static int sync(struct superblock *sb)
{
	struct p9_fs *fs = sb->data;
	int first_err = 0;

	for (unsigned bucket = 0; bucket < P9_INODE_BUCKETS; bucket++) {
		uint64_t seen = 0;

		for (;;) {
			struct p9_inode *next = NULL;
			unsigned long flags = spin_lock(&fs->lock);
			int err;

			list_foreach(&fs->inodes[bucket], struct p9_inode, node, pi)
				if (pi->writer && pi->inode.ino > seen && (!next || pi->inode.ino < next->inode.ino))
					next = pi;
			if (next) {
				seen = next->inode.ino;
				if (!p9_inode_try_get(next)) {
					spin_unlock(&fs->lock, flags);
					continue;
				}
			}
			spin_unlock(&fs->lock, flags);
			if (!next)
				break;
			err = p9_data_flush(next, false);
			first_err = first_err ?: err;
			inode_put(&next->inode);
		}
	}
	return first_err;
}

static const struct remote_ops remote = {
	.check = p9_check,
	.create = p9_make,
	.link = p9_add_link,
	.remove = p9_remove,
	.rename = p9_move,
	.change = p9_change,
	.refresh = p9_refresh,
	.xattr_set = p9_xattr_set,
	.xattr_get = p9_xattr_get,
	.xattr_list = p9_xattr_list,
	.xattr_remove = p9_xattr_remove,
};

const struct superblock_ops p9_superblock_ops = {
	.inode_free = p9_inode_free,
	.stats = stats,
	.destroy = destroy,
	.find = p9_find,
	.sync = sync,
	.remote = &remote,
};

static struct p9_fs *fs_create(struct superblock *sb)
{
	struct p9_fs *fs = heap_zalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	fs->sb = sb;
	spin_init(&fs->lock);
	list_init(&fs->cached);
	for (unsigned i = 0; i < P9_INODE_BUCKETS; i++)
		list_init(&fs->inodes[i]);
	return fs;
}

/* Attaches to the tree of that name, whose root must be a directory. */
static int attach(struct p9_fs *fs, const char *aname, struct inode **root)
{
	struct p9_fid *fid;
	struct p9_qid qid;
	int err = p9_attach(fs->client, aname, &fid, &qid);

	if (!err)
		err = p9_inode_get(fs, fid, root);
	if (err || S_ISDIR((*root)->mode))
		return err;
	inode_put(*root);
	return -ENOTDIR;
}

/*
 * The first inode holds the superblock (inode_init()), which what is below must not free on an error: the caller does
 * that, by the reference it has.
 */
static int p9_mount(struct superblock *sb, const char *text)
{
	struct options options;
	struct inode *root = NULL;
	struct p9_fs *fs;
	int err = parse_options(&options, text);

	if (!err && !sb->source)
		err = -EINVAL;
	if (err)
		return err;
	fs = fs_create(sb);
	if (!fs)
		return -ENOMEM;
	err = p9_client_create(sb->source, options.msize, &fs->client);
	if (err)
		goto err_client;
	sb->data = fs;
	sb->ops = &p9_superblock_ops;
	err = attach(fs, options.aname, &root);
	if (err)
		goto err_attach;
	sb->root = dentry_create(NULL, "/", 1, root);
	if (sb->root)
		return 0;
	err = -ENOMEM;
	inode_put(root);
err_attach:
	p9_client_destroy(fs->client);
err_client:
	heap_free(fs);
	return err;
}

static uint64_t blocks(const struct inode *inode)
{
	return (p9_of((struct inode *)inode)->blocks + 7) / 8;
}

static const struct filesystem p9 = {
	.name = "9p",
	.magic = V9FS_MAGIC,
	.mount = p9_mount,
	.blocks = blocks,
};
FILESYSTEM(p9);

/* ---- volumes: "volume=TAG:ro|rw:/PATH" ---- */

/* What a program was promised and does not find, it would make anew somewhere else: it is not started. */
static void refuse(const char *word, const char *why)
{
	log_error("command line: volume %s: %s", word, why);
	plat->stop(PLAT_POWER_OFF, STATUS_ENVIRONMENT);
}

static void start_volume(char *word)
{
	char *mode = strchr(word, ':'), *path = mode ? strchr(mode + 1, ':') : NULL;
	bool read_only = path && is(mode + 1, (size_t)(path - mode - 1), "ro");
	int err;

	if (!path || (!read_only && !is(mode + 1, (size_t)(path - mode - 1), "rw")) || path[1] != '/') {
		refuse(word, "it wants TAG:ro:/PATH or TAG:rw:/PATH");
		return;
	}
	*mode = 0;
	err = mount_at_start("9p", word, read_only ? MS_RDONLY : 0, path + 1);
	if (err)
		refuse(word, err == -ENOENT ? "no device has that mount tag" : errno_name(-err) ?: "unknown error");
}

static int volumes_init(void)
{
	char *word = heap_alloc(PATH_MAX);
	ssize_t len = word ? 0 : -ENOMEM;

	for (size_t i = 0; word && (len = boot_option_at("volume", i, word, PATH_MAX)) >= 0; i++)
		start_volume(word);
	heap_free(word);
	return len == -ENOENT ? 0 : (int)len;
}
INIT_CALL(INIT_LATE, volumes_init);
