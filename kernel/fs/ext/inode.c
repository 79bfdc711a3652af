/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes: from and to the disk, and which of them are in memory. One that is given up is written, or deleted where it
 * has no name left; until that is done its number cannot be looked up again.
 */
#include <kernel/clock.h>
#include <kernel/crc32.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#include "ext.h"

#define NSEC_SHIFT 2
#define EPOCH_MASK 3u

uint32_t ext_inode_seed(const struct ext_inode *ei)
{
	uint32_t ino = (uint32_t)ei->inode.ino, crc = crc32c_raw(ei->fs->csum_seed, &ino, sizeof(ino));

	return crc32c_raw(crc, &ei->generation, sizeof(ei->generation));
}

uint64_t ext_inode_blocks(const struct inode *inode)
{
	return (container_of(inode, const struct ext_inode, inode)->sectors + 7) / 8;
}

/* ---- its place in a table ---- */

static bool has_field(const struct ext_fs *fs, const struct ext_raw_inode *raw, size_t end)
{
	return fs->inode_size > EXT_INODE_SIZE_OLD && EXT_INODE_SIZE_OLD + (size_t)raw->extra_size >= end &&
	       raw->extra_size <= fs->inode_size - EXT_INODE_SIZE_OLD;
}
#define HAS(fs, raw, field)                                                                                            \
	has_field(fs, raw, offsetof(struct ext_raw_inode, field) + sizeof(((struct ext_raw_inode *)0)->field))

static int place(struct ext_fs *fs, uint32_t ino, struct ext_raw_inode **raw, struct ext_buffer **buffer)
{
	unsigned group = (ino - 1) / fs->inodes_per_group, index = (ino - 1) % fs->inodes_per_group;
	struct ext_buffer *desc_buffer;
	struct ext_group *desc;
	uint64_t offset = (uint64_t)index * fs->inode_size, table;
	int err;

	if (!ino || ino > fs->inodes_count)
		return ext_corrupt(fs, "inode %u is not in any table", ino);
	err = ext_group_get(fs, group, &desc, &desc_buffer);
	if (err)
		return err;
	table = ext_group_inode_table(fs, desc);
	ext_buffer_put(fs, desc_buffer);
	err = ext_buffer_read(fs, table + (offset >> fs->block_shift), EXT_INODES, buffer);
	if (!err)
		*raw = (void *)((*buffer)->data + (offset & (fs->block_size - 1)));
	return err;
}

/* The checksum as it should be; the fields that hold it count as zero. */
static uint32_t checksum(const struct ext_inode *ei, const struct ext_raw_inode *raw)
{
	static const uint16_t none;
	const uint8_t *bytes = (const uint8_t *)raw;
	const size_t low = offsetof(struct ext_raw_inode, checksum_lo),
		     high = offsetof(struct ext_raw_inode, checksum_hi);
	unsigned size = ei->fs->inode_size;
	uint32_t crc = crc32c_raw(ext_inode_seed(ei), bytes, low);

	crc = crc32c_raw(crc, &none, 2);
	crc = crc32c_raw(crc, bytes + low + 2, EXT_INODE_SIZE_OLD - low - 2);
	if (size == EXT_INODE_SIZE_OLD)
		return crc;
	crc = crc32c_raw(crc, bytes + EXT_INODE_SIZE_OLD, high - EXT_INODE_SIZE_OLD);
	if (HAS(ei->fs, raw, checksum_hi))
		crc = crc32c_raw(crc, &none, 2);
	else
		crc = crc32c_raw(crc, bytes + high, 2);
	return crc32c_raw(crc, bytes + high + 2, size - high - 2);
}

static bool checksum_is_right(const struct ext_inode *ei, const struct ext_raw_inode *raw)
{
	uint32_t crc = checksum(ei, raw);

	return (uint16_t)crc == raw->checksum_lo && (!HAS(ei->fs, raw, checksum_hi) || crc >> 16 == raw->checksum_hi);
}

/* ---- from the disk ---- */

static struct timestamp decode_time(uint32_t sec, uint32_t extra, bool has_extra)
{
	struct timestamp t = { (int32_t)sec, 0 };

	if (has_extra) {
		t.sec += (int64_t)(extra & EPOCH_MASK) << 32;
		t.nsec = min(extra >> NSEC_SHIFT, (uint32_t)NSEC_PER_SEC - 1);
	}
	return t;
}

