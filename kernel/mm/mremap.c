/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mremap on an address space: shrink and grow in place, or move pages to another range.
 */
#include <kernel/errno.h>
#include "aspace_internal.h"

/* One call's arguments, lengths in whole pages. */
struct remap {
	uint64_t addr, old_len, new_len, new_addr;
	unsigned flags;
	bool populate;		/* the result is locked: its new pages are made at the end */
};

static bool wants_new_addr(const struct remap *r)
{
	return r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static long check_new_addr(const struct remap *r)
{
	if (!is_aligned(r->new_addr, PAGE_SIZE) || r->new_addr > USER_END - r->new_len)
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && r->old_len != r->new_len)
		return -EINVAL;
	if (r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
		return -EINVAL;
	return (r->flags & MREMAP_FIXED) && r->new_addr < USER_START ? -EPERM : 0;
}

static long check_arguments(const struct remap *r)
{
	if (r->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (wants_new_addr(r) && !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (!is_aligned(r->addr, PAGE_SIZE) || !r->new_len || r->new_len > USER_END)
		return -EINVAL;
	return wants_new_addr(r) ? check_new_addr(r) : 0;
}

/* May the region that holds addr become that long? */
static long check_resize(const struct aspace *as, const struct region *region, const struct remap *r)
{
	uint64_t more = r->new_len > r->old_len ? r->new_len - r->old_len : 0;

	/* Length 0 asks for a second mapping of the same pages, which only shared ones can have. */
	if (!r->old_len && !region_is_shared(region))
		return -EINVAL;
	if (min(r->old_len, r->new_len) > region->end - r->addr)
		return -EFAULT;
	if (((uint64_t)region->offset >> PAGE_SHIFT) + (r->new_len >> PAGE_SHIFT) > UINT64_MAX >> PAGE_SHIFT)
		return -EINVAL;
	if (region->locked && limit_check_locked(as, more))
		return -EAGAIN;
	return limit_check_total(as, more);
}

static int move_page(struct aspace *as, uint64_t from, uint64_t to)
{
	unsigned rights;
	phys_t phys;
	int err;

	err = arch_pagetable_lookup(&as->tables, from, &phys, &rights);
	if (!err)
		err = arch_pagetable_map(&as->tables, to, phys, rights);
	return err ? err : arch_pagetable_unmap(&as->tables, from, NULL);
}

/* Moves what is there of [from, from + len); after an error everything is back where it was. */
static int move_pages(struct aspace *as, uint64_t from, uint64_t to, uint64_t len)
{
	int err = 0;

	for (uint64_t at = from; (at = arch_pagetable_next(&as->tables, at, from + len)) < from + len;
	     at += PAGE_SIZE) {
		err = move_page(as, at, at - from + to);
		if (!err)
			continue;
		/* The tables on the way back are all there. */
		(void)move_pages(as, to, from, at - from);
		break;
	}
	aspace_forget(as, from, from + len);
	return err;
}

/* The region at r->addr continues at 'to', where nothing is. */
static long move_region(struct aspace *as, struct remap *r, uint64_t to)
{
	uint64_t old_end = r->addr + r->old_len;
	struct region *old, model;
	long err;

	/* Borders first, so that nothing below can fail for want of a region. */
	if (as->region_count + 3 > ASPACE_REGIONS_MAX)
		return -ENOMEM;
	err = region_split(as, r->addr);
	if (!err && r->old_len)
		err = region_split(as, old_end);
	old = region_at(as, r->addr);
	if (err)
		goto err_old;
	model = *old;
	model.start = to;
	model.end = to + r->new_len;
	if (!region_add(as, &model)) {
		err = -ENOMEM;
		goto err_old;
	}
	/* Length 0: a second mapping of a file, which has the pages. */
	err = move_pages(as, r->addr, to, r->old_len);
	if (err)
		goto err_new;
	old = region_at(as, r->addr);
	if (r->flags & MREMAP_DONTUNMAP)
		region_set_locked(as, old, false);
	if (!(r->flags & MREMAP_DONTUNMAP) && r->old_len)
		(void)region_remove_range(as, r->addr, old_end);
	else
		region_merge(as, old);
	r->populate = model.locked;
	return (long)to;

err_new:
	(void)region_remove_range(as, to, to + r->new_len);
err_old:
	region_merge(as, region_at(as, r->addr));
	return err;
}

static long remap_to(struct aspace *as, struct remap *r)
{
	struct region *region;
	long err;

	if (as->region_count + 2 >= ASPACE_REGIONS_MAX)
		return -ENOMEM;
	if (r->flags & MREMAP_FIXED) {
		err = region_remove_range(as, r->new_addr, r->new_addr + r->new_len);
		if (err)
			return err;
	}
	if (r->old_len > r->new_len) {
		err = region_remove_range(as, r->addr + r->new_len, r->addr + r->old_len);
		if (err)
			return err;
		r->old_len = r->new_len;
	}
	/* With old length 0 the new range may have held it. */
	region = region_at(as, r->addr);
	if (!region)
		return -EFAULT;
	err = r->flags & MREMAP_DONTUNMAP ? limit_check_total(as, r->old_len) : 0;
	if (err)
		return err;
	if (!(r->flags & MREMAP_FIXED)) {
		err = place_find(as, r->new_addr, r->new_len, region->flags);
		if (err < 0)
			return err;
		r->new_addr = (uint64_t)err;
	}
	return move_region(as, r, r->new_addr);
}

static long remap(struct aspace *as, struct remap *r)
{
	struct region *region = region_at(as, r->addr);
	uint64_t new_end = r->addr + r->new_len;
	long at;

	if (!region)
		return -EFAULT;
	if (!wants_new_addr(r) && r->old_len >= r->new_len) {
		at = r->old_len == r->new_len ? 0 : region_remove_range(as, new_end, r->addr + r->old_len);
		return at ? at : (long)r->addr;
	}
	at = check_resize(as, region, r);
	if (at)
		return at;
	if (wants_new_addr(r))
		return remap_to(as, r);
	if (r->addr + r->old_len == region->end && user_ok(r->addr, r->new_len) &&
	    region_is_free(as, region->end, new_end)) {
		r->populate = region->locked;
		region_extend(as, region, new_end);
		return (long)r->addr;
	}
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	at = place_find(as, 0, r->new_len, 0);
	return at < 0 ? at : move_region(as, r, (uint64_t)at);
}

long aspace_mremap(struct aspace *as, uint64_t addr, uint64_t old_len, uint64_t new_len, unsigned flags,
		   uint64_t new_addr)
{
	struct remap r = {
		.addr = addr,
		.old_len = align_up(old_len, PAGE_SIZE),
		.new_len = align_up(new_len, PAGE_SIZE),
		.new_addr = new_addr,
		.flags = flags,
	};
	long result = check_arguments(&r);

	if (result)
		return result;
	mutex_lock(&as->lock);
	result = remap(as, &r);
	mutex_unlock(&as->lock);
	if (r.populate && result >= 0)
		(void)aspace_populate(as, (uint64_t)result, (uint64_t)result + r.new_len, 0);
	return result;
}
