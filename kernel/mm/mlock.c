/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mlock and the like on an address space. Nothing is ever paged out here, so to lock is to make the pages and to
 * account for them against RLIMIT_MEMLOCK.
 */
#include <kernel/errno.h>
#include "aspace_internal.h"

/* Bytes of [start, end) that are locked already. */
static uint64_t locked_in(struct aspace *as, uint64_t start, uint64_t end)
{
	struct region *region = region_at_or_above(as, start);
	uint64_t bytes = 0;

	for (; region && region->start < end; region = region_next(as, region))
		if (region->locked)
			bytes += min(region->end, end) - max(region->start, start);
	return bytes;
}

/* Marks the regions of a range; -ENOMEM at the first hole, what is before it stays marked. */
static long mark_range(struct aspace *as, uint64_t start, uint64_t end, bool locked)
{
	struct region *region;
	int err;

	while (start < end) {
		region = region_at(as, start);
		if (!region)
			return -ENOMEM;
		uint64_t part_end = min(region->end, end);
		if (region->locked != locked) {
			err = region_split(as, start);
			if (!err)
				err = region_split(as, part_end);
			region = region_at(as, start);
			if (!err)
				region_set_locked(as, region, locked);
			region_merge(as, region);
			if (err)
				return err;
		}
		start = part_end;
	}
	return 0;
}

static long check_limit(struct aspace *as, uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> PAGE_SHIFT;

	if (as->pages_locked + pages <= limit_locked_pages())
		return 0;
	pages -= locked_in(as, start, end) >> PAGE_SHIFT;
	return as->pages_locked + pages <= limit_locked_pages() ? 0 : -ENOMEM;
}

long aspace_lock(struct aspace *as, uint64_t addr, uint64_t len, bool locked, bool on_fault)
{
	uint64_t start = align_down(addr, PAGE_SIZE);
	uint64_t end = start + align_up(len + (addr - start), PAGE_SIZE);
	long err;

	if (locked && limit_may_lock())
		return -EPERM;
	mutex_lock(&as->lock);
	err = locked ? check_limit(as, start, max(start, end)) : 0;
	if (!err)
		err = end < start ? -EINVAL : mark_range(as, start, end, locked);
	mutex_unlock(&as->lock);
	if (!err && locked && !on_fault) {
		err = aspace_populate(as, start, end, 0);
		/* POSIX: what cannot be accessed is ENOMEM, what there is no memory for EAGAIN. */
		if (err)
			err = err == -ENOMEM ? -EAGAIN : -ENOMEM;
	}
	return err;
}

static long lock_all(struct aspace *as, int flags)
{
	struct region *next;

	if ((flags & MCL_CURRENT) && as->pages_total > limit_locked_pages())
		return -ENOMEM;
	as->lock_future = flags & MCL_FUTURE;
	if (flags && !(flags & MCL_CURRENT))
		return 0;
	for (struct region *region = region_at_or_above(as, 0); region; region = next) {
		region_set_locked(as, region, flags & MCL_CURRENT);
		next = region_next(as, region_merge(as, region));
	}
	return 0;
}

/* The next region that ends above *start: *start and *end become its bounds. */
static bool next_range(struct aspace *as, uint64_t *start, uint64_t *end)
{
	struct region *region;

	mutex_lock(&as->lock);
	region = region_at_or_above(as, *start);
	if (region) {
		*start = max(*start, region->start);
		*end = region->end;
	}
	mutex_unlock(&as->lock);
	return region != NULL;
}

/* Regions that cannot be filled are passed over, as Linux does. */
static void populate_all(struct aspace *as)
{
	for (uint64_t start = 0, end; next_range(as, &start, &end); start = end)
		(void)aspace_populate(as, start, end, 0);
}

long aspace_lock_all(struct aspace *as, int flags)
{
	long err;

	if (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (flags && limit_may_lock())
		return -EPERM;
	mutex_lock(&as->lock);
	err = lock_all(as, flags);
	mutex_unlock(&as->lock);
	if (!err && (flags & (MCL_CURRENT | MCL_ONFAULT)) == MCL_CURRENT)
		populate_all(as);
	return err;
}
