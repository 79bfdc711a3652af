/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between page.c (the allocator) and page_init.c (what it starts with).
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
