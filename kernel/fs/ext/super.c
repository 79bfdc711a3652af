/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Superblocks: what is asked of one before it is believed; mounting, and what a mount is told of later.
 */
#include <kernel/abi/mount.h>
#include <kernel/clock.h>
#include <kernel/crc32.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>

#include "ext.h"

#define LOG_BLOCK_MAX 2		/* 4 KiB: a page */
#define GROUP_BLOCKS_MIN 64
#define CHECKSUM_CRC32C 1

static uint32_t checksum(const struct ext_super *super)
{
	return crc32c_raw(UINT32_MAX, super, offsetof(struct ext_super, checksum));
}

/* ---- checks ---- */

static int check_features(struct ext_fs *fs, const struct ext_super *super)
{
	uint32_t unknown = super->incompat & ~EXT_INCOMPAT_KNOWN;

	if (!super->revision)
		return 0;
	if (unknown) {
		log_warning("%s: ext: incompatible features %#x are not supported", fs->dev->name, unknown);
		return -EINVAL;
	}
	unknown = super->ro_compat & ~EXT_RO_KNOWN;
	if (unknown && !fs->sb->read_only) {
		log_warning("%s: ext: features %#x are not supported: read-only", fs->dev->name, unknown);
		fs->sb->read_only = true;
	}
	return 0;
}

static int wrong(struct ext_fs *fs, const char *what)
{
	log_warning("%s: ext: the superblock's %s", fs->dev->name, what);
	return -EUCLEAN;
}

static int check_geometry(struct ext_fs *fs, const struct ext_super *super)
{
	uint64_t data_blocks, on_device = fs->dev->sectors / ext_sectors(fs);
	unsigned bits = fs->block_size * 8, per_block = fs->block_size / fs->inode_size;

	fs->blocks_count = super->blocks_count_lo | (fs->is_64bit ? (uint64_t)super->blocks_count_hi << 32 : 0);
	if (fs->first_data_block != (fs->block_size == 1024 ? 1 : 0) || fs->blocks_count <= fs->first_data_block + 4u)
		return wrong(fs, "number of blocks is wrong");
	if (fs->blocks_count > on_device)
		return wrong(fs, "number of blocks is more than the device has");
	if (fs->blocks_per_group < GROUP_BLOCKS_MIN || fs->blocks_per_group > bits || fs->blocks_per_group % 8 ||
	    super->clusters_per_group != super->blocks_per_group)
		return wrong(fs, "blocks of a group are wrong");
	if (!fs->inodes_per_group || fs->inodes_per_group > bits || fs->inodes_per_group % 8 ||
	    fs->inodes_per_group % per_block)
		return wrong(fs, "inodes of a group are wrong");
	data_blocks = fs->blocks_count - fs->first_data_block;
	if ((data_blocks - 1) / fs->blocks_per_group >= UINT32_MAX / fs->inodes_per_group)
		return wrong(fs, "number of groups is wrong");
	fs->group_count = (unsigned)((data_blocks - 1) / fs->blocks_per_group + 1);
	if (fs->inodes_count != fs->group_count * fs->inodes_per_group || fs->first_ino < EXT_FIRST_INO_OLD - 1 ||
	    fs->first_ino > fs->inodes_count)
		return wrong(fs, "number of inodes is wrong");
	fs->gdt_blocks = (unsigned)(((uint64_t)fs->group_count * fs->group_desc_size + fs->block_size - 1) /
				    fs->block_size);
	if (fs->first_data_block + 1 + (uint64_t)fs->gdt_blocks >= fs->blocks_count)
		return wrong(fs, "groups are too many");
	return 0;
}

