/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's final page tables: RAM at DIRECT_MAP_BASE, the image at its base with exact rights, nothing below.
 * Made once at boot; the boot tables (pvh_entry.S), which map the first 4 GiB everywhere, serve until then.
 */
#include "arch_internal.h"

#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/page.h>

#define RW (ARCH_PAGE_READ | ARCH_PAGE_WRITE)

static phys_t phys_of(const char *symbol)
{
	return arch_virt_to_phys(symbol);
}

static phys_t new_table(void)
{
	struct page *page = page_alloc_table();

	return page ? page_phys(page) : 0;
}

/*
 * The level-4 entries of the kernel's half exist from the start, so that tables copied from these see every later
 * mapping.
 */
static int root_init(void)
{
	const uint64_t areas[] = { DIRECT_MAP_BASE,  DIRECT_MAP_BASE + DIRECT_MAP_SIZE - 1, STACK_AREA_BASE,
				   SHADOW_AREA_BASE, X86_ALIAS_AREA,			KERNEL_BASE };
	uint64_t *root;

	arch_kernel_pagetable.root = new_table();
	if (!arch_kernel_pagetable.root)
		return -ENOMEM;
	root = arch_phys_to_virt(arch_kernel_pagetable.root);
	for (size_t i = 0; i < array_size(areas); i++) {
		uint64_t *entry = &root[areas[i] >> 39 & 511];
		phys_t table = *entry ? 0 : new_table();

		if (!*entry && !table)
			return -ENOMEM;
		if (table)
			*entry = table | PTE_PRESENT | PTE_WRITE;
	}
	return 0;
}

/* Looks a table up once for the pages in it: walking from the root for each page would be most of the boot. */
static int map_range(uint64_t virt, phys_t start, phys_t end, unsigned rights)
{
	uint64_t *entry = NULL;
	uint64_t bits = pagetable_make(virt, 0, rights);

	for (phys_t phys = start; phys < end; phys += PAGE_SIZE, virt += PAGE_SIZE) {
		if (entry && !is_aligned(virt, 2 * MIB))
			entry++;
		else
			entry = pagetable_entry(&arch_kernel_pagetable, virt, true);
		if (!entry)
			return -ENOMEM;
		if (!*entry)
			*entry = phys | bits;
	}
	return 0;
}

/* The parts of the image that are not written are not writable through the direct map either. */
static int map_direct(phys_t start, phys_t end)
{
	phys_t cuts[] = { start, phys_of(text_start), phys_of(rodata_end), end };
	int err = 0;

	for (int i = 0; i < 3 && !err; i++) {
		phys_t from = min(max(cuts[i], start), end), to = min(max(cuts[i + 1], start), end);

		err = map_range(DIRECT_MAP_BASE + from, from, to, i == 1 ? ARCH_PAGE_READ : RW);
	}
	return err;
}

/* Firmware maps may overlap and are in no order; pages that are there already are left alone. */
static int map_ram(void)
{
	for (size_t i = 0; i < boot_info->range_count; i++) {
		const struct boot_range *range = &boot_info->ranges[i];
		phys_t start = align_up(range->base, PAGE_SIZE), end = align_down(range->base + range->size, PAGE_SIZE);
		int err;

		if (range->type == BOOT_RESERVED || range->base > DIRECT_MAP_SIZE)
			continue;
		err = map_direct(start, min(end, DIRECT_MAP_SIZE));
		if (err)
			return err;
	}
	return 0;
}

/* A loader may have put it where the firmware's map says that something of its own is. */
static int map_initrd(void)
{
	phys_t end = align_up(boot_info->initrd + boot_info->initrd_size, PAGE_SIZE);

	if (!boot_info->initrd_size || end < boot_info->initrd || end > DIRECT_MAP_SIZE)
		return 0;
	return map_direct(align_down(boot_info->initrd, PAGE_SIZE), end);
}

static int map_image(void)
{
	int err = map_range((uint64_t)text_start, phys_of(text_start), phys_of(text_end),
			    ARCH_PAGE_READ | ARCH_PAGE_EXEC);

	if (!err)
		err = map_range((uint64_t)text_end, phys_of(text_end), phys_of(rodata_end), ARCH_PAGE_READ);
	if (!err)
		err = map_range((uint64_t)data_start, phys_of(data_start), phys_of(image_end), RW);
	return err;
}

int arch_memory_init(void)
{
	int err = root_init();

	if (!err)
		err = map_ram();
	if (!err)
		err = map_initrd();
	if (!err)
		err = map_image();
	if (!err && !IS_ENABLED(CONFIG_NULL_GUARD))
		err = pagetable_map_null(&arch_kernel_pagetable);
	if (err)
		return err;
	arch_pagetable_activate(&arch_kernel_pagetable);
	return tables_memory_init();
}
