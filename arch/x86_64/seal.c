/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that only few may write. What is sealed (kernel.ld) becomes read-only after the boot (option
 * READ_ONLY_AFTER_INIT). With protection keys for the supervisor (option PROTECTION_KEYS; Intel SDM volume 3, 4.6.2)
 * that and the page tables have a key which forbids writing: but between arch_pagetable_edit() and its end, on this
 * CPU. Pages with the key are marked as such in the direct map, which is where page tables are written.
 */
#include "arch_internal.h"

#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/suspend.h>

#define CPUID_ECX_PKS (UINT32_C(1) << 31) /* leaf 7 */
#define CR4_PKS (UINT64_C(1) << 24)
#define MSR_PKRS 0x6e1
/* Two bits a key, the second one forbids writing: of key 1. Key 0 is that of all other memory. */
#define PKRS_CLOSED UINT64_C(8)
#define PKRS_OPEN UINT64_C(0)
#define PTE_KEY (UINT64_C(1) << 59)

static SEALED bool has_keys;
SEALED volatile bool memory_is_sealed;

void keys_init(void)
{
	if (!IS_ENABLED(CONFIG_PROTECTION_KEYS) || x86_cpuid(0, 0).eax < 7 || !(x86_cpuid(7, 0).ecx & CPUID_ECX_PKS))
		return;
	X86_WRITE_CR(4, X86_READ_CR(4) | CR4_PKS);
	x86_write_msr(MSR_PKRS, PKRS_CLOSED);
	has_keys = true;
}

bool keys_are_on(void)
{
	return IS_ENABLED(CONFIG_PROTECTION_KEYS) && has_keys;
}

/* An interrupt in between would run with what is open. */
unsigned long x86_keys_open(void)
{
	unsigned long irq;

	if (!keys_are_on())
		return 0;
	irq = arch_irq_save();
	if (!arch_cpu()->arch.keys_open++)
		x86_write_msr(MSR_PKRS, PKRS_OPEN);
	return irq;
}

void x86_keys_close(unsigned long irq)
{
	if (!keys_are_on())
		return;
	if (!--arch_cpu()->arch.keys_open)
		x86_write_msr(MSR_PKRS, PKRS_CLOSED);
	arch_irq_restore(irq);
}

void keys_close(void)
{
	if (!keys_are_on())
		return;
	arch_cpu()->arch.keys_open = 0;
	x86_write_msr(MSR_PKRS, PKRS_CLOSED);
}

/* Whoever made the copy may not have known of the register. */
SUSPEND_CALL(SUSPEND_CORE, keys, NULL, keys_close, NULL);

/* Other CPUs may use what they have in mind of the page for a while: keys_fault_is_stale(). */
static void set_key(const void *virt, bool keyed)
{
	uint64_t *entry = pagetable_entry(&arch_kernel_pagetable, (uint64_t)virt, false);

	if (!entry || !*entry)
		return;
	*entry = keyed ? *entry | PTE_KEY : *entry & ~PTE_KEY;
	x86_invalidate_page((uint64_t)virt);
}

void keys_table(phys_t table, bool keyed)
{
	if (keys_are_on())
		set_key(arch_phys_to_virt(table), keyed);
}

bool keys_fault_is_stale(uint64_t virt)
{
	const uint64_t *entry;

	if (!keys_are_on())
		return false;
	entry = pagetable_entry(&arch_kernel_pagetable, virt, false);
	if (!entry || !(*entry & PTE_WRITE) || (*entry & PTE_KEY))
		return false;
	x86_invalidate_page(virt);
	return true;
}

static void key_tables(phys_t table, int level)
{
	const uint64_t *entries = arch_phys_to_virt(table);

	for (size_t i = 0; level > 1 && i < PAGE_SIZE / sizeof(*entries); i++)
		if (entries[i] & PTE_PRESENT)
			key_tables(entries[i] & PTE_ADDRESS, level - 1);
	set_key(entries, true);
}

void keys_memory_init(void)
{
	unsigned long irq;

	if (!IS_ENABLED(CONFIG_PROTECTION_KEYS))
		return;
	if (!keys_are_on()) {
		log_warning("this CPU has no protection keys (PKS): page tables are like other memory");
		return;
	}
	irq = arch_pagetable_edit();
	key_tables(arch_kernel_pagetable.root, 4);
	arch_pagetable_edited(irq);
}

static void seal_page(uint64_t virt)
{
	if (IS_ENABLED(CONFIG_READ_ONLY_AFTER_INIT))
		arch_pagetable_protect(&arch_kernel_pagetable, virt, ARCH_PAGE_READ);
	if (keys_are_on()) {
		unsigned long irq = arch_pagetable_edit();

		set_key((void *)virt, true);
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
