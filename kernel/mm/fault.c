/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens when a program touches a page that is not there, or must be there beforehand. A file is asked for its
 * page without the address space's lock: a write to the file holds the file's locks while it faults on the program's
 * memory.
 */
#include <kernel/errno.h>
#include "aspace_internal.h"

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

/* access 0: whatever the region allows. */
static int fault(struct aspace *as, uint64_t address, unsigned access)
{
	struct page_source source = { 0 };
	int err;

	while ((err = try_fault(as, address, access, &source)) == -EAGAIN) {
		err = source_fetch(&source);
		if (err)
			break;
	}
	source_drop(&source);
	return err;
}

int aspace_handle_fault(uint64_t address, unsigned access)
{
	struct aspace *as = aspace_current();

	return as && user_ok(address, 1) ? fault(as, address, access) : -EFAULT;
}

int aspace_populate(struct aspace *as, uint64_t start, uint64_t end, unsigned access)
{
	int err = 0;

	for (; start < end && !err; start += PAGE_SIZE)
		err = fault(as, start, access);
	return err;
}
