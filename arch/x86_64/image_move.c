/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moves the image in the kernel's last 2 GiB (option LAYOUT_IMAGE): pvh_entry.S calls image_move() in long mode, at the
 * image's physical address, before anything has used an address of its link. The memory it lies in stays; what changes
 * are the addresses in it, which the table behind the image lists (kernel/build/relocate.py), and the boot's page
 * tables. This file is compiled to run anywhere and must not have a pointer among its data.
 */
#include "arch_internal.h"
#include "pvh.h"

#include <instrumentation/layout/layout.h>

#define LEVEL1_TABLES 16
#define ENTRIES 512
#define LAST_AREA (UINT64_C(2) * GIB)
/* Kept free at the very top: what looks like a small negative number is no address. */
#define TOP_RESERVED (64 * KIB)
#define BOOT_MAP_END (UINT64_C(4) << 30)

/*
 * The table: this, then words32_size and words64_size bytes. Each byte is a distance from the last place, or from the
 * image's start, to the next; 255 is a distance where nothing is to be changed.
 */
struct move_table {
	uint32_t magic, words32_size, words64_size, reserved;
	uint8_t distances[];
};

#define MOVE_MAGIC 0x65766f6d
#define SKIP 255

/* The last GiB and the one before it, and the image's pages, which lie in a row. */
static uint64_t level2[2][ENTRIES] ALIGNED(4096);
static uint64_t level1[LEVEL1_TABLES][ENTRIES] ALIGNED(4096);

void image_move(uint64_t start_info);

/* All below is at physical addresses. */
static const char *command_line(uint64_t start_info)
{
	const struct pvh_start_info *start = (const struct pvh_start_info *)start_info;

	if (start_info >= BOOT_MAP_END - sizeof(*start) || start->magic != PVH_MAGIC ||
	    start->command_line >= BOOT_MAP_END)
		return NULL;
	return (const char *)start->command_line;
}

static void move_words32(const uint8_t *distances, size_t count, uint64_t slide)
{
	uint8_t *at = (uint8_t *)image_start;

	for (size_t i = 0; i < count; i++) {
		at += distances[i];
		if (distances[i] != SKIP)
			*(uint32_t *)at += (uint32_t)slide;
	}
}

static void move_words64(const uint8_t *distances, size_t count, uint64_t slide)
{
	uint8_t *at = (uint8_t *)image_start;

	for (size_t i = 0; i < count; i++) {
		at += distances[i];
		if (distances[i] != SKIP)
			*(uint64_t *)at += slide;
	}
}

/* The boot's tables have the image at its new place, in small pages, and no longer at the old one. */
static void map_at(uint64_t virt, phys_t start, phys_t end)
{
	uint64_t first = align_down(virt, 2 * MIB);
	uint64_t *level3 = (uint64_t *)(boot_root[ENTRIES - 1] & PTE_ADDRESS);

	for (int i = 0; i < 2; i++)
		level3[ENTRIES - 2 + i] = (uint64_t)level2[i] | PTE_PRESENT | PTE_WRITE;
	for (phys_t phys = start; phys < end; phys += PAGE_SIZE, virt += PAGE_SIZE) {
		uint64_t *table = level1[(virt - first) / (2 * MIB)];

		table[virt / PAGE_SIZE % ENTRIES] = phys | PTE_PRESENT | PTE_WRITE;
		level2[virt >> 30 & 1][virt >> 21 & (ENTRIES - 1)] = (uint64_t)table | PTE_PRESENT | PTE_WRITE;
	}
	X86_WRITE_CR(3, X86_READ_CR(3));
}

void image_move(uint64_t start_info)
{
	phys_t start = (phys_t)image_start, end = (phys_t)image_end;
	const struct move_table *table = (const struct move_table *)end;
	uint64_t places = (LAST_AREA - TOP_RESERVED - end) / PAGE_SIZE, slide;

	/* Not an image that relocate.py has seen, or a larger one than level1[] can map: neither is ever built. */
	if (table->magic != MOVE_MAGIC || end - start > (LEVEL1_TABLES - 1) * 2 * MIB)
		__builtin_trap();
	layout_key_init(command_line(start_info));
	slide = (uint64_t)((unsigned __int128)layout_word(LAYOUT_IMAGE, 0) * places >> 64) * PAGE_SIZE;
	move_words32(table->distances, table->words32_size, slide);
	move_words64(table->distances + table->words32_size, table->words64_size, slide);
	map_at(KERNEL_BASE + slide + start, start, end);
}
