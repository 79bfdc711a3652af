/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs' address spaces in the host world: a radix tree of four levels of 512 entries in page frames of the
 * machine, so that it is under the snapshot and the audit like everything else. No CPU reads it, only arch_user_*()
 * (user_copy.c) through the one cached translation, which every change of a table empties. The caller's lock guards a
 * tree.
 */
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/snapshot.h>

#include "host_internal.h"

#define LEVELS 4
#define LEVEL_BITS 9
#define LEVEL_ENTRIES (1u << LEVEL_BITS)
#define GROUP_ENTRIES (LEVEL_ENTRIES / 64)
#define GROUP_SIZE (GROUP_ENTRIES * sizeof(uint64_t))
#define VIRT_BITS (PAGE_SHIFT + LEVELS * LEVEL_BITS)

/* An entry is a frame address; its low bits say that it is there and, in the last level, the rights (ARCH_PAGE_*). */
#define ENTRY_PRESENT 1u
#define ENTRY_RIGHTS_SHIFT 1
#define ENTRY_RIGHTS_MASK 0xfu

/* The kernel's own mappings are Linux's business: no tables, only the image and the direct map to look up. */
struct arch_pagetable arch_kernel_pagetable;

static unsigned level_shift(unsigned level)
{
	return PAGE_SHIFT + level * LEVEL_BITS;
}

static uint64_t *table_of(phys_t entry)
{
	return arch_phys_to_virt(entry & PAGE_MASK);
}

/*
 * A table's page carries a bitmap of its groups of entries that were ever used: most tables hold a few entries in one
 * place, and a program's end should not have to look at all of them.
 */
static void groups_set(struct page *page, uint64_t groups)
{
	snapshot_mark(page, sizeof(*page));
	page->owner = (void *)groups;
}

static uint64_t groups_get(const struct page *page)
{
	return (uint64_t)page->owner;
}

static void entry_set(uint64_t *entry, uint64_t value)
{
	struct page *page = page_from_virt(entry);
	uint64_t group = UINT64_C(1) << ((uintptr_t)entry & ~PAGE_MASK) / GROUP_SIZE;

	if (!(groups_get(page) & group))
		groups_set(page, groups_get(page) | group);
	snapshot_mark(entry, sizeof(*entry));
	*entry = value;
}

static unsigned entry_rights(uint64_t entry)
{
	return (entry >> ENTRY_RIGHTS_SHIFT) & ENTRY_RIGHTS_MASK;
}

static uint64_t entry_make(phys_t phys, unsigned rights)
{
	return phys | (uint64_t)rights << ENTRY_RIGHTS_SHIFT | ENTRY_PRESENT;
}

static void cached_flush(void)
{
	arch_host_state->cached.virt = 1;
}

static phys_t table_new(void)
{
	struct page *page = page_alloc_table();

	if (!page)
		return 0;
	snapshot_mark(page_virt(page), PAGE_SIZE);
	groups_set(page, 0);
	return page_phys(page);
}

/* The entry of virt's page; NULL when a table is missing, and make is false or memory is short. */
static uint64_t *entry_find(const struct arch_pagetable *table, uint64_t virt, bool make)
{
	uint64_t *entry;
	phys_t next = table->root;

	if (!next || virt >> VIRT_BITS)
		return NULL;
	for (unsigned level = LEVELS - 1;; level--) {
		entry = table_of(next) + ((virt >> level_shift(level)) & (LEVEL_ENTRIES - 1));
		if (level == 0)
			return entry;
		if (!*entry) {
			next = make ? table_new() : 0;
			if (!next)
				return NULL;
			entry_set(entry, entry_make(next, 0));
		}
		next = *entry;
	}
}

int arch_pagetable_create(struct arch_pagetable *table)
{
	table->root = table_new();
	return table->root ? 0 : -ENOMEM;
}

static void tables_free(phys_t phys, unsigned level)
{
	struct page *page = page_from_phys(phys);
	uint64_t groups = level ? groups_get(page) : 0;

	for (; groups; groups &= groups - 1) {
		const uint64_t *entries = table_of(phys) + __builtin_ctzll(groups) * GROUP_ENTRIES;

		for (unsigned i = 0; i < GROUP_ENTRIES; i++)
			if (entries[i])
				tables_free(entries[i] & PAGE_MASK, level - 1);
	}
	page_free(page, 0);
}

void arch_pagetable_destroy(struct arch_pagetable *table)
{
	if (arch_host_state->tables == table)
		arch_pagetable_activate(&arch_kernel_pagetable);
	if (table->root)
		tables_free(table->root, LEVELS - 1);
	table->root = 0;
}

