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
	PAGE_RESERVED,		/* not the allocator's: image, firmware, holes, the page array */
	PAGE_FREE,		/* the allocator's, but not an allocated block's first frame: free, or inside one */
	PAGE_USED,		/* the first frame of an allocated block */
};

/* Whoever changes one calls snapshot_mark() on it first. */
struct page {
	struct list node;	/* the owner's */
	uint8_t state;		/* enum page_state */
	uint8_t order;		/* of an allocated block */
	uint16_t flags;		/* the owner's */
	uint32_t refs;		/* of an allocated block: page_get/page_put */
	void *owner;		/* the heap's slab, a file's page, ...; NULL when allocated */
};

/* Hands the allocator all RAM of the boot map below BOOT_MAPPED, but for the first MiB, the image and the initrd. */
int page_init(void);
#define BOOT_MAPPED (UINT64_C(4) << 30)	/* entry code has mapped as much, or all */
/* And what is above, now that the direct map has it. These two: boot CPU, once. */
void page_all_mapped(void);
/* Hands it the frames of the initrd too. Boot CPU, once, when nothing reads the initrd any more. */
void page_free_initrd(void);

struct boot_info;
/* Whether there is memory in [base, base + size), the allocator's or not: RAM, ACPI's tables, the image, the initrd. */
bool page_memory_is_at(const struct boot_info *boot, phys_t base, uint64_t size);

/*
 * The lowest free block that is large enough and of the smallest such size: the same calls give the same frames. With
 * LAYOUT_PAGES one that is drawn. The memory is not cleared (harness mode fills it with a fixed pattern). One
 * reference. NULL when there is none.
 */
struct page *page_alloc(unsigned order) MUST_CHECK;
/* The same, cleared. */
struct page *page_alloc_zeroed(unsigned order) MUST_CHECK;
/* One frame, cleared, for a page table. With LAYOUT_PAGES mostly only tables are beside it: page_spread.c. */
struct page *page_alloc_table(void) MUST_CHECK;
/*
 * Frees a block whatever its references; order as allocated. A block that is free already is a crash
 * (CRASH_DOUBLE_FREE), one of another order too (CRASH_INVALID_FREE).
 */
void page_free(struct page *page, unsigned order);
/* Adjacent frames, count of them, each a block of order 0; the first one's struct page stands for all. NULL. */
struct page *page_run_alloc(size_t count) MUST_CHECK;
void page_run_free(struct page *page, size_t count);

/* Shared single frames (program memory, file pages): put frees with the last reference. Order 0 only. */
struct page *page_get(struct page *page);
void page_put(struct page *page);

/* One a frame, from frame 0, and how many: page_setup()'s. */
extern struct page *page_array;
extern size_t page_array_count;

static inline phys_t page_phys(const struct page *page)
{
	return (phys_t)(page - page_array) << PAGE_SHIFT;
}

static inline void *page_virt(const struct page *page)
{
	return arch_phys_to_virt(page_phys(page));
}

/* The frame's struct, NULL beyond page_frame_limit(). What is no memory below has one, too: PAGE_RESERVED. */
static inline struct page *page_from_phys(phys_t phys)
{
	size_t frame = phys >> PAGE_SHIFT;

	return frame < page_array_count ? &page_array[frame] : NULL;
}

/* Below the direct map the subtraction wraps to an offset beyond any RAM. */
static inline struct page *page_from_virt(const void *virt)
{
	return page_from_phys((uintptr_t)virt - (uintptr_t)arch_phys_to_virt(0));
}

size_t page_free_count(void);
size_t page_total_count(void);
/* One past the highest frame number of RAM. */
size_t page_frame_limit(void);
/* Calls visit(first frame number, count) for every free block; allocation state must not change meanwhile. */
void page_foreach_free(void (*visit)(size_t frame, size_t count, void *context), void *context);

/*
 * Kernel stacks, with a guard page below: in STACK_AREA, where the guard page is unmapped; in the direct map where
 * the CPU has no STACK_AREA: there the guard page holds a pattern, which stack_free() checks, and sanitizers know it.
 * size_bytes: whole pages. Result: the lowest address of the stack; NULL when there is no memory.
 */
void *stack_alloc(size_t size_bytes);
void stack_free(void *base, size_t size_bytes);
/* The shadow stack that a stack has, SHADOW_STACK_SIZE between guard pages; NULL: it has none (option SHADOW_STACK). */
void *stack_shadow(void *base);
/* Gives back what is kept of stacks beyond a reserve (option SMP). Waits for other CPUs: no spinlock is held. */
void stack_trim(void);
/* How much of a stack of that size its thread has: all, or less, so that frames are not where they are on others. */
size_t stack_size_draw(size_t size_bytes);
/* In how many places a thread's first frame may come to lie (LAYOUT_STACKS); 1: its place is not drawn. */
uint64_t stack_places(void);
/* True when the address lies in the guard page of some stack. */
bool stack_is_guard(uint64_t address);