static int check_super(struct ext_fs *fs, const struct ext_super *super)
{
	bool old = !super->revision;
	int err;

	if (super->magic != EXT_MAGIC) {
		log_warning("%s: there is no ext file system", fs->dev->name);
		return -EINVAL;
	}
	if (super->revision > 1)
		return wrong(fs, "revision is unknown");
	err = check_features(fs, super);
	if (err)
		return err;
	if (super->log_block_size > LOG_BLOCK_MAX) {
		log_warning("%s: ext: blocks of more than 4 KiB are not supported", fs->dev->name);
		return -EINVAL;
	}
	fs->block_shift = 10 + super->log_block_size;
	fs->block_size = 1u << fs->block_shift;
	fs->inode_size = old ? EXT_INODE_SIZE_OLD : super->inode_size;
	if (fs->inode_size < EXT_INODE_SIZE_OLD || fs->inode_size > fs->block_size ||
	    (fs->inode_size & (fs->inode_size - 1)))
		return wrong(fs, "size of inodes is wrong");
	fs->first_ino = old ? EXT_FIRST_INO_OLD : super->first_ino;
	fs->is_64bit = !old && (super->incompat & EXT_INCOMPAT_64BIT);
	fs->has_filetype = !old && (super->incompat & EXT_INCOMPAT_FILETYPE);
	fs->has_extents = !old && (super->incompat & EXT_INCOMPAT_EXTENTS);
	fs->has_csum = !old && (super->ro_compat & EXT_RO_METADATA_CSUM);
	fs->has_gdt_csum = !old && !fs->has_csum && (super->ro_compat & EXT_RO_GDT_CSUM);
	fs->group_desc_size = fs->is_64bit ? super->descriptor_size : EXT_GROUP_SIZE_OLD;
	if (fs->is_64bit && fs->group_desc_size != EXT_GROUP_SIZE_64BIT)
		return wrong(fs, "size of descriptors is wrong");
	if (fs->has_csum && (super->checksum_type != CHECKSUM_CRC32C || super->checksum != checksum(super)))
		return wrong(fs, "checksum is wrong");
	fs->csum_seed = super->incompat & EXT_INCOMPAT_CSUM_SEED
				? super->checksum_seed
				: crc32c_raw(UINT32_MAX, super->uuid, sizeof(super->uuid));
	fs->first_data_block = super->first_data_block;
	fs->blocks_per_group = super->blocks_per_group;
	fs->inodes_per_group = super->inodes_per_group;
	fs->inodes_count = super->inodes_count;
	return check_geometry(fs, super);
}

/* What is counted; after a replay once more. */
static void read_counts(struct ext_fs *fs)
{
	const struct ext_super *super = fs->super;

	fs->free_blocks = super->free_blocks_lo | (fs->is_64bit ? (uint64_t)super->free_blocks_hi << 32 : 0);
	fs->free_blocks = min(fs->free_blocks, fs->blocks_count);
	fs->reserved_blocks = super->reserved_blocks_lo |
			      (fs->is_64bit ? (uint64_t)super->reserved_blocks_hi << 32 : 0);
	fs->free_inodes = min(super->free_inodes, fs->inodes_count);
}

static int read_super(struct ext_fs *fs)
{
	struct ext_super *super = heap_alloc(sizeof(*super));
	uint64_t offset;
	int err = super ? 0 : -ENOMEM;

	if (!err && block_cache_read(fs->dev, EXT_SUPER_OFFSET, super, sizeof(*super)) != sizeof(*super))
		err = fs->dev->sectors * BLOCK_SECTOR < EXT_SUPER_OFFSET + sizeof(*super) ? -EINVAL : -EIO;
	if (!err)
		err = check_super(fs, super);
	heap_free(super);
	if (err)
		return err;
	offset = EXT_SUPER_OFFSET & (fs->block_size - 1);
	err = ext_buffer_read(fs, EXT_SUPER_OFFSET >> fs->block_shift, EXT_SUPER, &fs->super_buffer);
	if (err)
		return err;
	fs->super = (void *)(fs->super_buffer->data + offset);
	read_counts(fs);
	return 0;
}

/* Replaying may have written a new one: it is checked like the first. */
static int reread_super(struct ext_fs *fs)
{
	ext_buffer_put(fs, fs->super_buffer);
	fs->super = NULL;
	fs->super_buffer = NULL;
	ext_buffers_free(fs);
	return read_super(fs);
}

/* ---- writing it ---- */

void ext_super_changed(struct ext_fs *fs)
{
	if (fs->super_buffer)
		ext_buffer_dirty(fs, fs->super_buffer);
}

static void update_super(struct ext_fs *fs)
{
	struct ext_super *super = fs->super;

	super->free_blocks_lo = (uint32_t)fs->free_blocks;
	if (fs->is_64bit)
		super->free_blocks_hi = (uint32_t)(fs->free_blocks >> 32);
	super->free_inodes = fs->free_inodes;
	super->write_time = (uint32_t)timestamp_now().sec;
	if (fs->has_csum)
		super->checksum = checksum(super);
}

