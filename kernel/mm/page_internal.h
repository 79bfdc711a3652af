/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between page.c (the allocator), page_spread.c (which draws) and page_init.c (what it starts with).
 */
#pragma once

#include <kernel/boot.h>
#include <kernel/page.h>

/* Frames [start, end). */
struct page_range {
	size_t start, end;
};

/* Each range of the boot map, the image, the initrd and low memory can split a range in two. */
#define PAGE_RANGES_MAX (2 * BOOT_RANGES_MAX + 8)

/**
 * What the allocator may use of an untrusted boot map: whole frames of RAM below limit (a physical address), above
 * the first MiB, in no reserved range, not of the image nor the initrd; sorted, disjoint, none empty.
 *
 * @return the number of ranges written to ranges.
 */
size_t page_usable_ranges(const struct boot_info *boot, phys_t limit, struct page_range ranges[PAGE_RANGES_MAX]);

/* Memory for the bookkeeping of frames 0 .. limit - 1, in bytes. */
size_t page_setup_bytes(size_t limit);
/* Starts an allocator of that many frames, all reserved, with its bookkeeping in that much page-aligned memory. */
void page_setup(size_t limit, void *memory);
/* Hands over reserved frames [start, end). Returns how many. */
size_t page_setup_free(size_t start, size_t end);
/* What is mapped from the start has been handed over; all: and so has what is above. */
void page_setup_done(bool all);

/* page.c, for page_spread.c and under the lock: what the buddies have. Whether all of that block is theirs. */
bool page_block_is_free(size_t frame, unsigned order);
/* Takes what is theirs of the block of that order, block by block. */
void page_blocks_take(size_t first, unsigned order, void (*take)(size_t frame, unsigned order));
/* A frame in a block of the smallest kind there is of at least that order; 64 bits of chance choose it. MINSET_NONE. */
size_t page_block_any(unsigned order, uint64_t chance);
/* Gives one back. */
void page_block_give(size_t frame, unsigned order);

/* page_spread.c (option LAYOUT_PAGES), all under the lock: its memory, 8-aligned, and what it starts with, closed. */
size_t page_spread_bytes(size_t limit);
void page_spread_setup(size_t limit, void *cleared_memory);
/* From here on frames for page tables are drawn: out of regions that are opened now, and later. */
void page_spread_start_tables(void);
/* And all others. */
void page_spread_start(void);
/* A free frame, drawn; or MINSET_NONE. */
size_t page_spread_take(bool for_table);
/* A block where the buddies have none: the first frame, or MINSET_NONE. */
size_t page_spread_take_block(unsigned order);
/* False: it is the buddies'. */
bool page_spread_give(size_t frame, unsigned order);
void page_spread_foreach(void (*visit)(size_t frame, size_t count, void *context), void *context);
