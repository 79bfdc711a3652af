/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Groups of blocks: their descriptors and bitmaps, with checksums (the older of the two kinds is a CRC-16).
 */
#include <kernel/crc32.h>
#include <kernel/string.h>

#include "ext.h"

static uint64_t join(uint32_t low, uint32_t high, const struct ext_fs *fs)
{
	return fs->group_desc_size >= EXT_GROUP_SIZE_64BIT ? (uint64_t)high << 32 | low : low;
}

uint64_t ext_group_block_bitmap(const struct ext_fs *fs, const struct ext_group *desc)
{
	return join(desc->block_bitmap_lo, desc->block_bitmap_hi, fs);
}

uint64_t ext_group_inode_bitmap(const struct ext_fs *fs, const struct ext_group *desc)
{
	return join(desc->inode_bitmap_lo, desc->inode_bitmap_hi, fs);
}

uint64_t ext_group_inode_table(const struct ext_fs *fs, const struct ext_group *desc)
{
	return join(desc->inode_table_lo, desc->inode_table_hi, fs);
}

unsigned ext_group_blocks(const struct ext_fs *fs, unsigned group)
{
	uint64_t first = fs->first_data_block + (uint64_t)group * fs->blocks_per_group;

	return (unsigned)min((uint64_t)fs->blocks_per_group, fs->blocks_count - first);
}

/* CRC-16 with the polynomial 0x8005, reflected. */
static uint16_t crc16(uint16_t crc, const void *data, size_t len)
{
	for (const uint8_t *at = data; len--; at++) {
		crc ^= *at;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc >> 1 ^ (crc & 1 ? 0xa001 : 0));
	}
	return crc;
}

static uint16_t checksum(const struct ext_fs *fs, uint32_t group, const struct ext_group *desc)
{
	const size_t at = offsetof(struct ext_group, checksum), after = at + sizeof(desc->checksum);
	const uint8_t *bytes = (const uint8_t *)desc;

	if (fs->has_csum) {
		static const uint16_t none;
		uint32_t crc = crc32c_raw(fs->csum_seed, &group, sizeof(group));

		crc = crc32c_raw(crc, bytes, at);
		crc = crc32c_raw(crc, &none, sizeof(none));
		return (uint16_t)crc32c_raw(crc, bytes + after, fs->group_desc_size - after);
	}
	uint16_t crc = crc16(0xffff, fs->super->uuid, sizeof(fs->super->uuid));

	crc = crc16(crc, &group, sizeof(group));
	crc = crc16(crc, bytes, at);
	return fs->group_desc_size > after ? crc16(crc, bytes + after, fs->group_desc_size - after) : crc;
}

/* A block of descriptors: all that it holds. */
static int check_groups(struct ext_fs *fs, struct ext_buffer *buffer)
{
	unsigned each = fs->block_size / fs->group_desc_size;
	unsigned first = (unsigned)(buffer->block - fs->first_data_block - 1) * each;

	for (unsigned i = 0; i < each && first + i < fs->group_count; i++) {
		const struct ext_group *desc = (void *)(buffer->data + (size_t)i * fs->group_desc_size);
		uint64_t table = ext_group_inode_table(fs, desc);
		unsigned blocks = fs->inodes_per_group * fs->inode_size / fs->block_size;

		if ((fs->has_csum || fs->has_gdt_csum) && checksum(fs, first + i, desc) != desc->checksum)
			return ext_corrupt(fs, "group %u: its descriptor's checksum is wrong", first + i);
		if (!ext_block_is_valid(fs, ext_group_block_bitmap(fs, desc), 1) ||
		    !ext_block_is_valid(fs, ext_group_inode_bitmap(fs, desc), 1) ||
		    !ext_block_is_valid(fs, table, blocks))
			return ext_corrupt(fs, "group %u: its descriptor points outside of the disk", first + i);
	}
	buffer->checked = true;
	return 0;
}

int ext_group_get(struct ext_fs *fs, unsigned group, struct ext_group **out, struct ext_buffer **buffer)
{
	unsigned each = fs->block_size / fs->group_desc_size;
	int err = ext_buffer_read(fs, fs->first_data_block + 1 + group / each, EXT_GROUPS, buffer);

	if (!err && !(*buffer)->checked) {
		err = check_groups(fs, *buffer);
		if (err)
			ext_buffer_put(fs, *buffer);
	}
	if (!err)
		*out = (void *)((*buffer)->data + (size_t)(group % each) * fs->group_desc_size);
	return err;
}

void ext_groups_seal(struct ext_fs *fs, struct ext_buffer *buffer)
{
	unsigned each = fs->block_size / fs->group_desc_size;
	unsigned first = (unsigned)(buffer->block - fs->first_data_block - 1) * each;

	for (unsigned i = 0; i < each && first + i < fs->group_count; i++) {
		struct ext_group *desc = (void *)(buffer->data + (size_t)i * fs->group_desc_size);

		desc->checksum = checksum(fs, first + i, desc);
	}
}

/* ---- bitmaps ---- */

static uint32_t bitmap_checksum(const struct ext_fs *fs, const struct ext_buffer *bitmap)
{
	unsigned bits = bitmap->role == EXT_BLOCK_BITMAP ? fs->blocks_per_group : fs->inodes_per_group;

	return crc32c_raw(fs->csum_seed, bitmap->data, bits / 8);
}

