/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the PVH start information (Xen's public/arch-x86/hvm/start_info->h) to struct boot_info-> All of it is
 * untrusted: pointers must lie below the 4 GiB that the boot tables map, counts are bounded, strings are cut.
 */
#include "arch_internal.h"
#include "pvh.h"

#include <kernel/boot.h>
#include <kernel/string.h>

#define BOOT_MAP_END (UINT64_C(4) << 30)

/* NULL unless all of [phys, phys + len) can be read now. */
static const void *boot_ptr(uint64_t phys, uint64_t len)
{
	if (!phys || phys >= BOOT_MAP_END || len > BOOT_MAP_END - phys)
		return NULL;
	return arch_phys_to_virt(phys);
}

static enum boot_range_type range_type(uint32_t type)
{
	return type == 1 ? BOOT_RAM : type == 3 ? BOOT_ACPI : BOOT_RESERVED;
}

static void read_memory_map(const struct pvh_start_info *start, struct boot_info *info)
{
	size_t count = min(start->memory_map_count, (uint32_t)BOOT_RANGES_MAX);
	const struct pvh_memory *map = boot_ptr(start->memory_map, count * sizeof(*map));

	if (start->version < 1 || !map)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!map[i].size || map[i].base + map[i].size < map[i].base)
			continue;
		info->ranges[info->range_count++] = (struct boot_range){ map[i].base, map[i].size,
									 range_type(map[i].type) };
	}
}

/* The first module is the initrd. */
static void read_modules(const struct pvh_start_info *start, struct boot_info *info)
{
	const struct pvh_module *module = boot_ptr(start->modules, sizeof(*module));

	if (!start->module_count || !module || !boot_ptr(module->start, module->size))
		return;
	info->initrd = module->start;
	info->initrd_size = module->size;
}

static void read_command_line(const struct pvh_start_info *start, struct boot_info *info)
{
	size_t room = sizeof(info->command_line);
	const char *text = boot_ptr(start->command_line, 1);
	size_t len;

	if (!text)
		return;
	len = strnlen(text, min(room, BOOT_MAP_END - start->command_line));
	if (len == room) {
		info->truncated = true;
		len--;
	}
	memcpy(info->command_line, text, len);
}

void pvh_read(uint64_t start_info, struct boot_info *info)
{
	const struct pvh_start_info *start = boot_ptr(start_info, sizeof(*start));

	memset(info, 0, sizeof(*info));
	info->protocol = "pvh";
	info->image_start = arch_virt_to_phys(image_start);
	info->image_end = arch_virt_to_phys(image_end);
	if (!start || start->magic != PVH_MAGIC)
		return;
	read_memory_map(start, info);
	read_modules(start, info);
	read_command_line(start, info);
	info->rsdp = start->rsdp;
}

/* pvh_entry.S calls it: boot CPU, interrupts off, boot tables. */
void pvh_boot(uint64_t start_info) NORETURN;
NO_INSTRUMENT void pvh_boot(uint64_t start_info)
{
	static struct boot_info info;

	pvh_read(start_info, &info);
	kernel_main(&info);
}
