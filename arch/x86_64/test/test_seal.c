/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is written at boot only cannot be written any more, through the direct map neither, and page tables only by
 * those who are there for it.
 */
#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/crash.h>
#include <kernel/syscall.h>
#include <kernel/test.h>

static SEALED volatile uint64_t sealed = 1;

static void write_to(void *arg)
{
	volatile uint64_t *word = arg;

	*word = *word;
}

static void read_from(void *arg)
{
	(void)*(volatile uint64_t *)arg;
}

static bool keys_are_there(void)
{
	return IS_ENABLED(CONFIG_PROTECTION_KEYS) && (x86_cpuid(7, 0).ecx & UINT32_C(1) << 31);
}

static bool view_is_there(void)
{
	return IS_ENABLED(CONFIG_TABLE_VIEW) && (x86_cpuid(7, 0).ebx & UINT32_C(1) << 20);
}

/* What a write to a page table comes to. */
static enum crash_kind crash_of_table(void)
{
	return view_is_there() ? CRASH_PAGE_TABLE : keys_are_there() ? CRASH_PROTECTION_KEY : CRASH_NONE;
}

static enum crash_kind crash_of_write(uint64_t address)
{
	return test_crash_of(write_to, (void *)address);
}

static bool is_refused(uint64_t address)
{
	enum crash_kind kind = crash_of_write(address);

	return (IS_ENABLED(CONFIG_READ_ONLY_AFTER_INIT) && kind == CRASH_READ_ONLY) ||
	       (keys_are_there() && kind == CRASH_PROTECTION_KEY);
}

static bool is_refused_both_ways(const volatile void *object)
{
	return is_refused((uint64_t)object) &&
	       is_refused((uint64_t)arch_phys_to_virt(arch_virt_to_phys((const void *)object)));
}

struct table_register {
	uint16_t limit;
	uint64_t base;
} PACKED;

TEST(sealed_memory_cannot_be_written)
{
	struct table_register idt, gdt;

	if (!IS_ENABLED(CONFIG_READ_ONLY_AFTER_INIT) && !keys_are_there()) {
		CHECK_EQ(crash_of_write((uint64_t)&sealed), CRASH_NONE);
		test_skip("needs READ_ONLY_AFTER_INIT or PROTECTION_KEYS");
		return;
	}
	__asm__ volatile("sidt %0" : "=m"(idt));
	__asm__ volatile("sgdt %0" : "=m"(gdt));
	CHECK(is_refused_both_ways(&sealed));
	CHECK(is_refused_both_ways((void *)idt.base));
	CHECK(is_refused_both_ways((void *)gdt.base));
	CHECK(is_refused_both_ways(syscall_quick));
	CHECK(is_refused_both_ways(&arch_kernel_pagetable));
	CHECK_EQ(sealed, 1);
}

/* A table's frame that is reachable from the root: level 4, 3, 2 and 1 of where this test's code is. */
TEST(page_tables_cannot_be_written)
{
	phys_t table = arch_kernel_pagetable.root;
	const uint64_t virt = (uint64_t)write_to;

	for (int level = 4; level >= 1; level--) {
		uint64_t *entry = (uint64_t *)arch_phys_to_virt(table) + (virt >> (12 + 9 * (level - 1)) & 511);

		CHECK_EQ(crash_of_write((uint64_t)entry), crash_of_table());
		table = *entry & UINT64_C(0x000ffffffffff000);
	}
	if (crash_of_table() == CRASH_NONE)
		test_skip("needs TABLE_VIEW or PROTECTION_KEYS, and a CPU with SMAP or PKS");
}

/* In the view too, and there they cannot be read either. */
TEST(the_view_of_page_tables_is_closed)
{
	if (!view_is_there()) {
		test_skip("needs TABLE_VIEW and a CPU with SMAP");
		return;
	}
	CHECK_EQ(crash_of_write(X86_ALIAS_AREA + arch_kernel_pagetable.root), CRASH_PAGE_TABLE);
	CHECK_EQ(test_crash_of(read_from, (void *)(X86_ALIAS_AREA + arch_kernel_pagetable.root)), CRASH_PAGE_TABLE);
	/* What is no table is not in it. */
	CHECK_EQ(crash_of_write(X86_ALIAS_AREA + arch_virt_to_phys((const void *)&sealed)), CRASH_PAGE_TABLE);
}

static struct arch_jump before_fault;
static unsigned long flags_in_fault;

static void note_flags(const struct crash_record *record UNUSED)
{
	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags_in_fault));
	crash_clear();
	arch_jump(&before_fault, 1);
}

/* A program may set the flag that opens the view: what it is interrupted by has it closed. */
TEST(the_view_is_closed_in_a_trap)
{
	if (!view_is_there()) {
		test_skip("needs TABLE_VIEW and a CPU with SMAP");
		return;
	}
	flags_in_fault = X86_RFLAGS_AC;
	crash_set_handler(note_flags);
	if (arch_jump_set(&before_fault) == 0) {
		x86_set_ac();
		__asm__ volatile("ud2");
	}
	crash_set_handler(NULL);
	CHECK(!(flags_in_fault & X86_RFLAGS_AC));
}

TEST(page_tables_of_programs_cannot_be_written_while_they_live)
{
	const uint64_t virt = UINT64_C(0x10000000);
	struct arch_pagetable table;
	phys_t root;

	if (crash_of_table() == CRASH_NONE) {
		test_skip("needs TABLE_VIEW or PROTECTION_KEYS, and a CPU with SMAP or PKS");
		return;
	}
	CHECK_EQ(arch_pagetable_create(&table), 0);
	root = table.root;
	CHECK_EQ(arch_pagetable_map(&table, virt, 0x100000, ARCH_PAGE_READ), 0);
	CHECK_EQ(crash_of_write((uint64_t)arch_phys_to_virt(root)), crash_of_table());
	arch_pagetable_destroy(&table);
	CHECK_EQ(crash_of_write((uint64_t)arch_phys_to_virt(root)), CRASH_NONE);
}
