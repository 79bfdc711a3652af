/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The regions of an address space: a sorted list, cut and joined as the calls need it. Equal neighbours are always
 * joined, as programs can see that (mremap works on one region).
 */
#include <kernel/abi/fcntl.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include "aspace_internal.h"

struct region *region_next(struct aspace *as, struct region *region)
{
	return region->node.next == &as->regions ? NULL : list_entry(region->node.next, struct region, node);
}

struct region *region_previous(struct aspace *as, struct region *region)
{
	return region->node.prev == &as->regions ? NULL : list_entry(region->node.prev, struct region, node);
}

struct region *region_at_or_above(struct aspace *as, uint64_t address)
{
	struct region *region = as->recent, *below;

	if (!region && list_empty(&as->regions))
		return NULL;
	if (!region)
		region = list_first(&as->regions, struct region, node);
	while (region && region->end <= address)
		region = region_next(as, region);
	if (!region)
		return NULL;
	while ((below = region_previous(as, region)) && below->end > address)
		region = below;
	as->recent = region;
	return region;
}

struct region *region_at(struct aspace *as, uint64_t address)
{
	struct region *region = region_at_or_above(as, address);

	return region && region->start <= address ? region : NULL;
}

bool region_is_free(struct aspace *as, uint64_t start, uint64_t end)
{
	struct region *region = region_at_or_above(as, start);

	return !region || region->start >= end;
}

static void account(struct aspace *as, const struct region *region, bool added)
{
	size_t pages = region_len(region) >> PAGE_SHIFT;

	as->pages_total += added ? pages : -pages;
	if (region->locked)
		as->pages_locked += added ? pages : -pages;
}

bool region_may_be_written(const struct region *region)
{
	if (!region->file || !region_is_shared(region))
		return true;
	return (region->file->flags & O_ACCMODE) == O_RDWR && !region->read_only;
}

void region_hold_file(const struct region *region, bool held)
{
	struct file *file = region->file;

	if (held)
		file_get(file);
	if (file->ops->mapped)
		file->ops->mapped(file, region_is_shared(region) && region_may_be_written(region), held);
	if (!held)
		file_put(file);
}

static struct region *region_copy(const struct region *model)
{
	struct region *region = heap_alloc(sizeof(*region));

	if (!region)
		return NULL;
	*region = *model;
	if (region->file)
		region_hold_file(region, true);
	return region;
}

/* Takes it off the list; what it covers is no longer accounted for. */
static void region_delete(struct aspace *as, struct region *region)
{
	as->recent = NULL;
	as->region_count--;
	list_remove(&region->node);
	if (region->file)
		region_hold_file(region, false);
	heap_free(region);
}

/* The list's node in front of which a region that starts at address belongs. */
static struct list *place_in_list(struct aspace *as, uint64_t address)
{
	struct region *above = region_at_or_above(as, address);

	return above ? &above->node : &as->regions;
}

struct region *region_add(struct aspace *as, const struct region *model)
{
	struct region *region = region_copy(model);

	if (!region)
		return NULL;
	list_append(place_in_list(as, region->start), &region->node);
	as->region_count++;
	account(as, region, true);
	return region_merge(as, region);
}

int region_split(struct aspace *as, uint64_t address)
{
	struct region *upper = region_at(as, address), *lower;

	if (!upper || upper->start == address)
		return 0;
	if (as->region_count >= ASPACE_REGIONS_MAX)
		return -ENOMEM;
	lower = region_copy(upper);
	if (!lower)
		return -ENOMEM;
	list_append(&upper->node, &lower->node);
	as->region_count++;
	lower->end = address;
	upper->offset += (off_t)(address - upper->start);
	upper->start = address;
	return 0;
}

static bool can_merge(const struct region *low, const struct region *high)
{
	if (low->end != high->start || low->prot != high->prot || low->flags != high->flags ||
	    low->advice != high->advice || low->locked != high->locked || low->read_only != high->read_only ||
	    low->file != high->file)
		return false;
	/* A private anonymous page is nobody else's, so there is no offset to agree on. */
	if (!low->file)
		return !(low->flags & MAP_GROWSDOWN);
	return low->offset + (off_t)region_len(low) == high->offset;
}

struct region *region_merge(struct aspace *as, struct region *region)
{
	struct region *low = region_previous(as, region), *high = region_next(as, region);

	if (low && can_merge(low, region)) {
		low->end = region->end;
		region_delete(as, region);
		region = low;
	}
	if (high && can_merge(region, high)) {
		region->end = high->end;
		region_delete(as, high);
	}
	return region;
}

int region_remove_range(struct aspace *as, uint64_t start, uint64_t end)
{
	struct region *region, *next;
	int err;

	err = region_split(as, start);
	if (!err)
		err = region_split(as, end);
	if (err) {
		/* Undo a first split whose second failed. */
		region = region_at(as, start);
		if (region)
			region_merge(as, region);
		return err;
	}
	region = region_at_or_above(as, start);
	for (; region && region->start < end; region = next) {
		next = region_next(as, region);
		pages_drop(as, region->start, region->end);
		account(as, region, false);
		region_delete(as, region);
	}
	return 0;
}

void region_extend(struct aspace *as, struct region *region, uint64_t end)
{
	account(as, region, false);
	region->end = end;
	account(as, region, true);
	region_merge(as, region);
}

void region_set_locked(struct aspace *as, struct region *region, bool locked)
{
	account(as, region, false);
	region->locked = locked;
	account(as, region, true);
}
