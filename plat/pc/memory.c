/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory in which firmware leaves its tables, read through the direct map.
 */
#include "pc_internal.h"

#include <arch/arch.h>
#include <kernel/errno.h>

/* Tables lie in memory that the loader told of, whatever it called it, or in the first MiB. */
static bool is_memory(phys_t phys, size_t len)
{
	if (phys + len <= MIB)
		return true;
	for (size_t i = 0; i < boot_info->range_count; i++) {
		const struct boot_range *range = &boot_info->ranges[i];

		if (phys >= range->base && len <= range->size && phys - range->base <= range->size - len)
			return true;
	}
	return false;
}

/* What is not RAM is not mapped yet. */
const void *pc_memory_at(phys_t phys, size_t len)
{
	if (phys >= DIRECT_MAP_SIZE - len || !is_memory(phys, len))
		return NULL;
	for (phys_t page = align_down(phys, PAGE_SIZE); page < phys + len; page += PAGE_SIZE) {
		int err = arch_pagetable_map(&arch_kernel_pagetable, (uint64_t)arch_phys_to_virt(page), page,
					     ARCH_PAGE_READ);

		if (err && err != -EEXIST)
			return NULL;
	}
	return arch_phys_to_virt(phys);
}