static void encode_time(struct timestamp t, uint32_t *sec, uint32_t *extra)
{
	*sec = (uint32_t)t.sec;
	*extra = t.nsec << NSEC_SHIFT | ((uint32_t)((t.sec - (int32_t)t.sec) >> 32) & EPOCH_MASK);
}

/* Linux, include/linux/kdev_t.h: the short form, where it fits, in the first word, else the long one in the second. */
static uint32_t decode_device(const uint32_t block[])
{
	uint32_t d = block[0] ? block[0] : block[1];

	if (block[0])
		return DEV_MAKE(d >> 8 & 0xff, d & 0xff);
	return DEV_MAKE(d >> 8 & 0xfff, (d & 0xff) | (d >> 12 & 0xfff00));
}

static void encode_device(uint32_t rdev, uint32_t block[])
{
	unsigned major = DEV_MAJOR(rdev), minor = DEV_MINOR(rdev);

	block[0] = block[1] = 0;
	if (major < 256 && minor < 256)
		block[0] = major << 8 | minor;
	else
		block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static bool is_fast_link(const struct ext_inode *ei)
{
	unsigned acl = ei->acl_block ? ext_sectors(ei->fs) : 0;

	return !(ei->flags & EXT_FLAG_EXTENTS) && ei->sectors <= acl && ei->inode.size < (off_t)sizeof(ei->block);
}

static int load_link(struct ext_inode *ei)
{
	struct inode *inode = &ei->inode;
	struct ext_buffer *buffer;
	struct ext_run run;
	int err;

	if (inode->size <= 0 || inode->size >= ei->fs->block_size || inode->size >= PATH_MAX)
		return ext_corrupt(ei->fs, "inode %llu: a link of %lld bytes", (unsigned long long)inode->ino,
				   (long long)inode->size);
	inode->target = heap_zalloc((size_t)inode->size + 1);
	if (!inode->target)
		return -ENOMEM;
	if (is_fast_link(ei)) {
		memcpy(inode->target, ei->block, (size_t)inode->size);
		return 0;
	}
	err = ext_map(ei, 0, &run);
	if (!err && !run.start)
		err = ext_corrupt(ei->fs, "inode %llu: a link without text", (unsigned long long)inode->ino);
	if (!err)
		err = ext_buffer_read(ei->fs, run.start, EXT_TREE, &buffer);
	if (err)
		return err;
	memcpy(inode->target, buffer->data, (size_t)inode->size);
	ext_buffer_put(ei->fs, buffer);
	return 0;
}

static int decode(struct ext_inode *ei, const struct ext_raw_inode *raw)
{
	struct inode *inode = &ei->inode;
	struct ext_fs *fs = ei->fs;
	uint64_t size = raw->size_lo, blocks = raw->blocks_lo;
	bool extra = HAS(fs, raw, crtime_extra);

	if (S_ISREG(raw->mode) || S_ISDIR(raw->mode))
		size |= (uint64_t)raw->size_hi << 32;
	if (fs->super->ro_compat & EXT_RO_HUGE_FILE)
		blocks |= (uint64_t)raw->blocks_hi << 32;
	ei->flags = raw->flags;
	ei->sectors = raw->flags & EXT_FLAG_HUGE_FILE ? blocks * ext_sectors(fs) : blocks;
	ei->acl_block = raw->acl_lo | (fs->is_64bit ? (uint64_t)raw->acl_hi << 32 : 0);
	memcpy(ei->block, raw->block, sizeof(ei->block));
	inode->size = (off_t)size;
	inode->uid = raw->uid_lo | (uint32_t)raw->uid_hi << 16;
	inode->gid = raw->gid_lo | (uint32_t)raw->gid_hi << 16;
	inode->nlink = raw->links;
	inode->ctime = decode_time(raw->ctime, extra ? raw->ctime_extra : 0, extra);
	inode->mtime = decode_time(raw->mtime, extra ? raw->mtime_extra : 0, extra);
	inode->atime = decode_time(raw->atime, extra ? raw->atime_extra : 0, extra);
	inode->btime = extra ? decode_time(raw->crtime, raw->crtime_extra, true) : inode->ctime;
	ei->orphan_next = raw->dtime;
	if ((raw->flags & EXT_FLAGS_REFUSED) || ((raw->flags & EXT_FLAG_EXTENTS) && !fs->has_extents))
		return ext_corrupt(fs, "inode %llu: flags %#x", (unsigned long long)inode->ino, raw->flags);
	if ((off_t)size < 0 ||
	    (S_ISDIR(raw->mode) && (size % fs->block_size || size > fs->blocks_count * fs->block_size)))
		return ext_corrupt(fs, "inode %llu: a size of %#llx", (unsigned long long)inode->ino,
				   (unsigned long long)size);
	if (S_ISCHR(raw->mode) || S_ISBLK(raw->mode))
		inode->rdev = decode_device(raw->block);
	if (S_ISREG(raw->mode))
		inode->fops = &ext_file_fops;
	if (S_ISDIR(raw->mode))
		inode->fops = &ext_dir_fops;
	return S_ISLNK(raw->mode) && raw->links ? load_link(ei) : 0;
}

static bool mode_is_valid(unsigned mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) ||
	       S_ISSOCK(mode);
}

