/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pages in a region: made on first touch, dropped with their references. A frame of a private region that others
 * refer to as well (a file's page) is never writable; the write fault makes a copy.
 */
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/string.h>
#include "aspace_internal.h"

static unsigned rights_of(const struct region *region, const struct page *page)
{
	unsigned rights = 0;

	if (region->prot & PROT_READ)
		rights |= ARCH_PAGE_READ;
	if (region->prot & PROT_EXEC)
		rights |= ARCH_PAGE_EXEC | ARCH_PAGE_READ;
	if (region->prot & PROT_WRITE)
		rights |= region_is_shared(region) || page->refs == 1 ? ARCH_PAGE_WRITE | ARCH_PAGE_READ
								      : ARCH_PAGE_READ;
	return rights;
}

void pages_drop(struct aspace *as, uint64_t start, uint64_t end)
{
	phys_t phys;

	if (!as->pages)
		return;
	for (uint64_t at = start; (at = arch_pagetable_next(&as->tables, at, end)) < end; at += PAGE_SIZE) {
		if (arch_pagetable_unmap(&as->tables, at, &phys))
			continue;
		as->pages--;
		page_put(page_from_phys(phys));
	}
}

/* Gives the page of an address, if it is there, its region's rights. */
static void page_restrict(struct aspace *as, struct region *region, uint64_t address)
{
	phys_t phys;

	address &= PAGE_MASK;
	if (!arch_pagetable_lookup(&as->tables, address, &phys, NULL))
		arch_pagetable_protect(&as->tables, address, rights_of(region, page_from_phys(phys)));
}

void region_set_prot(struct aspace *as, struct region *region, unsigned prot)
{
	region->prot = prot & PROT_ACCESS;
	for (uint64_t at = region->start; (at = arch_pagetable_next(&as->tables, at, region->end)) < region->end;
	     at += PAGE_SIZE)
		page_restrict(as, region, at);
}

/* The frame that an absent page starts with, with a reference. */
static int page_source(struct region *region, uint64_t address, struct page **page)
{
	uint64_t index = ((uint64_t)region->offset + (address - region->start)) >> PAGE_SHIFT;
	int err;

	*page = NULL;
	if (region->file) {
		err = region->file->ops->map_page(region->file, index, region_is_shared(region), page);
		if (err || *page)
			return err;
	}
	if (!region->file && region_is_shared(region) && index >= region->shared_size >> PAGE_SHIFT)
		return -EFAULT;
	/* Anonymous, or a hole of a file in a private mapping. */
	*page = page_alloc_zeroed(0);
	return *page ? 0 : -ENOMEM;
}

static int page_map(struct aspace *as, struct region *region, uint64_t address, struct page *page)
{
	int err = arch_pagetable_map(&as->tables, address, page_phys(page), rights_of(region, page));

	if (err) {
		page_put(page);
		return err;
	}
	as->pages++;
	return 0;
}

/* Gives a private region its own copy of a frame that is also somebody else's. */
static int page_unshare(struct aspace *as, struct region *region, uint64_t address, struct page *shared)
{
	struct page *copy = page_alloc(0);

	if (!copy)
		return -ENOMEM;
	memcpy(page_virt(copy), page_virt(shared), PAGE_SIZE);
	pages_drop(as, address, address + PAGE_SIZE);
	return page_map(as, region, address, copy);
}

static bool allows(const struct region *region, unsigned access)
{
	if (access & ASPACE_ACCESS_WRITE)
		return region->prot & PROT_WRITE;
	if (access & ASPACE_ACCESS_EXEC)
		return region->prot & PROT_EXEC;
	/* What may be written or executed can be read on the CPUs there are. */
	return region->prot & PROT_ACCESS;
}

int page_make(struct aspace *as, struct region *region, uint64_t address, unsigned access)
{
	struct page *page;
	phys_t phys;
	int err;

	address &= PAGE_MASK;
	if (!allows(region, access))
		return -EFAULT;
	if (arch_pagetable_lookup(&as->tables, address, &phys, NULL)) {
		err = page_source(region, address, &page);
		if (!err)
			err = page_map(as, region, address, page);
		if (err || !(access & ASPACE_ACCESS_WRITE))
			return err;
	} else {
		page = page_from_phys(phys);
	}
	if ((access & ASPACE_ACCESS_WRITE) && !region_is_shared(region) && page->refs > 1)
		return page_unshare(as, region, address, page);
	/* Present and allowed: another CPU made it, or the frame has lost its other users. */
	return arch_pagetable_protect(&as->tables, address, rights_of(region, page));
}

int page_force(struct aspace *as, struct region *region, uint64_t address, bool write)
{
	struct region any = *region;
	int err;

	any.prot |= write ? PROT_READ | PROT_WRITE : PROT_READ;
	err = page_make(as, &any, address, write ? ASPACE_ACCESS_WRITE : ASPACE_ACCESS_READ);
	if (!err)
		page_restrict(as, region, address);
	return err;
}

int pages_populate(struct aspace *as, struct region *region, uint64_t start, uint64_t end)
{
	/* As if written where that makes pages of its own, so that they need no second fault. */
	bool write = region->prot & PROT_WRITE && !region_is_shared(region);
	int err;

	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		err = page_make(as, region, at, write ? ASPACE_ACCESS_WRITE : ASPACE_ACCESS_READ);
		if (err)
			return err;
	}
	return 0;
}
