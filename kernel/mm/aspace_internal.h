/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of an address space: aspace.c (life), fault.c, region.c (the list of regions), region_page.c (the pages
 * in them), place.c (where a new region goes), and one file for each call or family of calls. All functions here want
 * as->lock held, but where it says otherwise.
 */
#pragma once

#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/page.h>
#include <kernel/user.h>

#define PROT_ACCESS (PROT_READ | PROT_WRITE | PROT_EXEC)

static inline uint64_t region_len(const struct region *region)
{
	return region->end - region->start;
}

static inline bool region_is_shared(const struct region *region)
{
	return (region->flags & MAP_TYPE) == MAP_SHARED;
}

/* ---- region.c ---- */

/* The first region that ends after address: it holds it, or lies above; NULL when none does. */
struct region *region_at_or_above(struct aspace *as, uint64_t address);
/* The one that holds address, or NULL. */
struct region *region_at(struct aspace *as, uint64_t address);
/* Its neighbours in order of addresses; NULL at the ends. */
struct region *region_next(struct aspace *as, struct region *region);
struct region *region_previous(struct aspace *as, struct region *region);
/* True when nothing is mapped in [start, end). */
bool region_is_free(struct aspace *as, uint64_t start, uint64_t end);

/**
 * Adds a region like model, which covers a range where nothing is, and merges it with equal neighbours. Takes its own
 * reference to model's file. The region that covers the range now, or NULL: no memory.
 */
struct region *region_add(struct aspace *as, const struct region *model);
/* By its program, now or after mprotect: not so where it is shared and its file cannot be. */
bool region_may_be_written(const struct region *region);
/* From now on there is one more region like this that refers to its file, or one less. */
void region_hold_file(const struct region *region, bool held);
/* Makes address a border between regions. -ENOMEM: no memory, or too many regions. */
int region_split(struct aspace *as, uint64_t address);
/* Joins it with equal neighbours; the region that covers it now. */
struct region *region_merge(struct aspace *as, struct region *region);
/* Removes all regions in [start, end) with their pages; borders are split first, which may fail: -ENOMEM. */
int region_remove_range(struct aspace *as, uint64_t start, uint64_t end);
/* Sets protection, with the rights of the pages that are there; no merging. */
void region_set_prot(struct aspace *as, struct region *region, unsigned prot);
void region_set_locked(struct aspace *as, struct region *region, bool locked);
/* Moves its end up into free space. */
void region_extend(struct aspace *as, struct region *region, uint64_t end);

/*
 * aspace.c: the pages of [start, end) were unmapped or lost rights: returns when no CPU uses what they were. Before
 * that no frame of them may be given to others. Waits for other CPUs: no spinlock is held.
 */
void aspace_forget(struct aspace *as, uint64_t start, uint64_t end);

/* Drops the pages that are in [start, end). */
void pages_drop(struct aspace *as, uint64_t start, uint64_t end);
/* Maps the pages that a region has in one space into a copy of it in another, which has none. -ENOMEM. */
int pages_share(struct aspace *from, struct aspace *to, struct region *region);
/* A file's page that a fault needs: which one, and once fetched, the page. The references are its own. */
struct page_source {
	struct file *file;
	uint64_t index;
	bool create;
	struct page *page;
};

/* Asks the file. Without as->lock where the file may be in use by others: see fault.c. */
int source_fetch(struct page_source *source);
void source_drop(struct page_source *source);

/**
 * Makes the page of an address in region present, as an access would: -EFAULT for what region->prot forbids; -ENOMEM;
 * -EAGAIN: *source, zeros at first, says which page of a file is needed: fetch it and call again.
 */
int page_make(struct aspace *as, struct region *region, uint64_t address, unsigned access, struct page_source *source);
/* The same whatever the protection, which the page has afterwards. */
int page_force(struct aspace *as, struct region *region, uint64_t address, bool write);
/* ---- fault.c: without as->lock ---- */

/*
 * Makes the pages of [start, end) present, as that access (0: one that the region allows) would; 0 or the first
 * error.
 */
int aspace_populate(struct aspace *as, uint64_t start, uint64_t end, unsigned access);

/* ---- place.c ---- */

/* The address of a free range for a new mapping of len bytes, preferably hint; -ENOMEM. */
long place_find(struct aspace *as, uint64_t hint, uint64_t len, unsigned flags);
/* Checks a range that a program fixed: 0, -ENOMEM, -EINVAL, -EPERM. */
int place_check_fixed(uint64_t addr, uint64_t len);

/* ---- limit.c: the running process's limits; none for kernel threads ---- */

/* May the space grow by so many bytes? 0, -ENOMEM. */
int limit_check_total(const struct aspace *as, uint64_t more);
/* May so many more bytes be locked? 0, -EAGAIN. */
int limit_check_locked(const struct aspace *as, uint64_t more);
/* May the process lock memory at all? 0, -EPERM. */
int limit_may_lock(void);
/* How many pages it may lock. */
uint64_t limit_locked_pages(void);
/* May the program's heap have that many bytes? */
bool limit_data_allows(uint64_t bytes);
