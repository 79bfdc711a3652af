/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks and inodes: which are free, taking and giving them back. What a bitmap and its descriptor say is believed only
 * as far as they agree.
 */
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/process.h>
#include <kernel/string.h>

#include "ext.h"

static bool bit_is_set(const struct ext_buffer *bitmap, unsigned bit)
{
	return bitmap->data[bit / 8] >> bit % 8 & 1;
}

static void bit_set(struct ext_buffer *bitmap, unsigned bit)
{
	bitmap->data[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static void bit_clear(struct ext_buffer *bitmap, unsigned bit)
{
	bitmap->data[bit / 8] &= (uint8_t)~(1u << bit % 8);
}

/* The first bit that is clear in [from, to); to: none. */
static unsigned find_clear(const struct ext_buffer *bitmap, unsigned from, unsigned to)
{
	while (from < to) {
		if (from % 8 == 0 && bitmap->data[from / 8] == 0xff)
			from += 8;
		else if (bit_is_set(bitmap, from))
			from++;
		else
			return from;
	}
	return to;
}

/* ---- descriptors' counts ---- */

static unsigned count_get(const struct ext_fs *fs, uint16_t low, uint16_t high)
{
	return fs->group_desc_size >= EXT_GROUP_SIZE_64BIT ? (unsigned)high << 16 | low : low;
}

static unsigned free_blocks(const struct ext_fs *fs, const struct ext_group *desc)
{
	return count_get(fs, desc->free_blocks_lo, desc->free_blocks_hi);
}

static void set_free_blocks(const struct ext_fs *fs, struct ext_group *desc, unsigned n)
{
	desc->free_blocks_lo = (uint16_t)n;
	if (fs->group_desc_size >= EXT_GROUP_SIZE_64BIT)
		desc->free_blocks_hi = (uint16_t)(n >> 16);
}

static unsigned free_inodes(const struct ext_fs *fs, const struct ext_group *desc)
{
	return count_get(fs, desc->free_inodes_lo, desc->free_inodes_hi);
}

static void set_free_inodes(const struct ext_fs *fs, struct ext_group *desc, unsigned n)
{
	desc->free_inodes_lo = (uint16_t)n;
	if (fs->group_desc_size >= EXT_GROUP_SIZE_64BIT)
		desc->free_inodes_hi = (uint16_t)(n >> 16);
}

static void add_used_dirs(const struct ext_fs *fs, struct ext_group *desc, int step)
{
	unsigned n = count_get(fs, desc->used_dirs_lo, desc->used_dirs_hi) + (unsigned)step;

	desc->used_dirs_lo = (uint16_t)n;
	if (fs->group_desc_size >= EXT_GROUP_SIZE_64BIT)
		desc->used_dirs_hi = (uint16_t)(n >> 16);
}

/* ---- blocks ---- */

/* From one group; *count 0: there is nothing free in it. */
static int alloc_in_group(struct ext_fs *fs, unsigned group, unsigned from, unsigned want, uint64_t *block,
			  unsigned *count)
{
	unsigned blocks = ext_group_blocks(fs, group), bit, n = 0, left;
	struct ext_buffer *desc_buffer, *bitmap;
	struct ext_group *desc;
	int err = ext_group_get(fs, group, &desc, &desc_buffer);

	*count = 0;
	if (err)
		return err;
	left = free_blocks(fs, desc);
	if (!left)
		goto out;
	err = ext_bitmap_get(fs, group, EXT_BLOCK_BITMAP, desc, desc_buffer, &bitmap);
	if (err)
		goto out;
	bit = find_clear(bitmap, min(from, blocks), blocks);
	if (bit == blocks)
		bit = find_clear(bitmap, 0, blocks);
	for (; n < want && n < left && bit + n < blocks && !bit_is_set(bitmap, bit + n); n++)
		bit_set(bitmap, bit + n);
	if (n) {
		ext_buffer_dirty(fs, bitmap);
		*block = fs->first_data_block + (uint64_t)group * fs->blocks_per_group + bit;
		*count = n;
	} else {
		ext_corrupt(fs, "group %u: %u blocks are free, but none can be found", group, left);
	}
	set_free_blocks(fs, desc, n ? left - n : 0);
	fs->free_blocks -= min((uint64_t)n, fs->free_blocks);
	ext_buffer_dirty(fs, desc_buffer);
	ext_buffer_put(fs, bitmap);
	/* A bitmap may say that a block is free which cannot be anybody's. */
	if (n && !ext_block_is_valid(fs, *block, n))
		err = ext_corrupt(fs, "block %llu is free", (unsigned long long)*block);
out:
	ext_buffer_put(fs, desc_buffer);
	return err;
}

int ext_blocks_alloc(struct ext_fs *fs, uint64_t goal, unsigned want, uint64_t *block, unsigned *count)
{
	unsigned first, from = 0;
	int err;

	if (fs->free_blocks <= fs->reserved_blocks && !cred_capable(credentials_current(), CAP_SYS_RESOURCE))
		return -ENOSPC;
	if (!ext_block_is_valid(fs, goal, 1))
		goal = fs->first_data_block;
	first = (unsigned)((goal - fs->first_data_block) / fs->blocks_per_group);
	from = (unsigned)((goal - fs->first_data_block) % fs->blocks_per_group);
	for (unsigned i = 0; i < fs->group_count; i++) {
		err = alloc_in_group(fs, (first + i) % fs->group_count, i ? 0 : from, want, block, count);
		if (err)
			return err;
		if (*count) {
			/* What the device's own files show of them is what they were. */
			ext_super_changed(fs);
			return 0;
		}
	}
	return -ENOSPC;
}

/* Remembers them until the commit; where there is no memory for that, they are free at once. */
void ext_blocks_free(struct ext_fs *fs, uint64_t block, uint64_t count)
{
	struct ext_freed *last = fs->freed_count ? &fs->freed[fs->freed_count - 1] : NULL;

	if (!ext_block_is_valid(fs, block, count)) {
		ext_corrupt(fs, "blocks %llu to %llu are given up", (unsigned long long)block,
			    (unsigned long long)(block + count - 1));
		return;
	}
	for (uint64_t i = 0; i < count; i++)
		ext_buffer_forget(fs, block + i);
	fs->freed_blocks += count;
	if (last && last->block + last->count == block && last->count + count <= UINT32_MAX) {
		last->count += (uint32_t)count;
		return;
	}
	if (fs->freed_count == fs->freed_room) {
		size_t room = fs->freed_room ? 2 * fs->freed_room : 64;
		struct ext_freed *more = heap_resize(fs->freed, room * sizeof(*more));

		if (!more) {
			log_warning("ext: no memory to remember %llu free blocks; e2fsck finds them",
				    (unsigned long long)count);
			fs->freed_blocks -= count;
			return;
		}
		fs->freed = more;
		fs->freed_room = room;
	}
	fs->freed[fs->freed_count++] = (struct ext_freed){ block, (uint32_t)count };
}

static int free_in_group(struct ext_fs *fs, unsigned group, unsigned bit, unsigned count)
{
	struct ext_buffer *desc_buffer, *bitmap;
	struct ext_group *desc;
	unsigned n = 0;
	int err = ext_group_get(fs, group, &desc, &desc_buffer);

	if (err)
		return err;
	err = ext_bitmap_get(fs, group, EXT_BLOCK_BITMAP, desc, desc_buffer, &bitmap);
	if (!err) {
		for (unsigned i = 0; i < count; i++) {
			n += bit_is_set(bitmap, bit + i);
			bit_clear(bitmap, bit + i);
		}
		if (n < count)
			err = ext_corrupt(fs, "group %u: blocks were given up twice", group);
		set_free_blocks(fs, desc, min(free_blocks(fs, desc) + n, ext_group_blocks(fs, group)));
		fs->free_blocks += n;
		ext_buffer_dirty(fs, bitmap);
		ext_buffer_dirty(fs, desc_buffer);
		ext_buffer_put(fs, bitmap);
	}
	ext_buffer_put(fs, desc_buffer);
	return err;
}

int ext_freed_apply(struct ext_fs *fs)
{
	int first_err = 0;

	for (size_t i = 0; i < fs->freed_count; i++) {
		uint64_t at = fs->freed[i].block - fs->first_data_block, end = at + fs->freed[i].count;

		while (at < end) {
			unsigned bit = (unsigned)(at % fs->blocks_per_group);
			unsigned n = (unsigned)min((uint64_t)fs->blocks_per_group - bit, end - at);
			int err = free_in_group(fs, (unsigned)(at / fs->blocks_per_group), bit, n);

			first_err = first_err ?: err;
			at += n;
		}
	}
	if (fs->freed_count)
		ext_super_changed(fs);
	fs->freed_count = 0;
	fs->freed_blocks = 0;
	return first_err;
}

/* ---- inodes ---- */

static int ino_in_group(struct ext_fs *fs, unsigned group, bool directory, uint32_t *ino)
{
	struct ext_buffer *desc_buffer, *bitmap;
	struct ext_group *desc;
	unsigned bit, from = group * fs->inodes_per_group + 1 < fs->first_ino ? fs->first_ino - 1 : 0, unused;
	int err = ext_group_get(fs, group, &desc, &desc_buffer);

	*ino = 0;
	if (err)
		return err;
	if (!free_inodes(fs, desc) || from >= fs->inodes_per_group)
		goto out;
	err = ext_bitmap_get(fs, group, EXT_INODE_BITMAP, desc, desc_buffer, &bitmap);
	if (err)
		goto out;
	bit = find_clear(bitmap, from, fs->inodes_per_group);
	if (bit < fs->inodes_per_group) {
		bit_set(bitmap, bit);
		ext_buffer_dirty(fs, bitmap);
		*ino = group * fs->inodes_per_group + bit + 1;
		set_free_inodes(fs, desc, free_inodes(fs, desc) - 1);
		fs->free_inodes -= fs->free_inodes > 0;
		if (directory)
			add_used_dirs(fs, desc, 1);
		/* How many at the end of the table were never used. */
		unused = count_get(fs, desc->unused_inodes_lo, desc->unused_inodes_hi);
		unused = min(unused, fs->inodes_per_group - bit - 1);
		if (fs->has_csum || fs->has_gdt_csum) {
			desc->unused_inodes_lo = (uint16_t)unused;
			if (fs->group_desc_size >= EXT_GROUP_SIZE_64BIT)
				desc->unused_inodes_hi = (uint16_t)(unused >> 16);
		}
	} else {
		ext_corrupt(fs, "group %u: inodes are free, but none can be found", group);
		set_free_inodes(fs, desc, 0);
	}
	ext_buffer_dirty(fs, desc_buffer);
	ext_buffer_put(fs, bitmap);
out:
	ext_buffer_put(fs, desc_buffer);
	return err;
}

int ext_ino_alloc(struct ext_fs *fs, bool directory, uint32_t *ino)
{
	for (unsigned i = 0; i < fs->group_count; i++) {
		unsigned group = (fs->inode_goal + i) % fs->group_count;
		int err = ino_in_group(fs, group, directory, ino);

		if (err)
			return err;
		if (*ino) {
			fs->inode_goal = group;
			ext_super_changed(fs);
			return 0;
		}
	}
	return -ENOSPC;
}

int ext_ino_free(struct ext_fs *fs, uint32_t ino, bool directory)
{
	unsigned group = (ino - 1) / fs->inodes_per_group, bit = (ino - 1) % fs->inodes_per_group;
	struct ext_buffer *desc_buffer, *bitmap;
	struct ext_group *desc;
	int err = ext_group_get(fs, group, &desc, &desc_buffer);

	if (err)
		return err;
	err = ext_bitmap_get(fs, group, EXT_INODE_BITMAP, desc, desc_buffer, &bitmap);
	if (!err) {
		if (!bit_is_set(bitmap, bit))
			err = ext_corrupt(fs, "inode %u was given up twice", ino);
		bit_clear(bitmap, bit);
		set_free_inodes(fs, desc, min(free_inodes(fs, desc) + 1, fs->inodes_per_group));
		fs->free_inodes++;
		if (directory)
			add_used_dirs(fs, desc, -1);
		ext_buffer_dirty(fs, bitmap);
		ext_buffer_dirty(fs, desc_buffer);
		ext_buffer_put(fs, bitmap);
		ext_super_changed(fs);
	}
	ext_buffer_put(fs, desc_buffer);
	return err;
}