int ext_super_write(struct ext_fs *fs)
{
	int err;

	update_super(fs);
	err = block_cache_write_through(fs->dev, fs->super_buffer->block << fs->block_shift, fs->super_buffer->data,
					fs->block_size);
	if (!err)
		ext_buffer_clean(fs, fs->super_buffer);
	return err ? err : block_flush(fs->dev);
}

/* ---- damage ---- */

#define LOGGED_MAX 3

int ext_corrupt(struct ext_fs *fs, const char *fmt, ...)
{
	char text[96];
	va_list args;

	if (fs->errors++ < LOGGED_MAX) {
		va_start(args, fmt);
		format_va(text, sizeof(text), fmt, args);
		va_end(args);
		log_warning("%s: ext: damaged: %s", fs->dev->name, text);
	}
	if (fs->super && fs->writable && mutex_is_mine(&fs->lock)) {
		fs->super->state |= EXT_STATE_ERROR;
		fs->super->error_count++;
		fs->super->last_error_time = (uint32_t)timestamp_now().sec;
		if (!fs->super->first_error_time)
			fs->super->first_error_time = fs->super->last_error_time;
		ext_super_changed(fs);
		if (fs->super->errors == EXT_ERRORS_READ_ONLY)
			fs->sb->read_only = true;
	}
	return -EUCLEAN;
}

void ext_abort(struct ext_fs *fs, const char *what)
{
	if (fs->aborted)
		return;
	fs->aborted = true;
	fs->sb->read_only = true;
	log_error("%s: ext: %s cannot be written: read-only from now on", fs->dev->name, what);
}

/* ---- transactions ---- */

#define DIRTY_MAX 256u

/* A transaction is ended before it is too large for the journal, or holds back too much of what is free. */
static bool is_large(const struct ext_fs *fs)
{
	size_t most = fs->journal.inode ? min((fs->journal.blocks - fs->journal.first) / 4, DIRTY_MAX) : DIRTY_MAX;

	return fs->dirty_count >= most || fs->freed_blocks > fs->free_blocks;
}

int ext_begin(struct ext_fs *fs)
{
	int err = 0;

	mutex_lock(&fs->lock);
	if (!fs->aborted && fs->writable && is_large(fs))
		err = ext_commit(fs);
	if (!err && (fs->aborted || !fs->writable || fs->sb->read_only))
		err = -EROFS;
	if (err)
		mutex_unlock(&fs->lock);
	return err;
}

void ext_end(struct ext_fs *fs)
{
	mutex_unlock(&fs->lock);
}

static int write_all(struct ext_fs *fs)
{
	int err = 0;

	while (!err && !list_empty(&fs->dirty)) {
		struct ext_buffer *b = list_first(&fs->dirty, struct ext_buffer, node);

		err = block_cache_write_through(fs->dev, b->block << fs->block_shift, b->data, fs->block_size);
		if (!err)
			ext_buffer_clean(fs, b);
	}
	return err ? err : block_flush(fs->dev);
}

/* Metadata as it is in memory goes into buffers. */
static int gather(struct ext_fs *fs)
{
	int err = ext_inodes_write(fs), freed = ext_freed_apply(fs), sealed;

	if (fs->super_buffer->dirty)
		update_super(fs);
	sealed = ext_buffers_seal(fs);
	return err ?: freed == -EUCLEAN ? 0 : freed ?: sealed;
}

static int write_metadata(struct ext_fs *fs)
{
	bool journalled = fs->journal.inode;
	int err = 0;

	if (journalled) {
		err = ext_journal_write(fs);
		if (err == -EFBIG) {
			log_warning("%s: ext: %zu blocks do not fit in the journal: not safe against a crash meanwhile",
				    fs->dev->name, fs->dirty_count);
			journalled = false;
			err = 0;
		}
	}
	if (!err && !journalled)
		err = block_flush(fs->dev);
	if (!err)
		err = write_all(fs);
	return err || !journalled ? err : ext_journal_empty(fs);
}

