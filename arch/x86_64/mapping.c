/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seeing writes by the dirty bits of page-table entries, and the alias: a second mapping of all RAM whose use sets
 * none of them. The alias has a level-4 entry of its own, made at boot with the other ones of the kernel's half.
 */
#include "arch_internal.h"

#include <kernel/errno.h>
#include <kernel/page.h>

#define ENTRIES 512
#define ALIAS_SLOT (X86_ALIAS_AREA >> 39 & (ENTRIES - 1))
/*
 * So far from the direct map, modulo any power of two, that the two share no slot of a direct-mapped TLB (an
 * emulator's).
 */
#define ALIAS_BASE (X86_ALIAS_AREA + 37 * PAGE_SIZE)

void *arch_alias(phys_t phys)
{
	return (void *)(ALIAS_BASE + phys);
}

static uint64_t *table_at(uint64_t entry)
{
	return arch_phys_to_virt(entry & PTE_ADDRESS);
}

/* The table that an entry points to, made when absent. All bits that the CPU might set are set already. */
static uint64_t *alias_table(uint64_t *entry, void *(*alloc)(void))
{
	void *table;

	if (*entry & PTE_PRESENT)
		return table_at(*entry);
	table = alloc();
	if (!table)
		return NULL;
	*entry = arch_virt_to_phys(table) | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
	return table;
}

int arch_alias_init(void *(*alloc)(void))
{
	uint64_t *root = arch_phys_to_virt(arch_kernel_pagetable.root);
	uint64_t *level3 = table_at(root[ALIAS_SLOT]);
	phys_t limit = (phys_t)page_frame_limit() << PAGE_SHIFT;

	for (phys_t phys = 0; phys < limit; phys += PAGE_SIZE) {
		uint64_t virt = ALIAS_BASE + phys;
		uint64_t *level2 = alias_table(&level3[virt >> 30 & (ENTRIES - 1)], alloc);
		uint64_t *level1 = level2 ? alias_table(&level2[virt >> 21 & (ENTRIES - 1)], alloc) : NULL;

		if (!level1)
			return -ENOMEM;
		level1[virt >> 12 & (ENTRIES - 1)] = phys | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY |
						     PTE_GLOBAL | PTE_NO_EXECUTE;
	}
	return 0;
}

struct walk {
	void (*visit)(const struct arch_mapping *mapping, void *context);
	void (*table_page)(const struct arch_table *table, void *context);
	void *context;
};

static void visit_leaf(const struct walk *walk, phys_t table, size_t index, uint64_t virt)
{
	struct arch_mapping mapping = { .entry = (uint64_t *)arch_alias(table) + index, .virt = virt };
	uint64_t entry = ((const uint64_t *)arch_phys_to_virt(table))[index];

	mapping.phys = entry & PTE_ADDRESS;
	mapping.writable = entry & PTE_WRITE;
	walk->visit(&mapping, walk->context);
}

/* virt: what the table's first entry maps. */
static void walk_table(const struct walk *walk, phys_t table, int level, uint64_t virt)
{
	const uint64_t *entries = arch_phys_to_virt(table);

	if (walk->table_page)
		walk->table_page(&(struct arch_table){ table, level, virt }, walk->context);
	for (size_t i = 0; i < ENTRIES; i++) {
		uint64_t at = virt | (uint64_t)i << (12 + 9 * (level - 1));

		if (!(entries[i] & PTE_PRESENT) || (level == 4 && i == ALIAS_SLOT))
			continue;
		if (level == 4 && i >= ENTRIES / 2)
			at |= UINT64_C(0xffff) << 48;
		if (level > 1)
			walk_table(walk, entries[i] & PTE_ADDRESS, level - 1, at);
		else
			visit_leaf(walk, table, i, at);
	}
}

void arch_mapping_foreach(const struct arch_pagetable *table,
			  void (*visit)(const struct arch_mapping *mapping, void *context),
			  void (*table_page)(const struct arch_table *table, void *context), void *context)
{
	struct walk walk = { visit, table_page, context };

	walk_table(&walk, table->root, 4, 0);
}

static void settle_table(uint64_t *entries, int level)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		if (!(entries[i] & PTE_PRESENT))
			continue;
		entries[i] |= level > 1 ? PTE_ACCESSED : PTE_ACCESSED | PTE_DIRTY;
		if (level > 1 && !(level == 4 && i == ALIAS_SLOT))
			settle_table(table_at(entries[i]), level - 1);
	}
}

void arch_mapping_settle(const struct arch_pagetable *table)
{
	settle_table(arch_phys_to_virt(table->root), 4);
}

void arch_mapping_clean(const struct arch_mapping *mapping)
{
	arch_mapping_clear(mapping);
	x86_invalidate_page(mapping->virt);
}

bool arch_table_restore(const struct arch_table *table, const void *pristine)
{
	const uint64_t *old = pristine;
	uint64_t *entries = arch_alias(table->phys);
	bool inner_changed = false;

	for (size_t i = 0; i < ENTRIES; i++) {
		uint64_t now = entries[i];

		if (likely(now == old[i]))
			continue;
		entries[i] = old[i];
		if (!(now & PTE_PRESENT))
			continue;
		if (table->level == 1)
			x86_invalidate_page(table->virt + i * PAGE_SIZE);
		else
			inner_changed = true;
	}
	return inner_changed;
}

void arch_mapping_flush(void)
{
	X86_WRITE_CR(3, X86_READ_CR(3)); /* no translation is global in a kernel with snapshots */
}
