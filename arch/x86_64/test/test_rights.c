/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel's own mappings allow: nothing is writable and executable, constants are constant, through the
 * direct map too, and there is nothing at 0.
 */
#include <arch/arch.h>
#include <kernel/test.h>

static const volatile uint64_t constant = 1;
static volatile uint64_t variable;

static void write_to(void *arg)
{
	*(volatile uint64_t *)arg = 0xc3;
}

static void jump_to(void *arg)
{
	((void (*)(void))arg)();
}

static bool skipped(void)
{
	if (!IS_ENABLED(CONFIG_WX))
		test_skip("needs WX");
	return !IS_ENABLED(CONFIG_WX);
}

static void *alias(const volatile void *of)
{
	return arch_phys_to_virt(arch_virt_to_phys((const void *)of));
}

TEST(text_cannot_be_written)
{
	if (skipped())
		return;
	CHECK_EQ(test_crash_of(write_to, (void *)write_to), CRASH_READ_ONLY);
	CHECK_EQ(test_crash_of(write_to, alias((void *)write_to)), CRASH_READ_ONLY);
}

TEST(constants_cannot_be_written)
{
	if (skipped())
		return;
	CHECK_EQ(test_crash_of(write_to, (void *)&constant), CRASH_READ_ONLY);
	CHECK_EQ(test_crash_of(write_to, alias(&constant)), CRASH_READ_ONLY);
	CHECK_EQ(constant, 1);
}

TEST(data_cannot_be_executed)
{
	char stack_word[16] ALIGNED(16) = { (char)0xc3 };

	if (skipped())
		return;
	if (IS_ENABLED(CONFIG_KCFI)) {
		test_skip("what is no function is not called in the first place");
		return;
	}
	variable = 0xc3; /* ret */
	CHECK_EQ(test_crash_of(jump_to, (void *)&variable), CRASH_EXECUTION);
	CHECK_EQ(test_crash_of(jump_to, alias(&variable)), CRASH_EXECUTION);
	CHECK_EQ(test_crash_of(jump_to, alias((void *)jump_to)), CRASH_EXECUTION);
	CHECK_EQ(test_crash_of(jump_to, stack_word), CRASH_EXECUTION);
}

/* kernel.ld */
extern char text_start[], rodata_end[];

static size_t writable_and_executable, writable_constants, mappings;

static void look_at(uint64_t virt)
{
	unsigned rights;
	phys_t phys;

	if (arch_pagetable_lookup(&arch_kernel_pagetable, virt, &phys, &rights))
		return;
	mappings++;
	writable_and_executable += (rights & ARCH_PAGE_WRITE) && (rights & ARCH_PAGE_EXEC);
	writable_constants += (rights & ARCH_PAGE_WRITE) && phys >= arch_virt_to_phys(text_start) &&
			      phys < arch_virt_to_phys(rodata_end);
}

/* All that is mapped, wherever: the image, the direct map, stacks, devices. */
TEST(nothing_is_writable_and_executable)
{
	if (skipped())
		return;
	writable_and_executable = writable_constants = mappings = 0;
	for (uint64_t virt = arch_pagetable_next(&arch_kernel_pagetable, 0, UINT64_MAX); virt < UINT64_MAX;
	     virt = arch_pagetable_next(&arch_kernel_pagetable, virt + PAGE_SIZE, UINT64_MAX))
		look_at(virt);
	CHECK(mappings > 1000);
	CHECK_EQ(writable_and_executable, 0);
	CHECK_EQ(writable_constants, 0);
}

/* What option WX is judged against. */
TEST(without_wx_all_is_allowed)
{
	const volatile uint64_t *text = (const volatile uint64_t *)(uintptr_t)write_to;
	uint64_t word = *text;

	if (IS_ENABLED(CONFIG_WX)) {
		test_skip("WX is on");
		return;
	}
	*(volatile uint64_t *)alias(text) = word;
	*(volatile uint64_t *)(uintptr_t)text = word;
	variable = 0xc3; /* ret */
	CHECK_EQ(test_crash_of(jump_to, (void *)&variable), IS_ENABLED(CONFIG_KCFI) ? CRASH_CONTROL_FLOW : CRASH_NONE);
	if (!IS_ENABLED(CONFIG_KCFI))
		CHECK_EQ(test_crash_of(jump_to, alias(&variable)), CRASH_NONE);
}

static void read_null(void *address)
{
	(void)*(volatile uint64_t *)address;
}

TEST(null_is_a_report_or_memory)
{
	const enum crash_kind kind = IS_ENABLED(CONFIG_NULL_GUARD) ? CRASH_NULL_DEREFERENCE : CRASH_NONE;

	for (uintptr_t address = 0; address < 64 * KIB; address += 8 * KIB) {
		CHECK_EQ(test_crash_of(read_null, (void *)address), kind);
		CHECK_EQ(test_crash_of(write_to, (void *)(address + 64)), kind);
	}
}

TEST(kernel_maps_nothing_below_its_half)
{
	if (!IS_ENABLED(CONFIG_NULL_GUARD)) {
		test_skip("NULL_GUARD is off");
		return;
	}
	CHECK(arch_pagetable_next(&arch_kernel_pagetable, 0, DIRECT_MAP_BASE) >= DIRECT_MAP_BASE);
}
