/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PVH loader hands over is believed only as far as it makes sense.
 */
#include <arch/arch.h>
#include <arch/x86_64/pvh.h>
#include <kernel/string.h>
#include <kernel/test.h>

#define COUNT 40

/* One loader's whole hand-over, in memory that stays where it is. */
static struct pvh_start_info start;
static struct pvh_memory map[COUNT];
static struct pvh_module module;
static char line[5000];
static struct boot_info info;

static uint64_t phys(const void *p)
{
	return arch_virt_to_phys(p);
}

static void fill(void)
{
	start = (struct pvh_start_info){ PVH_MAGIC, 1, 0, 1, phys(&module), phys(line), 0xe0000, phys(map), 2, 0 };
	map[0] = (struct pvh_memory){ 0, 0x9f000, 1, 0 };
	map[1] = (struct pvh_memory){ 0x100000, 0x700000, 1, 0 };
	for (size_t i = 2; i < COUNT; i++)
		map[i] = (struct pvh_memory){ i << 32, 4096, 2, 0 };
	module = (struct pvh_module){ 0x200000, 12345, 0, 0 };
	memset(line, 'x', sizeof(line));
	line[3] = '\0';
}

static const struct boot_info *read(void)
{
	memset(&info, 0xff, sizeof(info));
	pvh_read(phys(&start), &info);
	return &info;
}

TEST(pvh_takes_what_makes_sense)
{
	fill();
	CHECK_EQ(read()->range_count, 2);
	CHECK_EQ(info.ranges[1].base, 0x100000);
	CHECK_EQ(info.ranges[1].size, 0x700000);
	CHECK_EQ(info.ranges[1].type, BOOT_RAM);
	CHECK_EQ(info.initrd, 0x200000);
	CHECK_EQ(info.initrd_size, 12345);
	CHECK_EQ(info.rsdp, 0xe0000);
	CHECK_STR(info.command_line, "xxx");
	CHECK(!info.truncated);
	CHECK(info.image_start < info.image_end);
}

TEST(pvh_needs_its_magic)
{
	fill();
	start.magic++;
	CHECK_EQ(read()->range_count, 0);
	CHECK_EQ(info.initrd_size, 0);
	CHECK_STR(info.command_line, "");
	pvh_read(UINT64_MAX - 8, &info);
	CHECK_EQ(info.range_count, 0);
	pvh_read(0, &info);
	CHECK_EQ(info.range_count, 0);
}

TEST(pvh_memory_map_is_bounded)
{
	fill();
	start.memory_map_count = UINT32_MAX;
	CHECK(read()->range_count <= BOOT_RANGES_MAX);
	start.memory_map_count = COUNT;
	CHECK_EQ(read()->range_count, BOOT_RANGES_MAX);
	start.memory_map = UINT64_C(1) << 40;
	CHECK_EQ(read()->range_count, 0);
	fill();
	start.version = 0; /* has no map */
	CHECK_EQ(read()->range_count, 0);
}

TEST(pvh_ranges_that_wrap_are_left_out)
{
	fill();
	map[0].base = UINT64_MAX - 4095;
	map[0].size = 8192;
	CHECK_EQ(read()->range_count, 1);
	map[1].size = 0;
	CHECK_EQ(read()->range_count, 0);
}

TEST(pvh_module_outside_of_memory_is_left_out)
{
	fill();
	module.size = UINT64_MAX;
	CHECK_EQ(read()->initrd, 0);
	module = (struct pvh_module){ UINT64_C(1) << 32, 1, 0, 0 };
	CHECK_EQ(read()->initrd, 0);
	fill();
	start.module_count = 0;
	CHECK_EQ(read()->initrd, 0);
	fill();
	start.modules = UINT64_MAX;
	CHECK_EQ(read()->initrd_size, 0);
}

TEST(pvh_command_line_is_cut)
{
	fill();
	line[3] = 'x';
	line[4095] = '\0';
	CHECK_EQ(strlen(read()->command_line), 4095);
	CHECK(!info.truncated);
	line[4095] = 'x';
	CHECK_EQ(strlen(read()->command_line), 4095);
	CHECK(info.truncated);
	start.command_line = UINT64_C(1) << 33;
	CHECK_EQ(strlen(read()->command_line), 0);
}
