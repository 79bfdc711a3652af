/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is sealed (kernel.ld) is written until the first program starts, and never again: it becomes read-only (option
 * READ_ONLY_AFTER_INIT), and has a key where there are keys.
 */
#include "arch_internal.h"

SEALED volatile bool memory_is_sealed;

static void seal_page(uint64_t virt)
{
	if (IS_ENABLED(CONFIG_READ_ONLY_AFTER_INIT))
		arch_pagetable_protect(&arch_kernel_pagetable, virt, ARCH_PAGE_READ);
	if (keys_are_on()) {
		unsigned long irq = arch_pagetable_edit();

		table_set_key((void *)virt, true);
		arch_pagetable_edited(irq);
	}
	x86_invalidate_page(virt);
}

void arch_memory_seal(void)
{
	if (!IS_ENABLED(CONFIG_READ_ONLY_AFTER_INIT) && !keys_are_on())
		return;
	if (!memory_is_sealed)
		memory_is_sealed = true;
	for (char *page = sealed_start; page < sealed_end; page += PAGE_SIZE) {
		seal_page((uint64_t)page);
		seal_page((uint64_t)arch_phys_to_virt(arch_virt_to_phys(page)));
	}
}
