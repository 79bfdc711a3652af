/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the blocks of a file are: by extents or by lists of blocks, as the inode says.
 */
#include "ext.h"

static bool has_extents(const struct ext_inode *ei)
{
	return ei->flags & EXT_FLAG_EXTENTS;
}

uint64_t ext_map_limit(const struct ext_inode *ei)
{
	uint64_t each = ei->fs->block_size / sizeof(uint32_t);

	return has_extents(ei) ? UINT32_MAX : min(12 + each + each * each + each * each * each, (uint64_t)UINT32_MAX);
}

int ext_map(struct ext_inode *ei, uint32_t block, struct ext_run *run)
{
	return has_extents(ei) ? ext_extents_map(ei, block, run) : ext_indirect_map(ei, block, run);
}

int ext_map_create(struct ext_inode *ei, uint32_t block, unsigned want, struct ext_run *run, bool *fresh)
{
	*fresh = false;
	if (block >= ext_map_limit(ei))
		return -EFBIG;
	if (has_extents(ei))
		return ext_extents_create(ei, block, want, run, fresh);
	return ext_indirect_create(ei, block, run, fresh);
}

int ext_unmap(struct ext_inode *ei, uint64_t first, uint64_t last)
{
	last = min(last, ext_map_limit(ei) - 1);
	if (first > last)
		return 0;
	return has_extents(ei) ? ext_extents_unmap(ei, first, last) : ext_indirect_unmap(ei, first, last);
}
