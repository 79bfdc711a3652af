/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extents: a file's are all in memory, in order, once one was needed, and every change is made there; the tree on the
 * disk is written anew when the inode is, into blocks that were taken when the extents came (extent_tree.c).
 */
#include <kernel/heap.h>
#include <kernel/string.h>

#include "extent.h"

#define ONE_FILL 1024u	/* blocks that one call takes at most */

/* The first extent that ends after block. */
static size_t find(const struct ext_inode *ei, uint64_t block)
{
	size_t low = 0, high = ei->extent_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uint64_t)ei->extents[middle].block + ei->extents[middle].len <= block)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int ext_extents_reserve(struct ext_inode *ei, size_t count)
{
	size_t room = max(count, 2 * ei->extent_room);
	struct ext_extent *more;

	if (count <= ei->extent_room)
		return 0;
	more = heap_resize(ei->extents, max(room, (size_t)4) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	ei->extents = more;
	ei->extent_room = max(room, (size_t)4);
	return 0;
}

static void changed(struct ext_inode *ei)
{
	ei->extents_changed = true;
	ext_inode_changed(&ei->inode);
}

static void insert_at(struct ext_inode *ei, size_t at, struct ext_extent extent)
{
	memmove(&ei->extents[at + 1], &ei->extents[at], (ei->extent_count - at) * sizeof(extent));
	ei->extents[at] = extent;
	ei->extent_count++;
}

static void remove_at(struct ext_inode *ei, size_t at)
{
	ei->extent_count--;
	memmove(&ei->extents[at], &ei->extents[at + 1], (ei->extent_count - at) * sizeof(ei->extents[0]));
}

/* Joins an extent with the one after it, where they are one. */
static void join(struct ext_inode *ei, size_t at)
{
	struct ext_extent *a = &ei->extents[at], *b = a + 1;

	if (at + 1 >= ei->extent_count || a->unwritten != b->unwritten || a->block + a->len != b->block ||
	    a->start + a->len != b->start || a->len + b->len > EXT_EXTENT_INITIALIZED_MAX - 1)
		return;
	a->len += b->len;
	remove_at(ei, at + 1);
}

int ext_extents_map(struct ext_inode *ei, uint32_t block, struct ext_run *run)
{
	int err = ext_extents_load(ei);
	const struct ext_extent *e;
	size_t at;

	if (err)
		return err;
	at = find(ei, block);
	e = &ei->extents[at];
	if (at == ei->extent_count)
		*run = (struct ext_run){ 0, UINT32_MAX - block, false };
	else if (e->block > block)
		*run = (struct ext_run){ 0, e->block - block, false };
	else
		*run = (struct ext_run){ e->start + (block - e->block), e->len - (block - e->block), e->unwritten };
	return 0;
}

/* Near what is before it in the file, else where the inode is. */
static uint64_t goal_of(const struct ext_inode *ei, size_t at, uint32_t block)
{
	const struct ext_fs *fs = ei->fs;

	if (at) {
		const struct ext_extent *before = &ei->extents[at - 1];

		return before->start + (block - before->block);
	}
	return fs->first_data_block + (uint64_t)((ei->inode.ino - 1) / fs->inodes_per_group) * fs->blocks_per_group;
}

/* Part of an extent becomes one that was written: up to three of what was one. */
static void split_written(struct ext_inode *ei, size_t at, uint32_t block, uint32_t len)
{
	struct ext_extent whole = ei->extents[at];
	uint32_t before = block - whole.block, after = whole.len - before - len;

	ei->extents[at] = (struct ext_extent){ block, len, whole.start + before, false };
	if (after)
		insert_at(ei, at + 1, (struct ext_extent){ block + len, after, whole.start + before + len, true });
	if (before)
		insert_at(ei, at++, (struct ext_extent){ whole.block, before, whole.start, true });
	join(ei, at);
	if (at)
		join(ei, at - 1);
}

int ext_extents_create(struct ext_inode *ei, uint32_t block, unsigned want, struct ext_run *run, bool *fresh)
{
	int err = ext_extents_map(ei, block, run);
	unsigned count;
	size_t at;

	if (err || (run->start && !run->unwritten))
		return err;
	want = min(min(want, run->len), ONE_FILL);
	at = find(ei, block);
	err = ext_extents_reserve(ei, ei->extent_count + 2);
	if (!err)
		err = ext_nodes_reserve(ei, ei->extent_count + 2);
	if (err)
		return err;
	*fresh = true;
	if (run->start) {
		split_written(ei, at, block, want);
		*run = (struct ext_run){ run->start, want, false };
		changed(ei);
		return 0;
	}
	err = ext_blocks_alloc(ei->fs, goal_of(ei, at, block), want, &run->start, &count);
	if (err)
		return err;
	insert_at(ei, at, (struct ext_extent){ block, count, run->start, false });
	join(ei, at);
	if (at)
		join(ei, at - 1);
	ei->sectors += (uint64_t)count * ext_sectors(ei->fs);
	*run = (struct ext_run){ run->start, count, false };
	changed(ei);
	return 0;
}

int ext_extents_unmap(struct ext_inode *ei, uint64_t first, uint64_t last)
{
	int err = ext_extents_load(ei);
	size_t at;

	if (err)
		return err;
	at = find(ei, first);
	while (at < ei->extent_count && ei->extents[at].block <= last) {
		struct ext_extent *e = &ei->extents[at];
		uint64_t end = (uint64_t)e->block + e->len, from = max(first, (uint64_t)e->block);
		uint64_t to = min(last + 1, end), start = e->start + (from - e->block);
		uint32_t tail = (uint32_t)(end - to), head = (uint32_t)(from - e->block);

		if (head && tail) {
			struct ext_extent rest = { (uint32_t)to, tail, e->start + (to - e->block), e->unwritten };

			err = ext_extents_reserve(ei, ei->extent_count + 1);
			if (!err)
				err = ext_nodes_reserve(ei, ei->extent_count + 1);
			if (err)
				return err;
			ei->extents[at].len = head;
			insert_at(ei, ++at, rest);
		} else if (head) {
			e->len = head;
			at++;
		} else if (tail) {
			*e = (struct ext_extent){ (uint32_t)to, tail, e->start + (to - e->block), e->unwritten };
		} else {
			remove_at(ei, at);
		}
		ext_blocks_free(ei->fs, start, to - from);
		ei->sectors -= min(ei->sectors, (to - from) * ext_sectors(ei->fs));
		changed(ei);
	}
	return 0;
}
