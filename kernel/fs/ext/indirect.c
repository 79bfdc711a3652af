/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of blocks: twelve in the inode, then a block of numbers, one of such blocks, and one of those. A list that
 * leads into itself costs what its numbers are, as each is forgotten when it is freed.
 */
#include <kernel/string.h>

#include "ext.h"

#define DIRECT 12u
#define LEVELS 3u
#define RUN_MAX 64u

/* The way to a block: the slot in the inode, and those in the lists below it. */
struct way {
	unsigned slot, levels;
	unsigned at[LEVELS];
};

static int find_way(const struct ext_inode *ei, uint64_t block, struct way *way)
{
	uint64_t each = ei->fs->block_size / sizeof(uint32_t), span = 1;

	way->levels = 0;
	way->slot = (unsigned)block;
	if (block < DIRECT)
		return 0;
	block -= DIRECT;
	for (unsigned level = 1; level <= LEVELS; level++) {
		span *= each;
		if (block < span) {
			way->slot = DIRECT + level - 1;
			way->levels = level;
			for (unsigned i = 0; i < level; i++) {
				span /= each;
				way->at[i] = (unsigned)(block / span);
				block %= span;
			}
			return 0;
		}
		block -= span;
	}
	return -EFBIG;
}

static int check(struct ext_inode *ei, uint32_t number)
{
	return ext_block_is_valid(ei->fs, number, 1)
		       ? 0
		       : ext_corrupt(ei->fs, "inode %llu: it has block %u", (unsigned long long)ei->inode.ino, number);
}

int ext_indirect_map(struct ext_inode *ei, uint32_t block, struct ext_run *run)
{
	const uint32_t *numbers = ei->block;
	struct ext_buffer *buffer = NULL;
	unsigned at, end = DIRECT;
	struct way way;
	int err = find_way(ei, block, &way);

	*run = (struct ext_run){ 0, 1, false };
	at = way.slot;
	for (unsigned level = 0; !err && level < way.levels && numbers[at]; level++) {
		struct ext_buffer *next;

		err = check(ei, numbers[at]) ?: ext_buffer_read(ei->fs, numbers[at], EXT_TREE, &next);
		if (err)
			break;
		if (buffer)
			ext_buffer_put(ei->fs, buffer);
		buffer = next;
		numbers = (const uint32_t *)buffer->data;
		at = way.at[level];
		end = ei->fs->block_size / sizeof(uint32_t);
		if (level + 1 == way.levels)
			break;
	}
	/* Where a list was missing on the way, numbers[at] is 0. */
	if (!err && numbers[at]) {
		err = check(ei, numbers[at]);
		run->start = numbers[at];
		while (!err && run->len < RUN_MAX && at + run->len < end &&
		       numbers[at + run->len] == run->start + run->len)
			run->len++;
		if (!err && !ext_block_is_valid(ei->fs, run->start, run->len))
			err = check(ei, (uint32_t)(run->start + run->len - 1));
	}
	if (buffer)
		ext_buffer_put(ei->fs, buffer);
	return err;
}

/* A block for a slot that has none. */
static int fill(struct ext_inode *ei, uint32_t *number)
{
	uint64_t goal = ei->goal, block;
	unsigned count;
	int err;

	if (!goal)
		goal = ei->fs->first_data_block +
		       (uint64_t)((ei->inode.ino - 1) / ei->fs->inodes_per_group) * ei->fs->blocks_per_group;
	err = ext_blocks_alloc(ei->fs, goal, 1, &block, &count);
	if (err)
		return err;
	if (block > UINT32_MAX) {
		ext_blocks_free(ei->fs, block, 1);
		return -ENOSPC;
	}
	*number = (uint32_t)block;
	ei->goal = block + 1;
	ei->sectors += ext_sectors(ei->fs);
	ext_inode_changed(&ei->inode);
	return 0;
}

int ext_indirect_create(struct ext_inode *ei, uint32_t block, struct ext_run *run, bool *fresh)
{
	struct ext_buffer *buffer = NULL;
	uint32_t *number;
	struct way way;
	int err = find_way(ei, block, &way);

	number = &ei->block[way.slot];
	for (unsigned level = 0; !err && level < way.levels; level++) {
		struct ext_buffer *next;

		if (*number) {
			err = check(ei, *number) ?: ext_buffer_read(ei->fs, *number, EXT_TREE, &next);
		} else {
			err = fill(ei, number);
			if (!err)
				err = ext_buffer_new(ei->fs, *number, EXT_TREE, &next);
			if (!err && buffer)
				ext_buffer_dirty(ei->fs, buffer);
		}
		if (err)
			break;
		if (buffer)
			ext_buffer_put(ei->fs, buffer);
		buffer = next;
		number = (uint32_t *)buffer->data + way.at[level];
	}
	if (!err && !*number) {
		err = fill(ei, number);
		if (!err && buffer)
			ext_buffer_dirty(ei->fs, buffer);
		*fresh = !err;
	}
	if (!err)
		err = check(ei, *number);
	if (!err)
		*run = (struct ext_run){ *number, 1, false };
	if (buffer)
		ext_buffer_put(ei->fs, buffer);
	return err;
}

static void give_up(struct ext_inode *ei, uint32_t *number)
{
	ext_blocks_free(ei->fs, *number, 1);
	ei->sectors -= min(ei->sectors, (uint64_t)ext_sectors(ei->fs));
	*number = 0;
}

static bool is_zero(const uint32_t *numbers, size_t count)
{
	while (count && !*numbers) {
		numbers++;
		count--;
	}
	return !count;
}

/* Frees the part of [first, last] that a slot is for: span blocks of the file from base on. */
static int free_below(struct ext_inode *ei, uint32_t *number, unsigned level, uint64_t base, uint64_t span,
		      uint64_t first, uint64_t last)
{
	uint64_t each = ei->fs->block_size / sizeof(uint32_t), part = span / each;
	struct ext_buffer *buffer;
	uint32_t *numbers;
	int err;

	if (!*number || last < base || first >= base + span)
		return 0;
	if (!ext_block_is_valid(ei->fs, *number, 1)) {
		err = check(ei, *number);
		*number = 0;
		return err;
	}
	if (!level) {
		give_up(ei, number);
		return 0;
	}
	err = ext_buffer_read(ei->fs, *number, EXT_TREE, &buffer);
	if (err) {
		*number = 0; /* what it led to is lost until e2fsck finds it */
		return err;
	}
	numbers = (uint32_t *)buffer->data;
	for (uint64_t i = 0; i < each; i++) {
		int one = free_below(ei, &numbers[i], level - 1, base + i * part, part, first, last);

		err = err ?: one;
	}
	ext_buffer_dirty(ei->fs, buffer);
	ext_buffer_put(ei->fs, buffer);
	if (is_zero(numbers, each))
		give_up(ei, number);
	return err;
}

int ext_indirect_unmap(struct ext_inode *ei, uint64_t first, uint64_t last)
{
	uint64_t each = ei->fs->block_size / sizeof(uint32_t), base = DIRECT, span = each;
	int err = 0;

	for (unsigned i = 0; i < DIRECT; i++)
		err = free_below(ei, &ei->block[i], 0, i, 1, first, last) ?: err;
	for (unsigned level = 1; level <= LEVELS; level++) {
		err = free_below(ei, &ei->block[DIRECT + level - 1], level, base, span, first, last) ?: err;
		base += span;
		span *= each;
	}
	ei->goal = 0;
	ext_inode_changed(&ei->inode);
	return err;
}
