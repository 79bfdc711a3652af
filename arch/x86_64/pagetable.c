/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four-level page tables with 4 KiB pages only. The kernel's half is shared by all tables: its level-3 tables are
 * made once (memory.c) and their entries copied into each new level-4 table, so that they never have to follow a
 * change. No entry has the user bit: programs run at the kernel's level.
 */
#include "arch_internal.h"

#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>
#include <kernel/user.h>

#define ENTRIES 512
#define KERNEL_FIRST 256 /* of a level-4 table */
#define NULL_AREA_ORDER 4 /* what is below USER_START */

_Static_assert(PAGE_SIZE << NULL_AREA_ORDER == USER_START, "it ends where programs begin");

SEALED struct arch_pagetable arch_kernel_pagetable;

static uint64_t *table_at(uint64_t entry)
{
	return arch_phys_to_virt(entry & PTE_ADDRESS);
}

static size_t index_of(uint64_t virt, int level)
{
	return virt >> (12 + 9 * (level - 1)) & (ENTRIES - 1);
}

/* Between the two halves there are no addresses. */
static bool is_canonical(uint64_t virt)
{
	return (uint64_t)((int64_t)(virt << 16) >> 16) == virt;
}

/*
 * An entry that goes takes its dirty bit with it, and one that comes may lead to a page that the snapshot holds: its
 * tracker has to be told of both.
 */
static void entry_write(uint64_t *entry, uint64_t value)
{
	if (*entry & PTE_DIRTY)
		snapshot_frame_mapped(*entry & PTE_ADDRESS, true);
	if (value & PTE_WRITE)
		snapshot_frame_mapped(value & PTE_ADDRESS, true);
	*pagetable_writable(entry) = value;
}

/* An empty table page; 0 when there is no memory. */
static phys_t table_alloc(void)
{
	struct page *page = page_alloc_table();

	if (!page)
		return 0;
	table_lock(page_phys(page), true);
	return page_phys(page);
}

static void table_free(phys_t table)
{
	table_lock(table, false);
	page_free(page_from_phys(table), 0);
}

/*
 * Here and below: what writes a table, or makes one, is called between arch_pagetable_edit() and its end.
 * The level-1 entry of a page, NULL when a table on the way is missing; with create: only when there is no memory.
 */
uint64_t *pagetable_entry(const struct arch_pagetable *table, uint64_t virt, bool create)
{
	uint64_t *entries = arch_phys_to_virt(table->root);

	if (!is_canonical(virt))
		return NULL;
	for (int level = 4; level > 1; level--) {
		uint64_t *entry = &entries[index_of(virt, level)];
		phys_t next;

		if (!(*entry & PTE_PRESENT)) {
			if (!create || !(next = table_alloc()))
				return NULL;
			entry_write(entry, next | PTE_PRESENT | PTE_WRITE);
		}
		entries = table_at(*entry);
	}
	return &entries[index_of(virt, 1)];
}

static uint64_t bits_of(uint64_t virt, unsigned rights)
{
	uint64_t bits = PTE_PRESENT;

	if (!IS_ENABLED(CONFIG_WX) && virt >= DIRECT_MAP_BASE)
		rights |= ARCH_PAGE_WRITE | ARCH_PAGE_EXEC;
	if (rights & ARCH_PAGE_WRITE)
		bits |= PTE_WRITE;
	if (!(rights & ARCH_PAGE_EXEC))
		bits |= PTE_NO_EXECUTE;
	if (rights & ARCH_PAGE_DEVICE)
		bits |= PTE_CACHE_DISABLE | PTE_WRITE_THROUGH;
	/* With a snapshot, one reload of CR3 has to be enough to forget every translation. */
	if (virt >= X86_KERNEL_HALF && !IS_ENABLED(CONFIG_FUZZ))
		bits |= PTE_GLOBAL;
	return bits;
}

/*
 * A page that may not be read either keeps its frame in an entry that is not present; bit 9 tells it from an empty
 * one.
 */
#define PTE_HIDDEN (UINT64_C(1) << 9)

uint64_t pagetable_make(uint64_t virt, phys_t phys, unsigned rights)
{
	if (!(rights & (ARCH_PAGE_READ | ARCH_PAGE_WRITE | ARCH_PAGE_EXEC)))
		return phys | PTE_HIDDEN;
	return phys | bits_of(virt, rights);
}

