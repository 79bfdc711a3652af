/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree of a file's extents on the disk: read as a whole, with every number of it checked, and written as a whole.
 * What it says must be in order, so that no block of it can be met twice.
 */
#include <kernel/crc32.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#include "extent.h"

#define ROOT_SIZE (EXT_INODE_BLOCKS * sizeof(uint32_t))
#define ENTRY_SIZE sizeof(struct ext_extent_leaf)
#define ROOT_ENTRIES ((unsigned)((ROOT_SIZE - sizeof(struct ext_extent_header)) / ENTRY_SIZE))

_Static_assert(sizeof(struct ext_extent_leaf) == sizeof(struct ext_extent_index), "entries are of one size");

static unsigned node_entries(const struct ext_fs *fs)
{
	return (unsigned)((fs->block_size - sizeof(struct ext_extent_header)) / ENTRY_SIZE);
}

static int wrong(struct ext_inode *ei, const char *what)
{
	return ext_corrupt(ei->fs, "inode %llu: its extents: %s", (unsigned long long)ei->inode.ino, what);
}

/* ---- reading ---- */

static int add_node(struct ext_inode *ei, uint64_t block)
{
	if (ei->node_count == ei->node_room) {
		size_t room = ei->node_room ? 2 * ei->node_room : 4;
		uint64_t *more = heap_resize(ei->nodes, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		ei->nodes = more;
		ei->node_room = room;
	}
	ei->nodes[ei->node_count++] = block;
	return 0;
}

/* One past the last block that is described so far. */
static uint64_t end_of(const struct ext_inode *ei)
{
	const struct ext_extent *last = &ei->extents[ei->extent_count - 1];

	return ei->extent_count ? (uint64_t)last->block + last->len : 0;
}

static int add_leaf(struct ext_inode *ei, const struct ext_extent_leaf *leaf, uint64_t low, uint64_t high)
{
	struct ext_extent e = { leaf->block, leaf->len, leaf->start_lo | (uint64_t)leaf->start_hi << 32, false };
	int err;

	if (e.len > EXT_EXTENT_INITIALIZED_MAX) {
		e.len -= EXT_EXTENT_INITIALIZED_MAX;
		e.unwritten = true;
	}
	if (!e.len || e.block < low || e.block < end_of(ei) || (uint64_t)e.block + e.len > high)
		return wrong(ei, "they are not in order");
	if (!ext_block_is_valid(ei->fs, e.start, e.len))
		return wrong(ei, "they are not on the disk");
	err = ext_extents_reserve(ei, ei->extent_count + 1);
	if (!err)
		ei->extents[ei->extent_count++] = e;
	return err;
}

static int load_node(struct ext_inode *ei, const struct ext_extent_header *header, unsigned capacity, unsigned depth,
		     uint64_t low, uint64_t high);

static int load_child(struct ext_inode *ei, uint64_t block, unsigned depth, uint64_t low, uint64_t high)
{
	struct ext_fs *fs = ei->fs;
	struct ext_buffer *buffer;
	size_t before = ei->extent_count;
	uint32_t sum;
	int err = ext_buffer_read(fs, block, EXT_TREE, &buffer);

	if (err)
		return err;
	memcpy(&sum, buffer->data + sizeof(struct ext_extent_header) + node_entries(fs) * ENTRY_SIZE, sizeof(sum));
	if (fs->has_csum && !buffer->dirty &&
	    sum != crc32c_raw(ext_inode_seed(ei), buffer->data,
			      sizeof(struct ext_extent_header) + node_entries(fs) * ENTRY_SIZE))
		err = wrong(ei, "a checksum is wrong");
	if (!err)
		err = add_node(ei, block);
	if (!err)
		err = load_node(ei, (const void *)buffer->data, node_entries(fs), depth, low, high);
	ext_buffer_put(fs, buffer);
	/* A node that adds nothing could be met again and again. */
	return err || ei->extent_count > before ? err : wrong(ei, "a node is empty");
}

static int load_node(struct ext_inode *ei, const struct ext_extent_header *header, unsigned capacity, unsigned depth,
		     uint64_t low, uint64_t high)
{
	const struct ext_extent_leaf *leaves = (const void *)(header + 1);
	const struct ext_extent_index *indexes = (const void *)(header + 1);
	int err = 0;

	if (header->magic != EXT_EXTENT_MAGIC || header->depth != depth || header->entries > header->max ||
	    header->max > capacity)
		return wrong(ei, "a header is wrong");
	for (unsigned i = 0; !err && i < header->entries; i++) {
		uint64_t next = i + 1u < header->entries ? indexes[i + 1].block : high;

		if (!depth)
			err = add_leaf(ei, &leaves[i], low, high);
		else if (indexes[i].block < low || next <= indexes[i].block || next > high)
			err = wrong(ei, "nodes are not in order");
		else
			err = load_child(ei, indexes[i].leaf_lo | (uint64_t)indexes[i].leaf_hi << 32, depth - 1,
					 indexes[i].block, next);
	}
	return err;
}

int ext_extents_load(struct ext_inode *ei)
{
	const struct ext_extent_header *root = (const void *)ei->block;
	int err;

	if (ei->extents_loaded)
		return 0;
	ei->extent_count = ei->node_count = 0;
	if (root->depth > EXT_EXTENT_DEPTH_MAX)
		err = wrong(ei, "the tree is too high");
	else
		err = load_node(ei, root, ROOT_ENTRIES, root->depth, 0, UINT32_MAX);
	ei->extents_loaded = !err;
	return err;
}

/* ---- writing ---- */

static size_t nodes_needed(const struct ext_fs *fs, size_t count)
{
	size_t total = 0, each = node_entries(fs);

	while (count > ROOT_ENTRIES) {
		count = (count + each - 1) / each;
		total += count;
	}
	return total;
}

int ext_nodes_reserve(struct ext_inode *ei, size_t count)
{
	size_t needed = nodes_needed(ei->fs, count);
	uint64_t block, goal = ei->extent_count ? ei->extents[ei->extent_count - 1].start : 0;
	unsigned got;
	int err = 0;

	while (!err && ei->node_count < needed) {
		err = ext_blocks_alloc(ei->fs, goal, 1, &block, &got);
		if (err)
			break;
		err = add_node(ei, block);
		if (err)
			ext_blocks_free(ei->fs, block, 1);
		else
			ei->sectors += ext_sectors(ei->fs);
	}
	return err;
}

static struct ext_extent_leaf leaf_of(const struct ext_extent *e)
{
	return (struct ext_extent_leaf){
		.block = e->block,
		.len = (uint16_t)(e->len + (e->unwritten ? EXT_EXTENT_INITIALIZED_MAX : 0)),
		.start_lo = (uint32_t)e->start,
		.start_hi = (uint16_t)(e->start >> 32),
	};
}

/* One level of the tree, of count entries: leaves, or the nodes of the level below, of which each begins stride on. */
struct level {
	unsigned depth;
	size_t count, stride;
	const uint64_t *nodes;	/* what the entries lead to; NULL: they are extents */
};

/* Writes entries [first, first + count) of a level behind a header. True when that changed anything. */
static bool write_entries(const struct ext_inode *ei, void *to, unsigned capacity, const struct level *level,
			  size_t first, size_t count)
{
	struct ext_extent_header header = { EXT_EXTENT_MAGIC, (uint16_t)count, (uint16_t)capacity,
					    (uint16_t)level->depth, 0 };
	uint8_t *at = (uint8_t *)to + sizeof(header);
	bool changes = memcmp(to, &header, sizeof(header)) != 0;

	memcpy(to, &header, sizeof(header));
	for (size_t i = first; i < first + count; i++, at += ENTRY_SIZE) {
		union {
			struct ext_extent_leaf leaf;
			struct ext_extent_index index;
		} entry;

		if (level->nodes)
			entry.index = (struct ext_extent_index){ ei->extents[i * level->stride].block,
								 (uint32_t)level->nodes[i],
								 (uint16_t)(level->nodes[i] >> 32), 0 };
		else
			entry.leaf = leaf_of(&ei->extents[i]);
		if (memcmp(at, &entry, ENTRY_SIZE)) {
			memcpy(at, &entry, ENTRY_SIZE);
			changes = true;
		}
	}
	return changes;
}

static int write_node(struct ext_inode *ei, uint64_t block, const struct level *level, size_t first, size_t count)
{
	struct ext_fs *fs = ei->fs;
	unsigned capacity = node_entries(fs);
	size_t size = sizeof(struct ext_extent_header) + capacity * ENTRY_SIZE;
	struct ext_buffer *buffer;
	uint32_t sum;
	int err = ext_buffer_read(fs, block, EXT_TREE, &buffer);

	if (err)
		return err;
	if (write_entries(ei, buffer->data, capacity, level, first, count) || buffer->dirty) {
		memset(buffer->data + sizeof(struct ext_extent_header) + count * ENTRY_SIZE, 0,
		       (capacity - count) * ENTRY_SIZE);
		sum = crc32c_raw(ext_inode_seed(ei), buffer->data, size);
		if (fs->has_csum)
			memcpy(buffer->data + size, &sum, sizeof(sum));
		ext_buffer_dirty(fs, buffer);
	}
	ext_buffer_put(fs, buffer);
	return 0;
}

int ext_extents_write(struct ext_inode *ei)
{
	struct level level = { 0, ei->extent_count, 1, NULL };
	size_t each = node_entries(ei->fs), used = 0;
	int err = 0;

	while (!err && level.count > ROOT_ENTRIES) {
		size_t nodes = (level.count + each - 1) / each;

		for (size_t i = 0; !err && i < nodes; i++)
			err = write_node(ei, ei->nodes[used + i], &level, i * each, min(each, level.count - i * each));
		level = (struct level){ level.depth + 1, nodes, level.stride * each, &ei->nodes[used] };
		used += nodes;
	}
	if (err)
		return err;
	memset(ei->block, 0, sizeof(ei->block));
	write_entries(ei, ei->block, ROOT_ENTRIES, &level, 0, level.count);
	while (ei->node_count > used) {
		ext_blocks_free(ei->fs, ei->nodes[--ei->node_count], 1);
		ei->sectors -= min(ei->sectors, (uint64_t)ext_sectors(ei->fs));
	}
	ei->extents_changed = false;
	return 0;
}