static struct ext_inode *create(struct ext_fs *fs, uint32_t ino, unsigned mode)
{
	struct ext_inode *ei = heap_zalloc(sizeof(*ei));

	if (!ei)
		return NULL;
	inode_init(&ei->inode, fs->sb, mode);
	ei->inode.ino = ino;
	ei->fs = fs;
	spin_init(&ei->pages_lock);
	list_init(&ei->dirty_node);
	list_init(&ei->pages_node);
	return ei;
}

void ext_inode_destroy(struct ext_inode *ei)
{
	ext_pages_drop(ei, 0, UINT64_MAX);
	if (S_ISLNK(ei->inode.mode))
		heap_free(ei->inode.target);
	heap_free(ei->extents);
	heap_free(ei->nodes);
	heap_free(ei);
}

int ext_inode_load(struct ext_fs *fs, uint32_t ino, struct ext_inode **out)
{
	struct ext_raw_inode *raw;
	struct ext_buffer *buffer;
	struct ext_inode *ei = NULL;
	int err = place(fs, ino, &raw, &buffer);

	if (err)
		return err;
	if (!raw->mode || (!raw->links && raw->dtime && ino >= fs->first_ino && !fs->super->last_orphan))
		err = -ESTALE;
	else if (!mode_is_valid(raw->mode))
		err = ext_corrupt(fs, "inode %u: a mode of %#o", ino, raw->mode);
	else if (!(ei = create(fs, ino, raw->mode)))
		err = -ENOMEM;
	if (!err) {
		ei->generation = raw->generation;
		if (fs->has_csum && !checksum_is_right(ei, raw))
			err = ext_corrupt(fs, "inode %u: its checksum is wrong", ino);
		else
			err = decode(ei, raw);
	}
	ext_buffer_put(fs, buffer);
	if (err && ei) {
		atomic_fetch_sub(&fs->sb->refs, 1);
		ext_inode_destroy(ei);
		ei = NULL;
	}
	*out = ei;
	return err;
}

/* ---- which are in memory ---- */

static struct ext_inode **bucket_of(struct ext_fs *fs, uint32_t ino)
{
	return &fs->inode_hash[ino % EXT_INODE_HASH];
}

static void hash_insert(struct ext_inode *ei)
{
	struct ext_inode **bucket = bucket_of(ei->fs, (uint32_t)ei->inode.ino);

	ei->hash_next = *bucket;
	*bucket = ei;
}

static void hash_remove(struct ext_inode *ei)
{
	struct ext_inode **at = bucket_of(ei->fs, (uint32_t)ei->inode.ino);

	while (*at != ei)
		at = &(*at)->hash_next;
	*at = ei->hash_next;
}

/* One more reference, unless the last has gone. */
static bool get_if_alive(struct inode *inode)
{
	unsigned refs = atomic_load(&inode->refs);

	do {
		if (!refs)
			return false;
	} while (!atomic_compare_exchange(&inode->refs, &refs, refs + 1));
	return true;
}

int ext_inode_get(struct ext_fs *fs, uint32_t ino, struct ext_inode **out)
{
	int err = 0;

	mutex_lock(&fs->lock);
again:
	for (*out = *bucket_of(fs, ino); *out && (*out)->inode.ino != ino; *out = (*out)->hash_next)
		;
	if (*out && !get_if_alive(&(*out)->inode)) {
		/* Somebody is about to write it and give it up, and waits for the lock. */
		mutex_unlock(&fs->lock);
		thread_yield();
		mutex_lock(&fs->lock);
		goto again;
	}
	if (!*out) {
		err = ext_inode_load(fs, ino, out);
		if (!err)
			hash_insert(*out);
	}
	mutex_unlock(&fs->lock);
	return err;
}

