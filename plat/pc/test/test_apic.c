/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local APICs in both modes, on registers that are only memory.
 */
#include <kernel/string.h>
#include <kernel/test.h>

#include "../apic.h"

static struct {
	uint32_t msr;
	uint64_t value;
	unsigned writes;
} msr;

static uint64_t read_msr(uint32_t number)
{
	return number == msr.msr ? msr.value : 0;
}

static void write_msr(uint32_t number, uint64_t value)
{
	msr.msr = number;
	msr.value = value;
	msr.writes++;
}

static uint32_t registers[0x400 / 4];

static const struct apic x2apic = { NULL, read_msr, write_msr };
static const struct apic xapic = { registers, read_msr, write_msr };

/* Intel SDM volume 3, table 10-6: MSR 800H + offset / 16. */
TEST(x2apic_registers_are_msrs)
{
	memset(&msr, 0, sizeof(msr));
	apic_write(&x2apic, APIC_EOI, 0);
	CHECK_EQ(msr.msr, 0x80b);
	CHECK_EQ(msr.value, 0);
	apic_write(&x2apic, APIC_TIMER_DIVIDE, 3);
	CHECK_EQ(msr.msr, 0x83e);
	CHECK_EQ(msr.value, 3);
	msr.msr = 0x839;
	msr.value = 0x123456789;
	CHECK_EQ(apic_read(&x2apic, APIC_TIMER_CURRENT), 0x23456789);
}

/* One write: the id in the upper half, all 32 bits of it. */
TEST(x2apic_command_is_one_write)
{
	memset(&msr, 0, sizeof(msr));
	apic_command(&x2apic, 0x12345, APIC_INIT | APIC_ASSERT);
	CHECK_EQ(msr.msr, 0x830);
	CHECK_EQ(msr.value, 0x1234500004500);
	CHECK_EQ(msr.writes, 1);
}

TEST(xapic_registers_are_memory)
{
	memset(&msr, 0, sizeof(msr));
	memset(registers, 0, sizeof(registers));
	apic_write(&xapic, APIC_SPURIOUS, 0x1ff);
	CHECK_EQ(registers[0xf0 / 4], 0x1ff);
	registers[0x390 / 4] = 77;
	CHECK_EQ(apic_read(&xapic, APIC_TIMER_CURRENT), 77);
	apic_command(&xapic, 0x21, APIC_STARTUP | APIC_ASSERT | 8);
	CHECK_EQ(registers[0x310 / 4], 0x21000000);
	CHECK_EQ(registers[0x300 / 4], 0x4608);
	CHECK_EQ(msr.writes, 0);
}

/* One that never becomes free does not stop the kernel. */
TEST(xapic_command_waits_for_a_while)
{
	memset(registers, 0, sizeof(registers));
	registers[0x300 / 4] = APIC_PENDING;
	apic_command(&xapic, 1, APIC_FIXED | 0x41);
	CHECK_EQ(registers[0x300 / 4], 0x41);
}