/* Without a guard there is memory at 0, the same in all tables. */
int pagetable_map_null(const struct arch_pagetable *table)
{
	static SEALED struct page *memory;
	uint64_t *entry = pagetable_entry(table, 0, true);

	if (!memory)
		memory = page_alloc_zeroed(NULL_AREA_ORDER);
	if (!memory || !entry)
		return -ENOMEM;
	for (size_t i = 0; i < (size_t)1 << NULL_AREA_ORDER; i++)
		pagetable_writable(entry)[i] = (page_phys(memory) + i * PAGE_SIZE) | PTE_PRESENT | PTE_WRITE |
					       (IS_ENABLED(CONFIG_WX) ? PTE_NO_EXECUTE : 0);
	return 0;
}

int arch_pagetable_create(struct arch_pagetable *table)
{
	uint64_t *root, *kernel = arch_phys_to_virt(arch_kernel_pagetable.root);
	unsigned long irq = arch_pagetable_edit();
	int err = 0;

	table->root = table_alloc();
	if (!table->root) {
		arch_pagetable_edited(irq);
		return -ENOMEM;
	}
	root = arch_phys_to_virt(table->root);
	memcpy(pagetable_writable(root) + KERNEL_FIRST, kernel + KERNEL_FIRST,
	       (ENTRIES - KERNEL_FIRST) * sizeof(*root));
	if (!IS_ENABLED(CONFIG_NULL_GUARD))
		err = pagetable_map_null(table);
	arch_pagetable_edited(irq);
	if (err)
		arch_pagetable_destroy(table);
	return err;
}

static void free_tables(uint64_t entry, int level)
{
	const uint64_t *entries = table_at(entry);

	/* Few entries of most tables are in use: a glance at eight is enough. */
	for (size_t first = 0; level > 1 && first < ENTRIES; first += 8) {
		const uint64_t *e = entries + first;

		if (likely(!((e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) & PTE_PRESENT)))
			continue;
		for (size_t i = 0; i < 8; i++)
			if (e[i] & PTE_PRESENT)
				free_tables(e[i], level - 1);
	}
	table_free(entry & PTE_ADDRESS);
}

void arch_pagetable_destroy(struct arch_pagetable *table)
{
	uint64_t *root = arch_phys_to_virt(table->root);
	unsigned long irq = arch_pagetable_edit();

	for (size_t i = 0; i < KERNEL_FIRST; i++)
		if (root[i] & PTE_PRESENT)
			free_tables(root[i], 3);
	table_free(table->root);
	arch_pagetable_edited(irq);
	table->root = 0;
}

void arch_pagetable_activate(struct arch_pagetable *table)
{
	if (X86_READ_CR(3) != table->root)
		X86_WRITE_CR(3, table->root);
}

bool arch_pagetable_is_active(const struct arch_pagetable *table)
{
	return X86_READ_CR(3) == table->root;
}

/* Kernel pages may be cached whatever tables are active; a program's only while its own are. */
static void forget(const struct arch_pagetable *table, uint64_t virt)
{
	if (virt >= X86_KERNEL_HALF || X86_READ_CR(3) == table->root)
		x86_invalidate_page(virt);
}

/* Beyond this many pages it is cheaper to load everything anew. */
#define FORGET_MAX 32

void arch_pagetable_forget(uint64_t start, uint64_t end)
{
	if (end - start > FORGET_MAX * PAGE_SIZE) {
		X86_WRITE_CR(3, X86_READ_CR(3));
		return;
	}
	for (; start < end; start += PAGE_SIZE)
		x86_invalidate_page(start);
}

int arch_pagetable_map(struct arch_pagetable *table, uint64_t virt, phys_t phys, unsigned rights)
{
	unsigned long irq = arch_pagetable_edit();
	uint64_t *entry = pagetable_entry(table, virt, true);
	int err = entry ? *entry ? -EEXIST : 0 : -ENOMEM;

	if (!err)
		entry_write(entry, pagetable_make(virt, phys, rights));
	arch_pagetable_edited(irq);
	return err;
}

static void entry_change(uint64_t *entry, uint64_t value)
{
	unsigned long irq = arch_pagetable_edit();

	entry_write(entry, value);
	arch_pagetable_edited(irq);
}

