/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens when a program touches a page that is not there, or must be there beforehand. A file is asked for its
 * page without the address space's lock: a write to the file holds the file's locks while it faults on the program's
 * memory.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/metrics.h>
#include "aspace_internal.h"

static const char *const accesses[] = { "read", "write", "execute", "refused" };
METRIC_COUNTERS(page_faults, "Pages of programs that were touched and not there, by how, or not to be had", "access",
		accesses);

static unsigned kind_of(unsigned access, int err)
{
	return err ? 3 : access & ASPACE_ACCESS_EXEC ? 2 : access & ASPACE_ACCESS_WRITE ? 1 : 0;
}

/* What populating asks for: pages of private memory come as if written, so that they need no second fault. */
static unsigned usual_access(const struct region *region)
{
	return region->prot & PROT_WRITE && !region_is_shared(region) ? ASPACE_ACCESS_WRITE : ASPACE_ACCESS_READ;
}

static int try_fault(struct aspace *as, uint64_t address, unsigned access, struct page_source *source)
{
	struct region *region;
	int err = -EFAULT;

	mutex_lock(&as->lock);
	region = region_at(as, address);
	if (region)
		err = page_make(as, region, address, access ? access : usual_access(region), source);
	mutex_unlock(&as->lock);
	return err;
}

/* access 0: whatever the region allows. Errors: as aspace_handle_fault(). */
static int fault(struct aspace *as, uint64_t address, unsigned access)
{
	struct page_source source = { 0 };
	int err;

	while ((err = try_fault(as, address, access, &source)) == -EAGAIN) {
		err = source_fetch(&source);
		if (err && err != -ENOMEM)
			err = -ENXIO;
		if (err)
			break;
	}
	source_drop(&source);
	return err;
}

int aspace_handle_fault(uint64_t address, unsigned access)
{
	struct aspace *as = aspace_current();
	uint64_t start = TRACE_START(page_fault);
	int err = as && user_ok(address, 1) ? fault(as, address, access) : -EFAULT;

	TRACE(page_fault, address, access, start, err);
	metric_inc_at(page_faults, kind_of(access, err));
	return err;
}

/* Pages of [start, end) that only this address space will hold. */
static uint64_t private_pages(struct aspace *as, uint64_t start, uint64_t end)
{
	struct region *region;
	uint64_t bytes = 0;

	mutex_lock(&as->lock);
	region = region_at_or_above(as, start);
	for (; region && region->start < end; region = region_next(as, region))
		if (!region->file && !region_is_shared(region))
			bytes += min(region->end, end) - max(region->start, start);
	mutex_unlock(&as->lock);
	return bytes >> PAGE_SHIFT;
}

int aspace_populate(struct aspace *as, uint64_t start, uint64_t end, unsigned access)
{
	int err = 0;

	/* What no memory could hold is refused before all memory is spent on finding out. */
	if (private_pages(as, start, end) > page_frame_limit())
		return -ENOMEM;
	for (; start < end && !err; start += PAGE_SIZE)
		err = fault(as, start, access);
	return err && err != -ENOMEM ? -EFAULT : err;
}

static void forget_in(struct aspace *as, struct region *region, uint64_t start, uint64_t end)
{
	uint64_t first = (uint64_t)region->offset, last = first + region_len(region);

	start = max(start, first);
	end = min(end, last);
	if (start < end)
		pages_drop(as, region->start + (start - first), region->start + (end - first));
}

void aspace_forget_file(const struct inode *inode, uint64_t start, uint64_t end, bool truncated)
{
	struct aspace *as = aspace_current();

	if (!as)
		return;
	mutex_lock(&as->lock);
	list_foreach(&as->regions, struct region, node, region)
		if (region->file && region->file->inode == inode && (truncated || region_is_shared(region)))
			forget_in(as, region, start, end);
	mutex_unlock(&as->lock);
}