int ext_inode_create(struct superblock *sb, unsigned mode, uint32_t rdev, struct inode **out)
{
	struct ext_fs *fs = ext_fs_of(sb);
	struct ext_inode *ei;
	uint32_t ino;
	int err = ext_ino_alloc(fs, S_ISDIR(mode), &ino);

	if (err)
		return err;
	ei = create(fs, ino, mode);
	if (!ei) {
		ext_ino_free(fs, ino, S_ISDIR(mode));
		return -ENOMEM;
	}
	ei->is_new = true;
	ei->generation = (uint32_t)ei->inode.ctime.nsec ^ ino;
	ei->inode.rdev = rdev;
	if (S_ISREG(mode))
		ei->inode.fops = &ext_file_fops;
	if (S_ISDIR(mode))
		ei->inode.fops = &ext_dir_fops;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		encode_device(rdev, ei->block);
	if (fs->has_extents && (S_ISREG(mode) || S_ISDIR(mode))) {
		ei->flags |= EXT_FLAG_EXTENTS;
		ei->extents_loaded = ei->extents_changed = true;
	}
	hash_insert(ei);
	ext_inode_changed(&ei->inode);
	*out = &ei->inode;
	return 0;
}

/* ---- to the disk ---- */

void ext_inode_changed(struct inode *inode)
{
	struct ext_inode *ei = ext_inode_of(inode);
	struct ext_fs *fs = ei->fs;
	unsigned long flags = spin_lock(&fs->dirty_lock);

	if (list_empty(&ei->dirty_node))
		list_append(&fs->dirty_inodes, &ei->dirty_node);
	spin_unlock(&fs->dirty_lock, flags);
	/* In a transaction the tree says that it has lost its last name, or got one. */
	if (!mutex_is_mine(&fs->lock))
		return;
	if (!inode->nlink && !ei->orphan)
		ext_orphan_add(ei);
	else if (inode->nlink && ei->orphan && S_ISREG(inode->mode))
		ext_orphan_remove(ei);
}

static void encode(const struct ext_inode *ei, struct ext_raw_inode *raw)
{
	const struct inode *inode = &ei->inode;
	const struct ext_fs *fs = ei->fs;
	uint64_t blocks = ei->flags & EXT_FLAG_HUGE_FILE ? ei->sectors / ext_sectors(fs) : ei->sectors;
	uint32_t ctime, mtime, atime, crtime, extra[4];

	encode_time(inode->ctime, &ctime, &extra[0]);
	encode_time(inode->mtime, &mtime, &extra[1]);
	encode_time(inode->atime, &atime, &extra[2]);
	encode_time(inode->btime, &crtime, &extra[3]);
	raw->mode = (uint16_t)inode->mode;
	raw->uid_lo = (uint16_t)inode->uid;
	raw->uid_hi = (uint16_t)(inode->uid >> 16);
	raw->gid_lo = (uint16_t)inode->gid;
	raw->gid_hi = (uint16_t)(inode->gid >> 16);
	raw->size_lo = (uint32_t)inode->size;
	if (S_ISREG(inode->mode) || S_ISDIR(inode->mode))
		raw->size_hi = (uint32_t)((uint64_t)inode->size >> 32);
	raw->links = (uint16_t)min(inode->nlink, 65000u);
	raw->ctime = ctime;
	raw->mtime = mtime;
	raw->atime = atime;
	raw->dtime = ei->orphan ? ei->orphan_next : 0;
	raw->blocks_lo = (uint32_t)blocks;
	if (fs->super->ro_compat & EXT_RO_HUGE_FILE)
		raw->blocks_hi = (uint16_t)(blocks >> 32);
	raw->flags = ei->flags;
	raw->generation = ei->generation;
	memcpy(raw->block, ei->block, sizeof(raw->block));
	if (HAS(fs, raw, crtime_extra)) {
		raw->ctime_extra = extra[0];
		raw->mtime_extra = extra[1];
		raw->atime_extra = extra[2];
		raw->crtime = crtime;
		raw->crtime_extra = extra[3];
	}
}

static void seal(const struct ext_inode *ei, struct ext_raw_inode *raw)
{
	uint32_t crc;

	if (!ei->fs->has_csum)
		return;
	crc = checksum(ei, raw);
	raw->checksum_lo = (uint16_t)crc;
	if (HAS(ei->fs, raw, checksum_hi))
		raw->checksum_hi = (uint16_t)(crc >> 16);
}