int ext_commit(struct ext_fs *fs)
{
	int err;

	if (fs->aborted)
		return -EIO;
	if (!fs->writable)
		return 0;
	list_foreach_safe(&fs->with_pages, struct ext_inode, pages_node, ei)
		ext_pages_write(ei);
	err = gather(fs);
	if (err == -EUCLEAN) /* an inode that cannot be written; the others can */
		err = 0;
	if (!err)
		err = list_empty(&fs->dirty) ? block_flush(fs->dev) : write_metadata(fs);
	if (err) {
		ext_abort(fs, "metadata");
		return -EIO;
	}
	return 0;
}

/* ---- mounting ---- */

static int mark_in_use(struct ext_fs *fs)
{
	struct ext_super *super = fs->super;
	int err;

	if (fs->journal.inode) {
		super->incompat |= EXT_INCOMPAT_RECOVER;
		err = ext_journal_empty(fs);
		if (err)
			return err;
	} else {
		if (!(super->state & EXT_STATE_VALID))
			log_warning("%s: ext: it was not unmounted; e2fsck should look at it", fs->dev->name);
		super->state &= (uint16_t)~EXT_STATE_VALID;
	}
	super->mount_count++;
	super->mount_time = (uint32_t)timestamp_now().sec;
	err = ext_super_write(fs);
	fs->writable = !err;
	return err;
}

static int mark_clean(struct ext_fs *fs)
{
	int err = ext_commit(fs);

	if (!err && fs->journal.inode)
		err = ext_journal_end(fs);
	fs->writable = false;
	if (err)
		return err;
	fs->super->incompat &= ~EXT_INCOMPAT_RECOVER;
	if (!fs->journal.inode && !(fs->super->state & EXT_STATE_ERROR))
		fs->super->state |= EXT_STATE_VALID;
	return ext_super_write(fs);
}

static int find_device(struct ext_fs *fs)
{
	struct path path;
	int err = fs->sb->source ? path_lookup(AT_FDCWD, fs->sb->source, WALK_FOLLOW, &path) : -EINVAL;

	if (err)
		return err;
	if (!S_ISBLK(path.dentry->inode->mode))
		err = -ENOTBLK;
	else if (path.mount && (path.mount->flags & MS_NODEV))
		err = -EACCES;
	else if (!(fs->dev = block_find(path.dentry->inode->rdev)))
		err = -ENXIO;
	path_put(path);
	if (err)
		return err;
	if (atomic_exchange(&fs->dev->mounted, true)) {
		fs->dev = NULL;
		return -EBUSY;
	}
	if (fs->dev->read_only)
		fs->sb->read_only = true;
	return 0;
}

static void free_fs(struct ext_fs *fs)
{
	ext_journal_close(fs);
	ext_buffers_free(fs);
	heap_free(fs->freed);
	if (fs->dev)
		atomic_store(&fs->dev->mounted, false);
	heap_free(fs);
}

static void ext_destroy(struct superblock *sb)
{
	struct ext_fs *fs = ext_fs_of(sb);

	mutex_lock(&fs->lock);
	if (fs->writable && !fs->aborted)
		mark_clean(fs);
	mutex_unlock(&fs->lock);
	if (fs->errors || fs->io_errors)
		log_warning("%s: ext: unmounted after %u inconsistencies and %u errors of the device", fs->dev->name,
			    fs->errors, fs->io_errors);
	free_fs(fs);
}

static int load(struct ext_fs *fs)
{
	int err;

	mutex_lock(&fs->lock);
	err = read_super(fs);
	if (!err)
		err = ext_journal_open(fs);
	if (!err && fs->journal.inode && (fs->super->incompat & EXT_INCOMPAT_RECOVER)) {
		ext_journal_close(fs);
		err = reread_super(fs);
		if (!err) {
			fs->super->incompat &= ~EXT_INCOMPAT_RECOVER;
			err = ext_super_write(fs);
		}
		if (!err)
			err = ext_journal_open(fs);
	}
	if (!err && !fs->sb->read_only)
		err = mark_in_use(fs);
	mutex_unlock(&fs->lock);
	return err;
}

