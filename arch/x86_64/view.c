/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables that are written through a view of their own (option TABLE_VIEW). In the direct map they are read-only;
 * the view maps them, and nothing else, once more, writable but as a program's pages. Code at the kernel's level, which
 * here is all code, can use those only while EFLAGS.AC is set (SMAP; Intel SDM volume 3, 4.6.1): from
 * arch_pagetable_edit() to its end. That is two cheap instructions, where a key needs a register of which an emulator
 * has to forget all translations.
 *
 * The view has an area of its own, which the alias (mapping.c) has in images with snapshots; its tables are made at
 * boot for all of RAM.
 */
#include "arch_internal.h"

#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>

#define ENTRIES 512
#define CPUID_EBX_SMAP (UINT32_C(1) << 20) /* leaf 7 */
#define CR4_SMAP (UINT64_C(1) << 21)
/* All that the CPU might set is set already. */
#define VIEW_INNER (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define VIEW_LEAF (VIEW_INNER | PTE_DIRTY | PTE_GLOBAL | PTE_NO_EXECUTE)

static SEALED bool has_smap;
SEALED bool view_is_there;

void view_init(void)
{
	if (!IS_ENABLED(CONFIG_TABLE_VIEW) || x86_cpuid(0, 0).eax < 7 || !(x86_cpuid(7, 0).ebx & CPUID_EBX_SMAP))
		return;
	X86_WRITE_CR(4, X86_READ_CR(4) | CR4_SMAP);
	has_smap = true;
}

static uint64_t *table_at(uint64_t entry)
{
	return arch_phys_to_virt(entry & PTE_ADDRESS);
}

static int make_inner(uint64_t *entry)
{
	struct page *page = *entry ? NULL : page_alloc_table();

	if (!*entry && !page)
		return -ENOMEM;
	*entry |= page ? page_phys(page) | VIEW_INNER : VIEW_INNER;
	return 0;
}

static int make_tables(void)
{
	const size_t frames = page_frame_limit();
	uint64_t *root = (uint64_t *)arch_phys_to_virt(arch_kernel_pagetable.root) + (X86_ALIAS_AREA >> 39) % ENTRIES;
	int err = make_inner(root);

	for (size_t frame = 0; !err && frame < frames; frame += ENTRIES) {
		uint64_t *level3 = table_at(*root) + frame / ENTRIES / ENTRIES;

		err = make_inner(level3);
		if (!err)
			err = make_inner(table_at(*level3) + frame / ENTRIES % ENTRIES);
	}
	return err;
}

/* The view's entry for a frame. */
static uint64_t *leaf_of(phys_t phys)
{
	return pagetable_entry(&arch_kernel_pagetable, X86_ALIAS_AREA + phys, false);
}

static void show_tables(phys_t table, int level)
{
	const uint64_t *entries = arch_phys_to_virt(table);

	*leaf_of(table) = table | VIEW_LEAF;
	for (size_t i = 0; level > 1 && i < ENTRIES; i++)
		if (entries[i] & PTE_PRESENT)
			show_tables(entries[i] & PTE_ADDRESS, level - 1);
}

int view_memory_init(void)
{
	int err;

	if (!IS_ENABLED(CONFIG_TABLE_VIEW))
		return 0;
	if (!has_smap) {
		log_warning("this CPU has no SMAP: page tables are like other memory");
		return 0;
	}
	err = make_tables();
	if (err)
		return err;
	show_tables(arch_kernel_pagetable.root, 4);
	view_is_there = true;
	return 0;
}

/* Other CPUs may use what they have in mind of the page for a while: tables_fault_is_stale(). */
void view_table(phys_t table, bool shown)
{
	uint64_t virt = (uint64_t)arch_phys_to_virt(table);
	uint64_t *direct = pagetable_entry(&arch_kernel_pagetable, virt, false), *leaf = leaf_of(table);

	if (!direct || !leaf)
		return;
	*pagetable_writable(leaf) = shown ? table | VIEW_LEAF : 0;
	*pagetable_writable(direct) = shown ? (*direct & ~PTE_WRITE) | PTE_TABLE : (*direct | PTE_WRITE) & ~PTE_TABLE;
	x86_invalidate_page((uint64_t)X86_ALIAS_AREA + table);
	x86_invalidate_page(virt);
}
