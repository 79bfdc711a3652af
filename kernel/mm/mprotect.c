/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mprotect on an address space. As on Linux, regions before a hole are changed although the call fails.
 */
#include <kernel/errno.h>
#include "aspace_internal.h"

/* The first region of the range; *start moves down to it for PROT_GROWSDOWN. */
static long first_region(struct aspace *as, uint64_t *start, uint64_t end, unsigned grows, struct region **first)
{
	struct region *region = region_at_or_above(as, *start);

	if (!region)
		return -ENOMEM;
	if (grows & PROT_GROWSDOWN) {
		if (region->start >= end)
			return -ENOMEM;
		*start = region->start;
		if (!(region->flags & MAP_GROWSDOWN))
			return -EINVAL;
	} else {
		if (region->start > *start)
			return -ENOMEM;
		/* No region grows upwards here. */
		if (grows & PROT_GROWSUP)
			return -EINVAL;
	}
	*first = region;
	return 0;
}

/* Changes [start, end) of one region; the region above it, or NULL. */
static int protect_part(struct aspace *as, uint64_t start, uint64_t end, unsigned prot)
{
	struct region *region;
	int err;

	err = region_split(as, start);
	if (!err)
		err = region_split(as, end);
	region = region_at(as, start);
	if (!err)
		region_set_prot(as, region, prot);
	region_merge(as, region);
	return err;
}

static long protect(struct aspace *as, uint64_t start, uint64_t end, unsigned prot, unsigned grows)
{
	struct region *region;
	long err = first_region(as, &start, end, grows, &region);

	while (!err) {
		uint64_t part_end = min(region->end, end);

		if (region->prot != (prot & PROT_ACCESS)) {
			if ((prot & PROT_WRITE) && !region_may_be_written(region))
				return -EACCES;
			err = protect_part(as, start, part_end, prot);
		}
		start = part_end;
		if (err || start >= end)
			return err;
		region = region_at(as, start);
		if (!region)
			return -ENOMEM;
	}
	return err;
}

long aspace_mprotect(struct aspace *as, uint64_t addr, uint64_t len, unsigned prot)
{
	unsigned grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	uint64_t end;
	long err;

	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || !is_aligned(addr, PAGE_SIZE))
		return -EINVAL;
	if (!len)
		return 0;
	end = addr + align_up(len, PAGE_SIZE);
	if (end <= addr)
		return -ENOMEM;
	prot &= ~grows;
	if (prot & ~(PROT_ACCESS | PROT_SEM))
		return -EINVAL;
	mutex_lock(&as->lock);
	err = protect(as, addr, end, prot, grows);
	mutex_unlock(&as->lock);
	return err;
}
