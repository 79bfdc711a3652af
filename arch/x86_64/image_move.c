/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moves the image in the kernel's last 2 GiB, and the direct map in its area (option LAYOUT_IMAGE): pvh_entry.S calls
 * image_move() in long mode, at the image's physical address, before anything has used an address of its link. The
 * memory it lies in stays; what changes are the addresses in it, which the table behind the image lists
 * (kernel/build/relocate.py), and the boot's page tables. This file is compiled to run anywhere and must not have a
 * pointer among its data.
 */
#include "arch_internal.h"
#include "pvh.h"

#include <instrumentation/layout/layout.h>

/* With what runs before the image is moved. */
#pragma clang section text = ".text.boot"

#define LEVEL1_TABLES 16
#define ENTRIES 512
#define LAST_AREA (UINT64_C(2) * GIB)
/* Kept free at the very top: what looks like a small negative number is no address. */
#define TOP_RESERVED (64 * KIB)
#define BOOT_MAP_END (UINT64_C(4) << 30)

/*
 * The table: this, then as many bytes: of words of 32 bits and of 64 that hold an address of the image, and of words of
 * 64 bits that hold the direct map's. Each byte is a distance from the last place, or from the image's start, to the
 * next; after 255 the distance is the next four.
 */
struct move_table {
	uint32_t magic, words32_size, words64_size, direct_size;
	uint8_t distances[];
};

#define MOVE_MAGIC 0x65766f6d
#define FAR 255

/* The last GiB and the one before it, and the image's pages, which lie in a row. */
static uint64_t level2[2][ENTRIES] ALIGNED(4096);
static uint64_t level1[LEVEL1_TABLES][ENTRIES] ALIGNED(4096);
/* The first 4 GiB at the direct map's new place, which may be at the border of two. */
static uint64_t direct3[2][ENTRIES] ALIGNED(4096);

static uint64_t image_places(void)
{
	return (LAST_AREA - TOP_RESERVED - X86_IMAGE_PHYS - (uint64_t)(image_end - image_start)) / PAGE_SIZE;
}

static uint64_t direct_map_places(void)
{
	return (X86_DIRECT_MAP_AREA - DIRECT_MAP_SIZE) / GIB + 1;
}

static uint64_t draw(enum layout_region region, uint64_t places)
{
	return (uint64_t)((unsigned __int128)layout_word(region, 0) * places >> 64);
}

/* ---- what pvh_entry.S calls, at physical addresses ---- */

void image_move(uint64_t start_info);

static const char *command_line(uint64_t start_info)
{
	const struct pvh_start_info *start = (const struct pvh_start_info *)start_info;

	if (start_info >= BOOT_MAP_END - sizeof(*start) || start->magic != PVH_MAGIC ||
	    start->command_line >= BOOT_MAP_END)
		return NULL;
	return (const char *)start->command_line;
}

static ALWAYS_INLINE uint32_t next_distance(const uint8_t **table)
{
	uint32_t distance = *(*table)++;

	if (unlikely(distance == FAR)) {
		distance = *(const uint32_t *)*table;
		*table += sizeof(distance);
	}
	return distance;
}

static void move_words32(const uint8_t *table, size_t size, uint64_t slide)
{
	uint8_t *at = (uint8_t *)image_start;

	for (const uint8_t *end = table + size; table < end;) {
		at += next_distance(&table);
		*(uint32_t *)at += (uint32_t)slide;
	}
}

static void move_words64(const uint8_t *table, size_t size, uint64_t slide)
{
	uint8_t *at = (uint8_t *)image_start;

	for (const uint8_t *end = table + size; table < end;) {
		at += next_distance(&table);
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
}

static void map_direct_at(uint64_t virt)
{
	const uint64_t *first = (const uint64_t *)(boot_root[0] & PTE_ADDRESS);
	uint64_t at = virt >> 30 & (ENTRIES - 1), slot = virt >> 39 & (ENTRIES - 1);

	boot_root[ENTRIES / 2] = 0;
	for (uint64_t i = 0; i < 4; i++)
		direct3[(at + i) / ENTRIES][(at + i) % ENTRIES] = first[i];
	for (uint64_t i = 0; i < 2; i++)
		boot_root[slot + i] = (uint64_t)direct3[i] | PTE_PRESENT | PTE_WRITE;
}

void image_move(uint64_t start_info)
{
	phys_t start = (phys_t)image_start, end = (phys_t)image_end;
	const struct move_table *table = (const struct move_table *)end;
	const uint8_t *words64, *direct;
	uint64_t slide, direct_slide;

	/* Not an image that relocate.py has seen, or a larger one than level1[] can map: neither is ever built. */
	if (table->magic != MOVE_MAGIC || end - start > (LEVEL1_TABLES - 1) * 2 * MIB)
		__builtin_trap();
	layout_key_init(command_line(start_info));
	slide = draw(LAYOUT_IMAGE, image_places()) * PAGE_SIZE;
	direct_slide = draw(LAYOUT_DIRECT_MAP, direct_map_places()) * GIB;
	words64 = table->distances + table->words32_size;
	direct = words64 + table->words64_size;
	move_words32(table->distances, table->words32_size, slide);
	move_words64(words64, table->words64_size, slide);
	move_words64(direct, table->direct_size, direct_slide);
	map_at(KERNEL_BASE + slide + start, start, end);
	map_direct_at(X86_KERNEL_HALF + direct_slide);
	X86_WRITE_CR(3, X86_READ_CR(3));
}

/* ---- what others call ---- */

uint64_t arch_image_places(void)
{
	return image_places();
}

uint64_t arch_direct_map_places(void)
{
	return direct_map_places();
}
