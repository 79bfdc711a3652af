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

TEST(text_cannot_be_written)
{
	CHECK_EQ(test_crash_of(write_to, (void *)write_to), CRASH_PAGE_FAULT);
	CHECK_EQ(test_crash_of(write_to, arch_phys_to_virt(arch_virt_to_phys((void *)write_to))), CRASH_PAGE_FAULT);
}

TEST(constants_cannot_be_written)
{
	CHECK_EQ(test_crash_of(write_to, (void *)&constant), CRASH_PAGE_FAULT);
	CHECK_EQ(test_crash_of(write_to, arch_phys_to_virt(arch_virt_to_phys((void *)&constant))), CRASH_PAGE_FAULT);
	CHECK_EQ(constant, 1);
}

TEST(data_cannot_be_executed)
{
	variable = 0xc3; /* ret */
	CHECK_EQ(test_crash_of(jump_to, (void *)&variable), CRASH_PAGE_FAULT);
	CHECK_EQ(test_crash_of(jump_to, arch_phys_to_virt(arch_virt_to_phys((void *)&variable))), CRASH_PAGE_FAULT);
	CHECK_EQ(test_crash_of(jump_to, arch_phys_to_virt(arch_virt_to_phys((void *)jump_to))), CRASH_PAGE_FAULT);
}

static size_t writable_and_executable, mappings;

static void look_at(uint64_t virt)
{
	unsigned rights;

	if (arch_pagetable_lookup(&arch_kernel_pagetable, virt, NULL, &rights))
		return;
	mappings++;
	writable_and_executable += (rights & ARCH_PAGE_WRITE) && (rights & ARCH_PAGE_EXEC);
}

TEST(nothing_is_writable_and_executable)
{
	writable_and_executable = mappings = 0;
	for (uint64_t virt = arch_pagetable_next(&arch_kernel_pagetable, 0, UINT64_MAX); virt < UINT64_MAX;
	     virt = arch_pagetable_next(&arch_kernel_pagetable, virt + PAGE_SIZE, UINT64_MAX))
		look_at(virt);
	CHECK(mappings > 1000);
	CHECK_EQ(writable_and_executable, 0);
}

TEST(kernel_maps_nothing_below_its_half)
{
	CHECK(arch_pagetable_next(&arch_kernel_pagetable, 0, DIRECT_MAP_BASE) >= DIRECT_MAP_BASE);
}
