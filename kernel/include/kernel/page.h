/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical memory: a buddy allocator over page frames. One struct page a frame. A block of order n is 2^n frames,
 * aligned to its size. All functions: any context, do not sleep.
 */
#pragma once

#include <arch/arch.h>
#include <kernel/list.h>

#define PAGE_ORDER_MAX 10	/* the largest block: 4 MiB */

enum page_state {
	PAGE_RESERVED,		/* not the allocator's: image, firmware, holes */
	PAGE_FREE,		/* head of a free block */
	PAGE_FREE_TAIL,		/* inside a free block */
	PAGE_USED,		/* head of an allocated block */
	PAGE_USED_TAIL,
};

struct page {
	struct list node;	/* free list while free; the owner's afterwards */
	uint8_t state;		/* enum page_state */
	uint8_t order;		/* of a head */
	uint16_t flags;		/* the owner's */
	uint32_t refs;		/* of a head: page_get/page_put */
	void *owner;		/* the heap's slab, a file's page, ... */
};

/* Hands the allocator all RAM of the boot map that is above 1 MiB and not the image or the initrd. Boot CPU, once. */
int page_init(void);

/* The memory is not cleared (harness mode fills it with a fixed pattern). One reference. NULL when there is none. */
struct page *page_alloc(unsigned order);
/* Frees a block whatever its references; order as allocated. A free block is a crash (CRASH_DOUBLE_FREE). */
void page_free(struct page *page, unsigned order);

/* Shared single frames (program memory, file pages): put frees with the last reference. Order 0 only. */
struct page *page_get(struct page *page);
void page_put(struct page *page);

phys_t page_phys(const struct page *page);
void *page_virt(const struct page *page);
/* The frame's struct, NULL for an address outside RAM. */
struct page *page_from_phys(phys_t phys);
struct page *page_from_virt(const void *virt);

size_t page_free_count(void);
size_t page_total_count(void);
/* One past the highest frame number of RAM. */
size_t page_frame_limit(void);
/* Calls visit(first frame number, count) for every free block; allocation state must not change meanwhile. */
void page_foreach_free(void (*visit)(size_t frame, size_t count, void *context), void *context);
/* Empties per-CPU and deferred caches, so that counts are exact and the next allocations are repeatable. */
void page_drain(void);

/* Kernel stacks in STACK_AREA: mapped pages with an unmapped guard page below. NULL when there is no memory. */
void *stack_alloc(size_t size_bytes);
void stack_free(void *base, size_t size_bytes);
/* True when the address lies in the guard page of some stack. */
bool stack_is_guard(uint64_t address);
