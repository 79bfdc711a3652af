/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables that only few may write: between arch_pagetable_edit() and its end, on this CPU. What stands in the way
 * of all others is the view (view.c) or, where there is none, a key (keys.c).
 */
#include "arch_internal.h"
#include "trap_internal.h"

#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/suspend.h>

static bool are_locked(void)
{
	return view_is_on() || keys_are_on();
}

static void allow(bool writing)
{
	if (!view_is_on())
		keys_allow(writing);
	else if (writing)
		x86_set_ac();
	else
		x86_clear_ac();
}

/* An interrupt in between would run with what is open. */
unsigned long x86_tables_open(void)
{
	unsigned long irq;

	if (!are_locked())
		return 0;
	irq = arch_irq_save();
	if (!arch_cpu()->arch.tables_open++)
		allow(true);
	return irq;
}

void x86_tables_close(unsigned long irq)
{
	if (!are_locked())
		return;
	if (!--arch_cpu()->arch.tables_open)
		allow(false);
	arch_irq_restore(irq);
}

void tables_close(void)
{
	if (!are_locked())
		return;
	arch_cpu()->arch.tables_open = 0;
	if (view_is_on())
		x86_clear_ac();
	if (keys_are_on())
		keys_allow(false);
}

/* Whoever made the copy may not have known of the register. */
SUSPEND_CALL(SUSPEND_CORE, tables, NULL, tables_close, NULL);

void tables_init(void)
{
	keys_init();
	view_init();
}

void table_set_key(const void *virt, bool keyed)
{
	uint64_t *entry = pagetable_entry(&arch_kernel_pagetable, (uint64_t)virt, false);

	if (!entry || !*entry)
		return;
	*pagetable_writable(entry) = keyed ? *entry | PTE_KEY : *entry & ~PTE_KEY;
	x86_invalidate_page((uint64_t)virt);
}

void table_lock(phys_t table, bool locked)
{
	if (view_is_on())
		view_table(table, locked);
	else if (keys_are_on())
		table_set_key(arch_phys_to_virt(table), locked);
}

static void lock_tables(phys_t table, int level)
{
	const uint64_t *entries = arch_phys_to_virt(table);

	for (size_t i = 0; level > 1 && i < PAGE_SIZE / sizeof(*entries); i++)
		if (entries[i] & PTE_PRESENT)
			lock_tables(entries[i] & PTE_ADDRESS, level - 1);
	table_lock(table, true);
}

int tables_memory_init(void)
{
	int err = view_memory_init();
	unsigned long irq;

	if (err)
		return err;
	if (IS_ENABLED(CONFIG_PROTECTION_KEYS) && !keys_are_on())
		log_warning("this CPU has no protection keys (PKS): page tables are like other memory");
	if (!are_locked())
		return 0;
	irq = arch_pagetable_edit();
	lock_tables(arch_kernel_pagetable.root, 4);
	arch_pagetable_edited(irq);
	return 0;
}

/* What stands in the way by the tables, where the access was a write to the direct map. */
static uint64_t entry_of_write(const struct arch_regs *regs)
{
	const uint64_t *entry;

	if (!are_locked() || !(regs->error & X86_FAULT_PRESENT) || !(regs->error & X86_FAULT_WRITE) ||
	    regs->cr2 - DIRECT_MAP_BASE >= DIRECT_MAP_SIZE)
		return 0;
	entry = pagetable_entry(&arch_kernel_pagetable, regs->cr2, false);
	return entry ? *entry : 0;
}

bool tables_fault_is_stale(const struct arch_regs *regs)
{
	if ((entry_of_write(regs) & (PTE_WRITE | PTE_KEY | PTE_TABLE)) != PTE_WRITE)
		return false;
	x86_invalidate_page(regs->cr2);
	return true;
}

bool tables_fault_is_attack(const struct arch_regs *regs)
{
	return view_is_on() && (regs->cr2 - X86_ALIAS_AREA < DIRECT_MAP_SIZE || (entry_of_write(regs) & PTE_TABLE));
}
