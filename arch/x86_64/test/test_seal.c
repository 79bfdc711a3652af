/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is written at boot only cannot be written any more, through the direct map neither, and page tables only by
 * those who are there for it.
 */
#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/syscall.h>
#include <kernel/test.h>

static SEALED volatile uint64_t sealed = 1;

static void write_to(void *arg)
{
	volatile uint64_t *word = arg;

	*word = *word;
}

static bool keys_are_there(void)
{
	return IS_ENABLED(CONFIG_PROTECTION_KEYS) && (x86_cpuid(7, 0).ecx & UINT32_C(1) << 31);
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
TEST(page_tables_have_a_key)
{
	phys_t table = arch_kernel_pagetable.root;
	const uint64_t virt = (uint64_t)write_to;

	for (int level = 4; level >= 1; level--) {
		uint64_t *entry = (uint64_t *)arch_phys_to_virt(table) + (virt >> (12 + 9 * (level - 1)) & 511);

		CHECK_EQ(crash_of_write((uint64_t)entry), keys_are_there() ? CRASH_PROTECTION_KEY : CRASH_NONE);
		table = *entry & UINT64_C(0x000ffffffffff000);
	}
	if (!keys_are_there())
		test_skip("needs PROTECTION_KEYS and a CPU with PKS");
}

TEST(page_tables_of_programs_have_a_key_while_they_live)
{
	const uint64_t virt = UINT64_C(0x10000000);
	struct arch_pagetable table;
	phys_t root;

	if (!keys_are_there()) {
		test_skip("needs PROTECTION_KEYS and a CPU with PKS");
		return;
	}
	CHECK_EQ(arch_pagetable_create(&table), 0);
	root = table.root;
	CHECK_EQ(arch_pagetable_map(&table, virt, 0x100000, ARCH_PAGE_READ), 0);
	CHECK_EQ(crash_of_write((uint64_t)arch_phys_to_virt(root)), CRASH_PROTECTION_KEY);
	arch_pagetable_destroy(&table);
	CHECK_EQ(crash_of_write((uint64_t)arch_phys_to_virt(root)), CRASH_NONE);
}
