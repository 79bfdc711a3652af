/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Buffers of metadata. Dirty ones stay until they are committed; of those that are clean and nobody holds, the least
 * used go when there are many.
 */
#include <kernel/heap.h>
#include <kernel/string.h>

#include "ext.h"

#define CLEAN_MAX 512

static struct ext_buffer **bucket_of(struct ext_fs *fs, uint64_t block)
{
	return &fs->buffer_hash[block % EXT_BUFFER_HASH];
}

static struct ext_buffer *find(struct ext_fs *fs, uint64_t block)
{
	for (struct ext_buffer *b = *bucket_of(fs, block); b; b = b->hash_next)
		if (b->block == block)
			return b;
	return NULL;
}

static void destroy(struct ext_fs *fs, struct ext_buffer *buffer)
{
	struct ext_buffer **at = bucket_of(fs, buffer->block);

	while (*at != buffer)
		at = &(*at)->hash_next;
	*at = buffer->hash_next;
	list_remove(&buffer->node);
	if (!buffer->dirty)
		fs->clean_count--;
	heap_free(buffer);
}

static void trim(struct ext_fs *fs)
{
	list_foreach_safe(&fs->clean, struct ext_buffer, node, b) {
		if (fs->clean_count < CLEAN_MAX)
			return;
		if (!b->refs)
			destroy(fs, b);
	}
}

static struct ext_buffer *create(struct ext_fs *fs, uint64_t block, enum ext_role role)
{
	struct ext_buffer *buffer;

	trim(fs);
	buffer = heap_alloc(sizeof(*buffer) + fs->block_size);
	if (!buffer)
		return NULL;
	buffer->block = block;
	buffer->refs = 1;
	buffer->role = role;
	buffer->dirty = buffer->checked = false;
	buffer->owner = 0;
	buffer->hash_next = *bucket_of(fs, block);
	*bucket_of(fs, block) = buffer;
	list_append(&fs->clean, &buffer->node);
	fs->clean_count++;
	return buffer;
}

/* Takes one that is there for a role: nothing may rely on it in another. */
static int reuse(struct ext_fs *fs, struct ext_buffer *buffer, enum ext_role role)
{
	if (buffer->role != role) {
		if (buffer->dirty || buffer->refs)
			return ext_corrupt(fs, "block %llu is used for two things", (unsigned long long)buffer->block);
		buffer->role = role;
		buffer->checked = false;
	}
	buffer->refs++;
	if (!buffer->dirty) {
		list_remove(&buffer->node);
		list_append(&fs->clean, &buffer->node);
	}
	return 0;
}

/* The superblock may lie in block 0, and what a descriptor says of its group is checked where it is used. */
static bool is_on_disk(const struct ext_fs *fs, uint64_t block, enum ext_role role)
{
	return role == EXT_SUPER || role == EXT_GROUPS ? block < fs->blocks_count : ext_block_is_valid(fs, block, 1);
}

int ext_buffer_read(struct ext_fs *fs, uint64_t block, enum ext_role role, struct ext_buffer **out)
{
	struct ext_buffer *buffer = find(fs, block);
	ssize_t n;
	int err;

	if (buffer) {
		err = reuse(fs, buffer, role);
		*out = buffer;
		return err;
	}
	if (!is_on_disk(fs, block, role))
		return ext_corrupt(fs, "block %llu is not on the disk", (unsigned long long)block);
	buffer = create(fs, block, role);
	if (!buffer)
		return -ENOMEM;
	n = block_cache_read(fs->dev, block << fs->block_shift, buffer->data, fs->block_size);
	if (n != (ssize_t)fs->block_size) {
		buffer->refs = 0;
		destroy(fs, buffer);
		atomic_fetch_add(&fs->io_errors, 1);
		return n < 0 && n != -EIO ? (int)n : -EIO;
	}
	*out = buffer;
	return 0;
}

int ext_buffer_new(struct ext_fs *fs, uint64_t block, enum ext_role role, struct ext_buffer **out)
{
	struct ext_buffer *buffer = find(fs, block);
	int err;

	if (buffer) {
		err = reuse(fs, buffer, role);
		if (err)
			return err;
	} else {
		if (!is_on_disk(fs, block, role))
			return ext_corrupt(fs, "block %llu is not on the disk", (unsigned long long)block);
		buffer = create(fs, block, role);
		if (!buffer)
			return -ENOMEM;
	}
	memset(buffer->data, 0, fs->block_size);
	buffer->checked = true;
	ext_buffer_dirty(fs, buffer);
	*out = buffer;
	return 0;
}

void ext_buffer_put(struct ext_fs *fs UNUSED, struct ext_buffer *buffer)
{
	buffer->refs--;
}

void ext_buffer_dirty(struct ext_fs *fs, struct ext_buffer *buffer)
{
	if (buffer->dirty)
		return;
	buffer->dirty = true;
	fs->clean_count--;
	fs->dirty_count++;
	list_remove(&buffer->node);
	list_append(&fs->dirty, &buffer->node);
}

void ext_buffer_clean(struct ext_fs *fs, struct ext_buffer *buffer)
{
	if (!buffer->dirty)
		return;
	buffer->dirty = false;
	fs->dirty_count--;
	fs->clean_count++;
	list_remove(&buffer->node);
	list_append(&fs->clean, &buffer->node);
}

/* One that is held (a hostile disk says that a file's block is the superblock) stays. */
void ext_buffer_forget(struct ext_fs *fs, uint64_t block)
{
	struct ext_buffer *buffer = find(fs, block);

	if (!buffer || buffer->refs)
		return;
	ext_buffer_clean(fs, buffer);
	destroy(fs, buffer);
}

void ext_buffers_free(struct ext_fs *fs)
{
	for (unsigned i = 0; i < EXT_BUFFER_HASH; i++)
		while (fs->buffer_hash[i])
			destroy(fs, fs->buffer_hash[i]);
}

/* Bitmaps' checksums are in descriptors, and so come first. */
int ext_buffers_seal(struct ext_fs *fs)
{
	int err = 0;

	if (!fs->has_csum && !fs->has_gdt_csum)
		return 0;
	list_foreach_safe(&fs->dirty, struct ext_buffer, node, b) {
		if (b->role == EXT_BLOCK_BITMAP || b->role == EXT_INODE_BITMAP)
			err = ext_bitmap_seal(fs, b) ?: err;
		else if (b->role == EXT_DIRECTORY)
			ext_dir_seal(fs, b);
	}
	list_foreach(&fs->dirty, struct ext_buffer, node, b)
		if (b->role == EXT_GROUPS)
			ext_groups_seal(fs, b);
	return err;
}