int arch_pagetable_unmap(struct arch_pagetable *table, uint64_t virt, phys_t *phys)
{
	uint64_t *entry = pagetable_entry(table, virt, false);

	if (!entry || !*entry)
		return -ENOENT;
	if (phys)
		*phys = *entry & PTE_ADDRESS;
	entry_change(entry, 0);
	forget(table, virt);
	return 0;
}

int arch_pagetable_protect(struct arch_pagetable *table, uint64_t virt, unsigned rights)
{
	uint64_t *entry = pagetable_entry(table, virt, false);

	if (!entry || !*entry)
		return -ENOENT;
	entry_change(entry, pagetable_make(virt, *entry & PTE_ADDRESS, rights));
	forget(table, virt);
	return 0;
}

/* Of one level-1 table, from start on. */
static void share_entries(uint64_t *from, uint64_t *to, size_t count, bool read_only,
			  void (*visit)(phys_t phys, void *context), void *context)
{
	for (size_t i = 0; i < count; i++) {
		if (!from[i])
			continue;
		/* The dirty bit stays where it is. */
		if (read_only)
			*pagetable_writable(&from[i]) = from[i] & ~PTE_WRITE;
		entry_write(&to[i], from[i] & ~(PTE_DIRTY | PTE_ACCESSED));
		visit(from[i] & PTE_ADDRESS, context);
	}
}

int arch_pagetable_share(struct arch_pagetable *from, struct arch_pagetable *to, uint64_t start, uint64_t end,
			 bool read_only, void (*visit)(phys_t phys, void *context), void *context)
{
	int err = 0;

	for (uint64_t at = start; !err && (at = arch_pagetable_next(from, at, end)) < end;) {
		uint64_t stop = min(end, align_up(at + 1, ENTRIES * PAGE_SIZE));
		unsigned long irq = arch_pagetable_edit();
		uint64_t *target = pagetable_entry(to, at, true);

		if (target)
			share_entries(pagetable_entry(from, at, false), target, (stop - at) / PAGE_SIZE, read_only,
				      visit, context);
		else
			err = -ENOMEM;
		arch_pagetable_edited(irq);
		at = stop;
	}
	if (read_only && arch_pagetable_is_active(from))
		X86_WRITE_CR(3, from->root);
	return err;
}

int arch_pagetable_lookup(const struct arch_pagetable *table, uint64_t virt, phys_t *phys, unsigned *rights)
{
	const uint64_t *entry = pagetable_entry(table, virt, false);

	if (!entry || !*entry)
		return -ENOENT;
	if (phys)
		*phys = *entry & PTE_ADDRESS;
	if (!rights)
		return 0;
	*rights = 0;
	if (*entry & PTE_PRESENT)
		*rights |= ARCH_PAGE_READ | (*entry & PTE_NO_EXECUTE ? 0 : ARCH_PAGE_EXEC);
	if (*entry & PTE_WRITE)
		*rights |= ARCH_PAGE_WRITE;
	if (*entry & PTE_CACHE_DISABLE)
		*rights |= ARCH_PAGE_DEVICE;
	return 0;
}

/*
 * Past what an empty entry stands for, and the empty ones behind it in its table. The top of the address space wraps to
 * 0.
 */
static uint64_t skip_empty(const uint64_t *entries, int level, uint64_t virt, uint64_t end)
{
	uint64_t size = UINT64_C(1) << (12 + 9 * (level - 1));
	size_t i;

	do {
		virt = align_down(virt, size) + size;
		i = index_of(virt, level);
	} while (i && !entries[i] && virt < end);
	return virt;
}

uint64_t arch_pagetable_next(const struct arch_pagetable *table, uint64_t virt, uint64_t end)
{
	while (virt < end) {
		const uint64_t *entries = arch_phys_to_virt(table->root);
		int level = 4;
		uint64_t entry;

		if (!is_canonical(virt)) {
			virt = X86_KERNEL_HALF;
			continue;
		}
		while (entry = entries[index_of(virt, level)], level > 1 && (entry & PTE_PRESENT)) {
			entries = table_at(entry);
			level--;
		}
		if (level == 1 && entry)
			return virt;
		virt = skip_empty(entries, level, virt, end);
		if (!virt)
			return end;
	}
	return end;
}
