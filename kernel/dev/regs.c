/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Windows onto registers: mapping them, and parts of them.
 */
#include <kernel/regs.h>

#include <arch/arch.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/page.h>

int regs_map(struct regs *regs, phys_t phys, size_t size)
{
	phys_t first = align_down(phys, PAGE_SIZE);

	if (!size || phys >= DIRECT_MAP_SIZE || size > DIRECT_MAP_SIZE - phys)
		return -EINVAL;
	/* A device that says to be where memory is would be given that memory. */
	if (page_memory_is_at(boot_info, first, align_up(phys + size, PAGE_SIZE) - first))
		return -EINVAL;
	for (phys_t page = first; page < phys + size; page += PAGE_SIZE) {
		uint64_t virt = (uint64_t)arch_phys_to_virt(page);
		int err = arch_pagetable_map(&arch_kernel_pagetable, virt, page,
					     ARCH_PAGE_READ | ARCH_PAGE_WRITE | ARCH_PAGE_DEVICE);

		if (err && err != -EEXIST)
			return err;
	}
	*regs = (struct regs){ .base = (uintptr_t)arch_phys_to_virt(phys), .size = size };
	return 0;
}

bool regs_part(struct regs *part, const struct regs *whole, size_t offset, size_t size)
{
	*part = (struct regs){ 0 };
	/* Windows of functions know offsets of their own only. */
	if (whole->ops || offset > whole->size || size > whole->size - offset)
		return false;
	*part = (struct regs){ .base = whole->base + offset, .size = size };
	return true;
}
