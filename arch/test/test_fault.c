/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults of the kernel's own code: each becomes a crash of the right kind that tells the place, and can be jumped
 * away from.
 */
#include <arch/arch.h>
#include <instrumentation/layout/layout.h>
#include <kernel/compiler.h>
#include <kernel/test.h>

static volatile uint64_t sink;

static NO_INSTRUMENT void read_from(void *arg)
{
	sink = *(volatile uint64_t *)arg;
}

static NO_INSTRUMENT void write_to(void *arg)
{
	*(volatile uint64_t *)arg = 1;
}

static NO_INSTRUMENT void divide(void *arg)
{
	__asm__ volatile("xorl %%edx, %%edx\n\tdivl %%edx" : "+a"(arg) : : "edx", "cc");
}

static NO_INSTRUMENT void bad_instruction(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

TEST(fault_null_dereference)
{
	if (!IS_ENABLED(CONFIG_NULL_GUARD)) {
		test_skip("needs NULL_GUARD");
		return;
	}
	for (int round = 0; round < 3; round++) {
		CHECK_EQ(test_crash_of(read_from, (void *)8), CRASH_NULL_DEREFERENCE);
		CHECK_EQ(test_crash_record()->address, 8);
		CHECK_EQ(test_crash_of(write_to, (void *)0xfff8), CRASH_NULL_DEREFERENCE);
	}
}

TEST(fault_tells_the_place)
{
	if (!IS_ENABLED(CONFIG_NULL_GUARD)) {
		test_skip("needs NULL_GUARD");
		return;
	}
	CHECK_EQ(test_crash_of(write_to, (void *)16), CRASH_NULL_DEREFERENCE);
	CHECK(test_crash_record()->pc - layout_linked((uint64_t)write_to) < 64);
	CHECK_EQ(test_crash_record()->frames[0], test_crash_record()->pc);
	CHECK(test_crash_record()->frame_count >= 3);
	CHECK_EQ(layout_linked(test_crash_record()->regs[16]), test_crash_record()->pc);
}

TEST(fault_wild_pointer)
{
	CHECK_EQ(test_crash_of(read_from, (void *)UINT64_C(0x7ee123456000)), CRASH_PAGE_FAULT);
	CHECK_EQ(test_crash_record()->address, 0x7ee123456000);
}

TEST(fault_non_canonical_pointer)
{
	CHECK_EQ(test_crash_of(read_from, (void *)UINT64_C(0x4141414141414141)), CRASH_CPU_EXCEPTION);
}

TEST(fault_division_and_instruction)
{
	CHECK_EQ(test_crash_of(divide, NULL), CRASH_CPU_EXCEPTION);
	CHECK_EQ(test_crash_of(bad_instruction, NULL), CRASH_CPU_EXCEPTION);
}