void arch_pagetable_activate(struct arch_pagetable *table)
{
	arch_host_state->tables = table;
	cached_flush();
}

bool arch_pagetable_is_active(const struct arch_pagetable *table)
{
	return arch_host_state->tables == table;
}

int arch_pagetable_map(struct arch_pagetable *table, uint64_t virt, phys_t phys, unsigned rights)
{
	uint64_t *entry;

	if (!table->root || virt >> VIRT_BITS)
		return -EINVAL;
	entry = entry_find(table, virt, true);
	if (!entry)
		return -ENOMEM;
	if (*entry)
		return -EEXIST;
	entry_set(entry, entry_make(phys, rights));
	return 0;
}

int arch_pagetable_unmap(struct arch_pagetable *table, uint64_t virt, phys_t *phys)
{
	uint64_t *entry = entry_find(table, virt, false);

	if (!entry || !*entry)
		return -ENOENT;
	if (phys)
		*phys = *entry & PAGE_MASK;
	entry_set(entry, 0);
	cached_flush();
	return 0;
}

int arch_pagetable_protect(struct arch_pagetable *table, uint64_t virt, unsigned rights)
{
	uint64_t *entry = entry_find(table, virt, false);

	if (!entry || !*entry)
		return -ENOENT;
	entry_set(entry, entry_make(*entry & PAGE_MASK, rights));
	cached_flush();
	return 0;
}

int arch_pagetable_share(struct arch_pagetable *from, struct arch_pagetable *to, uint64_t start, uint64_t end,
			 bool read_only, void (*visit)(phys_t phys, void *context), void *context)
{
	int err = 0;

	for (uint64_t at = start; !err && (at = arch_pagetable_next(from, at, end)) < end; at += PAGE_SIZE) {
		uint64_t *entry = entry_find(from, at, false);
		phys_t phys = *entry & PAGE_MASK;
		unsigned rights = entry_rights(*entry) & ~(read_only ? (unsigned)ARCH_PAGE_WRITE : 0);

		if (rights != entry_rights(*entry))
			entry_set(entry, entry_make(phys, rights));
		err = arch_pagetable_map(to, at, phys, rights);
		if (!err)
			visit(phys, context);
	}
	cached_flush();
	return err;
}

static int kernel_lookup(uint64_t virt, phys_t *phys, unsigned *rights)
{
	bool in_image = virt - (uintptr_t)__start_saki_image < (uintptr_t)(__stop_saki_image - __start_saki_image);

	if (!in_image && virt - DIRECT_MAP_BASE >= page_frame_limit() << PAGE_SHIFT)
		return -ENOENT;
	if (phys)
		*phys = arch_virt_to_phys((const void *)virt);
	if (rights)
		*rights = ARCH_PAGE_READ | ARCH_PAGE_WRITE;
	return 0;
}

int arch_pagetable_lookup(const struct arch_pagetable *table, uint64_t virt, phys_t *phys, unsigned *rights)
{
	const uint64_t *entry;

	if (table == &arch_kernel_pagetable)
		return kernel_lookup(virt, phys, rights);
	entry = entry_find(table, virt, false);
	if (!entry || !*entry)
		return -ENOENT;
	if (phys)
		*phys = *entry & PAGE_MASK;
	if (rights)
		*rights = entry_rights(*entry);
	return 0;
}

/* The first mapped page at or after virt under one table, or UINT64_MAX. base: where the table's range starts. */
static uint64_t next_in(phys_t phys, unsigned level, uint64_t base, uint64_t virt, uint64_t end)
{
	const uint64_t *entries = table_of(phys);
	uint64_t span = UINT64_C(1) << level_shift(level);
	unsigned first = virt > base ? (unsigned)((virt - base) / span) : 0;

	for (unsigned i = first; i < LEVEL_ENTRIES && base + i * span < end; i++) {
		uint64_t start = base + i * span, found;

		if (!entries[i])
			continue;
		if (level == 0)
			return start;
		found = next_in(entries[i], level - 1, start, virt, end);
		if (found != UINT64_MAX)
			return found;
	}
	return UINT64_MAX;
}

uint64_t arch_pagetable_next(const struct arch_pagetable *table, uint64_t virt, uint64_t end)
{
	uint64_t found = UINT64_MAX;

	if (table->root)
		found = next_in(table->root, LEVELS - 1, 0, virt & PAGE_MASK, end);
	return min(found, end);
}