static int load_root(struct ext_fs *fs)
{
	struct ext_inode *root;
	int err = ext_inode_get(fs, EXT_ROOT_INO, &root);

	if (!err && !S_ISDIR(root->inode.mode))
		err = ext_corrupt(fs, "the root is no directory");
	else if (!err && !(fs->sb->root = dentry_create(NULL, "/", 1, &root->inode)))
		err = -ENOMEM;
	else if (err == -ESTALE)
		return ext_corrupt(fs, "there is no root");
	else if (err)
		return err;
	if (err)
		inode_put(&root->inode);
	return err;
}

static bool options_are_known(const char *options)
{
	static const char *const known[] = { "", "errors=continue", "errors=remount-ro" };

	for (unsigned i = 0; i < array_size(known); i++)
		if (!strcmp(options, known[i]))
			return true;
	return false;
}

static const struct superblock_ops ext_superblock_ops;

static int ext_mount(struct superblock *sb, const char *options)
{
	struct ext_fs *fs;
	int err;

	if (!options_are_known(options))
		return -EINVAL;
	fs = heap_zalloc(sizeof(*fs));
	if (!fs)
		return -ENOMEM;
	fs->sb = sb;
	mutex_init(&fs->lock);
	spin_init(&fs->dirty_lock);
	list_init(&fs->clean);
	list_init(&fs->dirty);
	list_init(&fs->dirty_inodes);
	list_init(&fs->with_pages);
	sb->data = fs;
	sb->ops = &ext_superblock_ops;
	err = find_device(fs);
	if (!err)
		err = load(fs);
	if (!err && !strcmp(options, "errors=remount-ro"))
		fs->super->errors = EXT_ERRORS_READ_ONLY;
	if (!err)
		err = load_root(fs);
	if (err) {
		mutex_lock(&fs->lock);
		if (fs->writable && !fs->aborted)
			mark_clean(fs);
		mutex_unlock(&fs->lock);
		free_fs(fs);
		return err;
	}
	if (fs->writable)
		ext_orphans_end(fs);
	return 0;
}

/* ---- later ---- */

static int ext_sync(struct superblock *sb)
{
	struct ext_fs *fs = ext_fs_of(sb);
	int err;

	mutex_lock(&fs->lock);
	err = ext_commit(fs);
	mutex_unlock(&fs->lock);
	return err;
}

static int ext_remount(struct superblock *sb, bool read_only)
{
	struct ext_fs *fs = ext_fs_of(sb);
	int err = 0;

	mutex_lock(&fs->lock);
	if (fs->aborted || (!read_only && (fs->dev->read_only || (fs->super->ro_compat & ~EXT_RO_KNOWN))))
		err = -EROFS;
	else if (read_only && fs->writable)
		err = mark_clean(fs);
	else if (!read_only && !fs->writable)
		err = mark_in_use(fs);
	mutex_unlock(&fs->lock);
	return err;
}

static void ext_stats(struct superblock *sb, struct fs_stats *stats)
{
	struct ext_fs *fs = ext_fs_of(sb);

	mutex_lock(&fs->lock);
	stats->blocks = (fs->blocks_count << fs->block_shift) / PAGE_SIZE;
	stats->blocks_free = ((fs->free_blocks + fs->freed_blocks) << fs->block_shift) / PAGE_SIZE;
	stats->files = fs->inodes_count;
	stats->files_free = fs->free_inodes;
	mutex_unlock(&fs->lock);
}

static const struct superblock_ops ext_superblock_ops = {
	.inode_create = ext_inode_create,
	.inode_free = ext_inode_free,
	.stats = ext_stats,
	.destroy = ext_destroy,
	.find = ext_find,
	.begin = ext_ops_begin,
	.end = ext_ops_end,
	.link = ext_link,
	.unlink = ext_unlink,
	.replace = ext_replace,
	.reparent = ext_reparent,
	.is_empty = ext_is_empty,
	.changed = ext_inode_changed,
	.truncate = ext_truncate,
	.sync = ext_sync,
	.remount = ext_remount,
};

static const struct filesystem ext2 = {
	.name = "ext2",
	.magic = EXT_MAGIC,
	.mount = ext_mount,
	.blocks = ext_inode_blocks,
};
static const struct filesystem ext4 = {
	.name = "ext4",
	.magic = EXT_MAGIC,
	.mount = ext_mount,
	.blocks = ext_inode_blocks,
};
FILESYSTEM(ext2);
FILESYSTEM(ext4);
