/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system in memory: "ramfs", and "tmpfs" by another name. Names live in the dentry tree, so that what is left
 * is inodes, limits and content (ramfs_data.c).
 */
#include <kernel/abi/mount.h>
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "ramfs.h"

/* Unless the mount says otherwise: half of memory, and a name for each 16 KiB of it. */
#define PAGES_SHARE 2
#define INODES_SHARE 4
#define SIZE_OPTION_MAX (UINT64_C(1) << 52)

static int ramfs_inode_create(struct superblock *sb, unsigned mode, uint32_t rdev, struct inode **out)
{
	struct ramfs *fs = sb->data;
	struct ramfs_inode *ri;

	if (atomic_fetch_add(&fs->inodes, 1) >= fs->inodes_limit) {
		atomic_fetch_sub(&fs->inodes, 1);
		return -ENOSPC;
	}
	ri = heap_alloc(sizeof(*ri));
	if (!ri) {
		atomic_fetch_sub(&fs->inodes, 1);
		return -ENOMEM;
	}
	inode_init(&ri->inode, sb, mode);
	ri->inode.rdev = rdev;
	if (S_ISREG(mode))
		ri->inode.fops = &ramfs_fops;
	ri->fs = fs;
	ri->pages = (struct page_tree){ NULL, 0 };
	spin_init(&ri->pages_lock);
	ri->page_count = 0;
	ri->name = NULL;
	ri->seals = F_SEAL_SEAL;
	spin_init(&ri->seal_lock);
	ri->writable_mappings = 0;
	*out = &ri->inode;
	return 0;
}

static void ramfs_inode_free(struct inode *inode)
{
	struct ramfs_inode *ri = ramfs_of(inode);

	if (S_ISREG(inode->mode))
		ramfs_free_pages(ri);
	if (S_ISLNK(inode->mode))
		heap_free(inode->target);
	heap_free(ri->name);
	atomic_fetch_sub(&ri->fs->inodes, 1);
	heap_free(ri);
}

static void ramfs_stats(struct superblock *sb, struct fs_stats *stats)
{
	const struct ramfs *fs = sb->data;

	stats->blocks = fs->pages_limit;
	stats->blocks_free = fs->pages_limit - min(fs->pages, fs->pages_limit);
	stats->files = fs->inodes_limit;
	stats->files_free = fs->inodes_limit - min(fs->inodes, fs->inodes_limit);
}

static void ramfs_destroy(struct superblock *sb)
{
	heap_free(sb->data);
}

static const struct superblock_ops ramfs_ops = {
	.inode_create = ramfs_inode_create,
	.inode_free = ramfs_inode_free,
	.stats = ramfs_stats,
	.destroy = ramfs_destroy,
};

bool ramfs_is_file(const struct inode *inode)
{
	return inode->sb->ops == &ramfs_ops && S_ISREG(inode->mode);
}

uint64_t ramfs_blocks(const struct inode *inode)
{
	return S_ISREG(inode->mode) ? container_of(inode, const struct ramfs_inode, inode)->page_count : 0;
}

/* ---- mount options: "size=16M,nr_inodes=100,mode=755,uid=0,gid=0" ---- */

/* A number in base 8 or 10, for sizes with a suffix. False when it is none. */
static bool parse_number(const char *s, size_t len, unsigned base, uint64_t *value)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i < len && s[i] >= '0' && s[i] < (char)('0' + base); i++) {
		if (n > SIZE_OPTION_MAX)
			return false;
		n = n * base + (uint64_t)(s[i] - '0');
	}
	if (i == 0)
		return false;
	if (i + 1 == len && base == 10) {
		static const char suffixes[] = "kKmMgG";
		const char *suffix = strchr(suffixes, s[i]);

		if (!s[i] || !suffix)
			return false;
		n <<= 10 * ((suffix - suffixes) / 2 + 1);
		i++;
	}
	*value = n;
	return i == len && n <= SIZE_OPTION_MAX;
}

static bool option_is(const char *option, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(option, name, len);
}

static int apply_option(struct ramfs *fs, struct inode *root, const char *option, size_t len)
{
	const char *equals = memchr(option, '=', len);
	size_t name_len = equals ? (size_t)(equals - option) : len;
	bool octal = option_is(option, name_len, "mode");
	uint64_t value;

	if (!equals || !parse_number(equals + 1, len - name_len - 1, octal ? 8 : 10, &value))
		return -EINVAL;
	if (octal)
		root->mode = S_IFDIR | ((unsigned)value & S_IALLUGO);
	else if (option_is(option, name_len, "size"))
		fs->pages_limit = align_up(value, PAGE_SIZE) / PAGE_SIZE;
	else if (option_is(option, name_len, "nr_blocks"))
		fs->pages_limit = value;
	else if (option_is(option, name_len, "nr_inodes"))
		fs->inodes_limit = value;
	else if (option_is(option, name_len, "uid"))
		root->uid = (uint32_t)value;
	else if (option_is(option, name_len, "gid"))
		root->gid = (uint32_t)value;
	else
		return -EINVAL;
	return 0;
}

static int apply_options(struct ramfs *fs, struct inode *root, const char *options)
{
	while (*options) {
		const char *comma = strchr(options, ',');
		size_t len = comma ? (size_t)(comma - options) : strlen(options);
		int err = len ? apply_option(fs, root, options, len) : 0;

		if (err)
			return err;
		options += len + (comma ? 1 : 0);
	}
	return 0;
}

int ramfs_fill(struct superblock *sb, const char *options, unsigned root_mode)
{
	struct ramfs *fs = heap_zalloc(sizeof(*fs));
	struct inode *inode;
	int err;

	if (!fs)
		return -ENOMEM;
	fs->pages_limit = page_total_count() / PAGES_SHARE;
	fs->inodes_limit = page_total_count() / INODES_SHARE;
	sb->data = fs;
	sb->ops = &ramfs_ops;
	err = ramfs_inode_create(sb, S_IFDIR | root_mode, 0, &inode);
	if (err)
		goto err_inode;
	err = apply_options(fs, inode, options);
	if (err)
		goto err_options;
	err = -ENOMEM;
	sb->root = dentry_create(NULL, "/", 1, inode);
	if (sb->root)
		return 0;
err_options:
	inode_put(inode);
err_inode:
	heap_free(fs);
	return err;
}

static int ramfs_mount(struct superblock *sb, const char *options)
{
	return ramfs_fill(sb, options, 0755);
}

static int tmpfs_mount(struct superblock *sb, const char *options)
{
	return ramfs_fill(sb, options, 0777 | S_ISVTX);
}

static const struct filesystem ramfs = {
	.name = "ramfs",
	.magic = RAMFS_MAGIC,
	.mount = ramfs_mount,
	.blocks = ramfs_blocks,
};
static const struct filesystem tmpfs = {
	.name = "tmpfs",
	.magic = TMPFS_MAGIC,
	.mount = tmpfs_mount,
	.blocks = ramfs_blocks,
};
FILESYSTEM(ramfs);
FILESYSTEM(tmpfs);

/* ---- files without a name ---- */

static struct mount *internal_mount;

int ramfs_create_internal(unsigned mode, struct inode **out)
{
	if (!internal_mount)
		return -ENOMEM;
	return ramfs_inode_create(internal_mount->sb, S_IFREG | mode, 0, out);
}

/* Before the first program, so that what a program opens is all that it changes. */
int ramfs_init_internal(void)
{
	return mount_create("tmpfs", "", 0, "", &internal_mount);
}