static bool bitmap_is_right(const struct ext_fs *fs, const struct ext_buffer *bitmap, const struct ext_group *desc)
{
	bool blocks = bitmap->role == EXT_BLOCK_BITMAP;
	uint32_t crc = bitmap_checksum(fs, bitmap);

	if ((uint16_t)crc != (blocks ? desc->block_bitmap_csum_lo : desc->inode_bitmap_csum_lo))
		return false;
	return fs->group_desc_size < EXT_GROUP_SIZE_64BIT ||
	       crc >> 16 == (blocks ? desc->block_bitmap_csum_hi : desc->inode_bitmap_csum_hi);
}

int ext_bitmap_seal(struct ext_fs *fs, struct ext_buffer *bitmap)
{
	uint32_t crc = bitmap_checksum(fs, bitmap);
	struct ext_buffer *buffer;
	struct ext_group *desc;
	int err;

	if (!fs->has_csum)
		return 0;
	err = ext_group_get(fs, bitmap->owner, &desc, &buffer);
	if (err)
		return err;
	if (bitmap->role == EXT_BLOCK_BITMAP) {
		desc->block_bitmap_csum_lo = (uint16_t)crc;
		if (fs->group_desc_size >= EXT_GROUP_SIZE_64BIT)
			desc->block_bitmap_csum_hi = (uint16_t)(crc >> 16);
	} else {
		desc->inode_bitmap_csum_lo = (uint16_t)crc;
		if (fs->group_desc_size >= EXT_GROUP_SIZE_64BIT)
			desc->inode_bitmap_csum_hi = (uint16_t)(crc >> 16);
	}
	ext_buffer_dirty(fs, buffer);
	ext_buffer_put(fs, buffer);
	return 0;
}

static bool is_power_of(unsigned n, unsigned base)
{
	while (n % base == 0)
		n /= base;
	return n == 1;
}

bool ext_group_has_super(const struct ext_fs *fs, unsigned group)
{
	const struct ext_super *super = fs->super;

	if (group == 0)
		return true;
	if (super->compat & EXT_COMPAT_SPARSE_SUPER2)
		return group == super->backup_groups[0] || group == super->backup_groups[1];
	if (group == 1 || !(super->ro_compat & EXT_RO_SPARSE_SUPER))
		return true;
	return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

static void set_bits(struct ext_buffer *bitmap, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		bitmap->data[i / 8] |= (uint8_t)(1u << i % 8);
}

/* Marks the part of [block, block + count) that lies in the group. */
static void mark(struct ext_fs *fs, unsigned group, struct ext_buffer *bitmap, uint64_t block, uint64_t count)
{
	uint64_t first = fs->first_data_block + (uint64_t)group * fs->blocks_per_group;
	uint64_t from = max(block, first), to = min(block + count, first + ext_group_blocks(fs, group));

	if (from < to)
		set_bits(bitmap, (unsigned)(from - first), (unsigned)(to - first));
}

/* A bitmap that was never written: metadata, of whatever group, is all that its blocks hold. */
static int make_block_bitmap(struct ext_fs *fs, unsigned group, struct ext_buffer *bitmap)
{
	uint64_t first = fs->first_data_block + (uint64_t)group * fs->blocks_per_group;
	unsigned table = fs->inodes_per_group * fs->inode_size / fs->block_size;

	memset(bitmap->data, 0, fs->block_size);
	if (ext_group_has_super(fs, group))
		mark(fs, group, bitmap, first, 1 + (uint64_t)fs->gdt_blocks + fs->super->reserved_gdt_blocks);
	for (unsigned g = 0; g < fs->group_count; g++) {
		struct ext_buffer *buffer;
		struct ext_group *desc;
		int err = ext_group_get(fs, g, &desc, &buffer);

		if (err)
			return err;
		mark(fs, group, bitmap, ext_group_block_bitmap(fs, desc), 1);
		mark(fs, group, bitmap, ext_group_inode_bitmap(fs, desc), 1);
		mark(fs, group, bitmap, ext_group_inode_table(fs, desc), table);
		ext_buffer_put(fs, buffer);
	}
	set_bits(bitmap, ext_group_blocks(fs, group), fs->block_size * 8);
	return 0;
}

int ext_bitmap_get(struct ext_fs *fs, unsigned group, enum ext_role role, struct ext_group *desc,
		   struct ext_buffer *desc_buffer, struct ext_buffer **out)
{
	bool blocks = role == EXT_BLOCK_BITMAP, uninit = fs->has_csum || fs->has_gdt_csum;
	uint16_t flag = blocks ? EXT_GROUP_BLOCK_UNINIT : EXT_GROUP_INODE_UNINIT;
	uint64_t block = blocks ? ext_group_block_bitmap(fs, desc) : ext_group_inode_bitmap(fs, desc);
	int err;

	uninit = uninit && (desc->flags & flag);
	err = uninit ? ext_buffer_new(fs, block, role, out) : ext_buffer_read(fs, block, role, out);
	if (err)
		return err;
	(*out)->owner = group;
	if (uninit && blocks)
		err = make_block_bitmap(fs, group, *out);
	else if (uninit)
		set_bits(*out, fs->inodes_per_group, fs->block_size * 8);
	else if (!(*out)->checked && fs->has_csum && !bitmap_is_right(fs, *out, desc))
		err = ext_corrupt(fs, "group %u: its %s bitmap's checksum is wrong", group, blocks ? "block" : "inode");
	if (err) {
		ext_buffer_put(fs, *out);
		return err;
	}
	(*out)->checked = true;
	if (uninit) {
		desc->flags &= (uint16_t)~flag;
		ext_buffer_dirty(fs, desc_buffer);
	}
	return 0;
}
