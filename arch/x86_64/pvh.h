/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PVH start information (Xen's public/arch-x86/hvm/start_info.h), and reading it.
 */
#pragma once

#include <kernel/boot.h>

#define PVH_MAGIC 0x336ec578

struct pvh_start_info {
	uint32_t magic;
	uint32_t version; /* 1 and later have a memory map */
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules; /* physical, as all addresses here */
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t memory_map;
	uint32_t memory_map_count;
	uint32_t reserved;
};

struct pvh_module {
	uint64_t start, size, command_line, reserved;
};

struct pvh_memory {
	uint64_t base, size;
	uint32_t type;  /* as in E820: 1 RAM, 3 ACPI tables */
	uint32_t reserved;
};

/*
 * Fills *info from what lies at physical address start_info. Never fails: what makes no sense is left out, which the
 * reader of *info then notices.
 */
void pvh_read(uint64_t start_info, struct boot_info *info);