int ext_inode_write(struct ext_inode *ei)
{
	struct ext_fs *fs = ei->fs;
	struct ext_raw_inode *raw;
	struct ext_buffer *buffer;
	int err = ei->extents_changed ? ext_extents_write(ei) : 0;

	if (!err)
		err = place(fs, (uint32_t)ei->inode.ino, &raw, &buffer);
	if (err)
		return err;
	if (ei->is_new) {
		memset(raw, 0, fs->inode_size);
		if (fs->inode_size > EXT_INODE_SIZE_OLD)
			raw->extra_size = sizeof(*raw) - EXT_INODE_SIZE_OLD;
		ei->is_new = false;
	}
	encode(ei, raw);
	seal(ei, raw);
	ext_buffer_dirty(fs, buffer);
	ext_buffer_put(fs, buffer);
	/* Sizes above 2 GiB have a flag. */
	if (ei->inode.size > INT32_MAX && fs->super->revision && !(fs->super->ro_compat & EXT_RO_LARGE_FILE)) {
		fs->super->ro_compat |= EXT_RO_LARGE_FILE;
		ext_super_changed(fs);
	}
	return 0;
}

static struct ext_inode *next_dirty(struct ext_fs *fs)
{
	unsigned long flags = spin_lock(&fs->dirty_lock);
	struct ext_inode *ei = NULL;

	if (!list_empty(&fs->dirty_inodes)) {
		ei = list_first(&fs->dirty_inodes, struct ext_inode, dirty_node);
		list_remove(&ei->dirty_node);
	}
	spin_unlock(&fs->dirty_lock, flags);
	return ei;
}

/* One that is given up meanwhile waits for the lock before it goes. */
int ext_inodes_write(struct ext_fs *fs)
{
	int first_err = 0;
	struct ext_inode *ei;

	while ((ei = next_dirty(fs))) {
		int err = ext_inode_write(ei);

		first_err = first_err ?: err;
	}
	return first_err;
}

/* ---- the end of one ---- */

/* Its last name has gone, and nobody has it open: what it holds is given back. */
static int erase(struct ext_inode *ei)
{
	struct ext_fs *fs = ei->fs;
	struct ext_raw_inode *raw;
	struct ext_buffer *buffer;
	bool has_map = S_ISREG(ei->inode.mode) || S_ISDIR(ei->inode.mode) ||
		       (S_ISLNK(ei->inode.mode) && !is_fast_link(ei));
	int err = 0;

	ext_pages_drop(ei, 0, UINT64_MAX);
	ei->inode.size = 0;
	if (has_map)
		err = ext_cut(ei);
	if (!err)
		err = ext_orphan_remove(ei);
	if (!err)
		err = place(fs, (uint32_t)ei->inode.ino, &raw, &buffer);
	if (err)
		return err;
	if (!ei->is_new && S_ISREG(ei->inode.mode) && ei->extents_changed)
		ext_extents_write(ei);
	encode(ei, raw);
	raw->links = 0;
	raw->dtime = (uint32_t)timestamp_now().sec;
	seal(ei, raw);
	ext_buffer_dirty(fs, buffer);
	ext_buffer_put(fs, buffer);
	return ext_ino_free(fs, (uint32_t)ei->inode.ino, S_ISDIR(ei->inode.mode));
}

void ext_inode_free(struct inode *inode)
{
	struct ext_inode *ei = ext_inode_of(inode);
	struct ext_fs *fs = ei->fs;
	bool mine = mutex_is_mine(&fs->lock), dirty;
	unsigned long flags;

	if (!mine)
		mutex_lock(&fs->lock);
	/* A large file's end may fill a transaction. */
	if (!mine && fs->dirty_count > 64 && fs->writable && !fs->aborted)
		ext_commit(fs);
	if (fs->writable && !fs->aborted && inode->nlink)
		ext_pages_write(ei);
	flags = spin_lock(&fs->dirty_lock);
	dirty = !list_empty(&ei->dirty_node);
	spin_unlock(&fs->dirty_lock, flags);
	if (fs->writable && !fs->aborted && !inode->nlink)
		erase(ei);
	else if (fs->writable && !fs->aborted && dirty)
		ext_inode_write(ei);
	flags = spin_lock(&fs->dirty_lock);
	list_remove(&ei->dirty_node);
	spin_unlock(&fs->dirty_lock, flags);
	hash_remove(ei);
	list_remove(&ei->pages_node);
	if (!mine)
		mutex_unlock(&fs->lock);
	ext_inode_destroy(ei);
}
