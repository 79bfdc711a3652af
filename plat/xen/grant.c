/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grant table, version 1: which pages of ours another domain may map or copy. Entries are words that Xen changes
 * too, so an end is a compare and exchange.
 */
#include "xen_internal.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/spinlock.h>
#include <kernel/xen.h>

#define FRAMES 2
#define ENTRIES (FRAMES * PAGE_SIZE / sizeof(struct grant_entry_v1))
#define RESERVED 8 /* the first ones are the toolstack's */

static struct grant_entry_v1 *table;
static uint16_t next_free[ENTRIES]; /* 0 ends the list */
static uint16_t first_free;
static struct spinlock lock = SPINLOCK_INIT;

/* The table takes the place of these frames, and nothing in it is in use. */
static int take_table(phys_t frames)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		int err = xen_add_to_physmap(XENMAPSPACE_GRANT_TABLE, i, frames + i * PAGE_SIZE);

		/* The first page's frame may be Xen's by now: it stays away from the allocator. */
		if (err)
			return err;
	}
	first_free = 0;
	for (unsigned ref = ENTRIES - 1; ref >= RESERVED; ref--) {
		next_free[ref] = first_free;
		first_free = (uint16_t)ref;
	}
	return 0;
}

int grant_init(void)
{
	struct page *page = page_alloc_zeroed(1);
	int err;

	_Static_assert(FRAMES == 2, "two pages are of order 1");
	if (!page)
		return -ENOMEM;
	err = take_table(page_phys(page));
	if (!err)
		table = page_virt(page);
	return err;
}

int grant_in_copy(void)
{
	return table ? take_table(arch_virt_to_phys(table)) : 0;
}

int grant_page(const struct xen_host *host UNUSED, uint16_t domain, phys_t page, bool read_only, uint32_t *ref)
{
	unsigned long flags = spin_lock(&lock);
	uint16_t free = first_free;

	if (free)
		first_free = next_free[free];
	spin_unlock(&lock, flags);
	if (!free)
		return -ENOSPC;
	table[free].domid = domain;
	table[free].frame = (uint32_t)(page / PAGE_SIZE);
	atomic_store(&table[free].flags, (uint16_t)(GTF_PERMIT_ACCESS | (read_only ? GTF_READONLY : 0)));
	*ref = free;
	return 0;
}

int grant_end(const struct xen_host *host UNUSED, uint32_t ref)
{
	uint16_t old = atomic_load(&table[ref].flags);
	unsigned long flags;

	do {
		if (old & (GTF_READING | GTF_WRITING))
			return -EBUSY;
	} while (!__atomic_compare_exchange_n(&table[ref].flags, &old, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	flags = spin_lock(&lock);
	next_free[ref] = first_free;
	first_free = (uint16_t)ref;
	spin_unlock(&lock, flags);
	return 0;
}
