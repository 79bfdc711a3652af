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

/* Frames that were mapped in [start, end), and nobody has told the other CPUs yet. */
struct gathered {
	uint64_t start, end;
	size_t count;
	struct page *pages[32];
};

static void gathered_put(struct aspace *as, struct gathered *gathered)
{
	aspace_forget(as, gathered->start, gathered->end);
	for (size_t i = 0; i < gathered->count; i++)
		page_put(gathered->pages[i]);
	gathered->count = 0;
}

/* Unmaps as many as there is room for; returns where to go on. */
static uint64_t gather(struct aspace *as, struct gathered *gathered, uint64_t start, uint64_t end)
{
	unsigned long irq = arch_pagetable_edit();
	uint64_t at = start;
	phys_t phys;

	while (gathered->count < array_size(gathered->pages) &&
	       (at = arch_pagetable_next(&as->tables, at, end)) < end) {
		if (!arch_pagetable_unmap(&as->tables, at, &phys)) {
			as->pages--;
			if (!gathered->count)
				gathered->start = at;
			gathered->end = at + PAGE_SIZE;
			gathered->pages[gathered->count++] = page_from_phys(phys);
		}
		at += PAGE_SIZE;
	}
	arch_pagetable_edited(irq);
	return at;
}

void pages_drop(struct aspace *as, uint64_t start, uint64_t end)
{
	struct gathered gathered = { .count = 0 };

	if (!as->pages)
		return;
	while (start < end) {
		start = gather(as, &gathered, start, end);
		if (gathered.count)
			gathered_put(as, &gathered);
	}
}

/* Gives the page of an address, if it is there, its region's rights. Other CPUs are not told. */
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
	aspace_forget(as, region->start, region->end);
}

static void source_want(struct page_source *source, const struct region *region, uint64_t index)
{
	source_drop(source);
	source->file = file_get(region->file);
	source->index = index;
	source->create = region_is_shared(region);
}

int source_fetch(struct page_source *source)
{
	int err = source->file->ops->map_page(source->file, source->index, source->create, &source->page);

	if (err || source->page)
		return err;
	/* A hole, and the mapping is private. */
	source->page = page_alloc_zeroed(0);
	return source->page ? 0 : -ENOMEM;
}

void source_drop(struct page_source *source)
{
	if (source->page)
		page_put(source->page);
	if (source->file)
		file_put(source->file);
	*source = (struct page_source){ 0 };
}

/* The frame that an absent page starts with, with a reference. -EAGAIN: it must be fetched first. */
static int first_page(struct region *region, uint64_t address, struct page_source *source, struct page **page)
{
	uint64_t index = ((uint64_t)region->offset + (address - region->start)) >> PAGE_SHIFT;
	bool shared = region_is_shared(region);

	if (!region->file) {
		*page = page_alloc_zeroed(0);
		return *page ? 0 : -ENOMEM;
	}
	if (!source->page || source->file != region->file || source->index != index || source->create != shared) {
		source_want(source, region, index);
		return -EAGAIN;
	}
	*page = source->page;
	source->page = NULL;
	return 0;
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

static void add_user(phys_t phys, void *context)
{
	struct aspace *as = context;

	page_get(page_from_phys(phys));
	as->pages++;
}

int pages_share(struct aspace *from, struct aspace *to, struct region *region)
{
	/* Of a private page there are two users now: the first to write gets a copy. */
	int err = arch_pagetable_share(&from->tables, &to->tables, region->start, region->end,
				       !region_is_shared(region), add_user, to);

	aspace_forget(from, region->start, region->end);
	return err;
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

int page_make(struct aspace *as, struct region *region, uint64_t address, unsigned access, struct page_source *source)
{
	struct page *page;
	phys_t phys;
	int err;

	address &= PAGE_MASK;
	if (!allows(region, access))
		return -EACCES;
	if (arch_pagetable_lookup(&as->tables, address, &phys, NULL)) {
		err = first_page(region, address, source, &page);
		if (!err)
			err = page_map(as, region, address, page);
		/* It has the right already, unless it is somebody else's too. */
		if (err || !(access & ASPACE_ACCESS_WRITE) || region_is_shared(region) || page->refs == 1)
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
	struct page_source source = { 0 };
	struct region any = *region;
	int err;

	any.prot |= write ? PROT_READ | PROT_WRITE : PROT_READ;
	while ((err = page_make(as, &any, address, write ? ASPACE_ACCESS_WRITE : ASPACE_ACCESS_READ, &source)) ==
	       -EAGAIN) {
		err = source_fetch(&source);
		if (err)
			break;
	}
	source_drop(&source);
	if (!err) {
		page_restrict(as, region, address);
		aspace_forget(as, address & PAGE_MASK, (address & PAGE_MASK) + PAGE_SIZE);
	}
	return err;
}
