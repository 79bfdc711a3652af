/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page allocator: buddies. Free blocks are members of one set an order (minset.h), so the lowest sufficient block
 * is always taken: the same calls give the same frames, and those in use stay close together, as do their struct
 * pages, of which the snapshot restores the touched ones. With LAYOUT_PAGES one is drawn instead, and single frames
 * have a way of their own (page_spread.c). The struct page of a frame inside a block is not touched; only a block's
 * first frame has state PAGE_USED, which is how a double free is found.
 */
#include <instrumentation/layout/layout.h>
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/crash.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/sanitize.h>
#include <kernel/snapshot.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include "minset.h"
#include "page_internal.h"

#define SPLIT_AT_LEAST 2 /* LAYOUT_PAGES: blocks of the largest order */

static struct spinlock page_lock = SPINLOCK_INIT;
SEALED struct page *page_array;
SEALED size_t page_array_count;
static struct minset free_blocks[PAGE_ORDER_MAX + 1];	/* of block numbers: frame >> order */
static size_t free_frames, total_frames;
static size_t split_blocks; /* of order PAGE_ORDER_MAX, but those that were put together again */

METRIC_GAUGE(pages, "Pages that the kernel has", &total_frames);
METRIC_GAUGE(pages_free, "Pages that nobody has", &free_frames);
METRIC_COUNTER(page_allocations, "Blocks of pages that were given");
METRIC_COUNTER(page_allocation_failures, "Blocks of pages that could not be had");
METRIC_COUNTER(page_frees, "Blocks of pages that were given back");

static size_t frame_of(const struct page *page)
{
	return (size_t)(page - page_array);
}

/* The smallest order that has a free block, and at least this one; above PAGE_ORDER_MAX: none. */
static unsigned smallest_order(unsigned order)
{
	while (order <= PAGE_ORDER_MAX && minset_is_empty(&free_blocks[order]))
		order++;
	return order;
}

/* LAYOUT_PAGES: one of those orders, each as likely. Some blocks of the largest are split up before they are needed. */
static unsigned draw_order(unsigned wanted, uint64_t chance)
{
	unsigned last = split_blocks < SPLIT_AT_LEAST ? PAGE_ORDER_MAX : PAGE_ORDER_MAX - 1;
	unsigned orders[PAGE_ORDER_MAX + 1], count = 0;

	for (unsigned order = wanted; order <= last; order++)
		if (!minset_is_empty(&free_blocks[order]))
			orders[count++] = order;
	return count ? orders[chance % count] : smallest_order(wanted);
}

/*
 * A frame of a free block that is large enough, and the block's order: the lowest of the smallest such ones, or with
 * LAYOUT_PAGES any. MINSET_NONE.
 */
static size_t choose_frame(unsigned *order)
{
	uint64_t chance = 0;
	size_t block;

	*order = IS_ENABLED(CONFIG_LAYOUT_PAGES) ? draw_order(*order, layout_half(LAYOUT_PAGES))
						 : smallest_order(*order);
	if (*order > PAGE_ORDER_MAX)
		return MINSET_NONE;
	if (IS_ENABLED(CONFIG_LAYOUT_PAGES)) {
		chance = layout_bits(LAYOUT_PAGES);
		block = minset_any(&free_blocks[*order], chance >> (64 - 6 * MINSET_LEVELS));
	} else {
		block = minset_first(&free_blocks[*order]);
	}
	return block << *order | (chance & (((size_t)1 << *order) - 1));
}

/* Takes the block with that frame off the sets, out of a free one of order from; the rest of that one stays. */
static void split_off(size_t frame, unsigned order, unsigned from)
{
	minset_remove(&free_blocks[from], frame >> from);
	while (from > order) {
		from--;
		minset_add(&free_blocks[from], frame >> from ^ 1);
	}
}

/* The first frame of a free block of that order, taken off the sets; MINSET_NONE. */
static size_t take_block(unsigned order)
{
	unsigned from = order;
	size_t frame = choose_frame(&from);

	if (frame == MINSET_NONE)
		return MINSET_NONE;
	split_off(frame, order, from);
	split_blocks += from == PAGE_ORDER_MAX && order < PAGE_ORDER_MAX;
	return frame >> order << order;
}

void page_block_give(size_t frame, unsigned order)
{
	size_t block = frame >> order;
	bool was_whole = order == PAGE_ORDER_MAX;

	while (order < PAGE_ORDER_MAX && minset_has(&free_blocks[order], block ^ 1)) {
		minset_remove(&free_blocks[order], block ^ 1);
		block >>= 1;
		order++;
	}
	minset_add(&free_blocks[order], block);
	split_blocks -= order == PAGE_ORDER_MAX && !was_whole && split_blocks;
}

/* The order of the free block that frame is in, if it is that one or more; above PAGE_ORDER_MAX: there is none. */
static unsigned order_of_free(size_t frame, unsigned order)
{
	while (order <= PAGE_ORDER_MAX && !minset_has(&free_blocks[order], frame >> order))
		order++;
	return order;
}

bool page_block_is_free(size_t frame, unsigned order)
{
	return order_of_free(frame, order) <= PAGE_ORDER_MAX;
}

void page_blocks_take(size_t first, unsigned order, void (*take)(size_t frame, unsigned order))
{
	unsigned whole = order_of_free(first, order);

	if (whole <= PAGE_ORDER_MAX) {
		split_off(first, order, whole);
		take(first, order);
		return;
	}
	for (unsigned part = 0; part < order; part++) {
		size_t block = first >> part, end = block + ((size_t)1 << (order - part));

		for (; (block = minset_next(&free_blocks[part], block, end)) != MINSET_NONE; block++) {
			minset_remove(&free_blocks[part], block);
			take(block << part, part);
		}
	}
}

size_t page_block_any(unsigned order, uint64_t chance)
{
	for (; order <= PAGE_ORDER_MAX; order++) {
		size_t block = minset_any(&free_blocks[order], chance >> (64 - 6 * MINSET_LEVELS));

		if (block != MINSET_NONE)
			return block << order | (chance & (((size_t)1 << order) - 1));
	}
	return MINSET_NONE;
}

static size_t take_frames(unsigned order, bool for_table)
{
	size_t frame = IS_ENABLED(CONFIG_LAYOUT_PAGES) && order == 0 ? page_spread_take(for_table) : MINSET_NONE;

	if (frame == MINSET_NONE)
		frame = take_block(order);
	if (IS_ENABLED(CONFIG_LAYOUT_PAGES) && unlikely(frame == MINSET_NONE))
		frame = page_spread_take_block(order);
	return frame;
}

static void give_frames(size_t frame, unsigned order)
{
	if (!IS_ENABLED(CONFIG_LAYOUT_PAGES) || !page_spread_give(frame, order))
		page_block_give(frame, order);
}

/*
 * In the flags of a free frame that was freed alone (option INIT_ON_FREE): it holds zeros, and need not get them once
 * more. Whoever writes there afterwards does so by a stale pointer.
 */
#define FREED_AS_ZEROS 1

static void page_set_used(struct page *page, unsigned order)
{
	snapshot_mark(page, sizeof(*page));
	list_init(&page->node);
	page->state = PAGE_USED;
	page->order = (uint8_t)order;
	page->flags = 0;
	page->refs = 1;
	page->owner = NULL;
}

/* A used block whose content is whatever it was; whether that is known to be zeros. */
static struct page *page_take(unsigned order, bool for_table, bool *is_zero)
{
	unsigned long irq;
	size_t frame;

	assert(order <= PAGE_ORDER_MAX);
	irq = spin_lock(&page_lock);
	frame = take_frames(order, for_table);
	if (frame == MINSET_NONE) {
		spin_unlock(&page_lock, irq);
		metric_inc(page_allocation_failures);
		return NULL;
	}
	metric_inc(page_allocations);
	free_frames -= (size_t)1 << order;
	*is_zero = IS_ENABLED(CONFIG_INIT_ON_FREE) && order == 0 && page_array[frame].flags == FREED_AS_ZEROS;
	page_set_used(&page_array[frame], order);
	spin_unlock(&page_lock, irq);
	sanitize_unpoison(page_virt(&page_array[frame]), PAGE_SIZE << order);
	TRACE(page_alloc, frame << PAGE_SHIFT, order);
	return &page_array[frame];
}

struct page *page_alloc(unsigned order)
{
	struct page *page;
	bool is_zero;

	if (IS_ENABLED(CONFIG_INIT_ON_ALLOC))
		return page_alloc_zeroed(order);
	page = page_take(order, false, &is_zero);
	if (page)
		snapshot_fill(page_virt(page), PAGE_SIZE << order);
	return page;
}

static struct page *take_zeroed(unsigned order, bool for_table)
{
	bool is_zero;
	struct page *page = page_take(order, for_table, &is_zero);

	if (page && !is_zero)
		memset(page_virt(page), 0, PAGE_SIZE << order);
	return page;
}

struct page *page_alloc_zeroed(unsigned order)
{
	return take_zeroed(order, false);
}

struct page *page_alloc_table(void)
{
	return take_zeroed(0, true);
}

void page_free(struct page *page, unsigned order)
{
	unsigned long irq;

	TRACE(page_free, page_phys(page), order);
	/* Without the lock: whoever frees it twice is told so below. */
	if (IS_ENABLED(CONFIG_INIT_ON_FREE) && page->state == PAGE_USED && page->order == order) {
		sanitize_unpoison(page_virt(page), PAGE_SIZE << order);
		memset(page_virt(page), 0, PAGE_SIZE << order);
	}
	irq = spin_lock(&page_lock);

	if (unlikely(page->state != PAGE_USED || page->order != order)) {
		bool used = page->state == PAGE_USED;

		spin_unlock(&page_lock, irq);
		if (used)
			crash_raise(CRASH_INVALID_FREE, NULL, page_phys(page),
				    "page %#llx of order %u freed as order %u", (unsigned long long)page_phys(page),
				    page->order, order);
		crash_raise(CRASH_DOUBLE_FREE, NULL, page_phys(page), "page %#llx is free already",
			    (unsigned long long)page_phys(page));
	}
	/* The poison belongs to the page: where the snapshot restores by marks, it has to know. */
	snapshot_mark(page_virt(page), PAGE_SIZE << order);
	sanitize_poison(page_virt(page), PAGE_SIZE << order, SANITIZE_FREED);
	snapshot_mark(page, sizeof(*page));
	page->state = PAGE_FREE;
	page->owner = NULL;
	page->flags = IS_ENABLED(CONFIG_INIT_ON_FREE) ? FREED_AS_ZEROS : 0;
	give_frames(frame_of(page), order);
	metric_inc(page_frees);
	free_frames += (size_t)1 << order;
	spin_unlock(&page_lock, irq);
}

struct page *page_run_alloc(size_t count)
{
	unsigned order = 0;
	struct page *page;

	while ((size_t)1 << order < count)
		order++;
	page = order <= PAGE_ORDER_MAX ? page_alloc(order) : NULL;
	if (!page || order == 0)
		return page;
	for (size_t i = 0; i < (size_t)1 << order; i++)
		page_set_used(&page[i], 0);
	page_run_free(&page[count], ((size_t)1 << order) - count);
	return page;
}

void page_run_free(struct page *page, size_t count)
{
	for (size_t i = 0; i < count; i++)
		page_free(&page[i], 0);
}

struct page *page_get(struct page *page)
{
	snapshot_mark(page, sizeof(*page));
	atomic_fetch_add(&page->refs, 1);
	return page;
}

void page_put(struct page *page)
{
	if (unlikely(page->state != PAGE_USED))
		crash_raise(CRASH_DOUBLE_FREE, NULL, page_phys(page), "page %#llx put while free",
			    (unsigned long long)page_phys(page));
	snapshot_mark(page, sizeof(*page));
	if (atomic_fetch_sub(&page->refs, 1) == 1)
		page_free(page, 0);
}

size_t page_free_count(void)
{
	return atomic_load_relaxed(&free_frames);
}

size_t page_total_count(void)
{
	return total_frames;
}

size_t page_frame_limit(void)
{
	return page_array_count;
}

void page_foreach_free(void (*visit)(size_t frame, size_t count, void *context), void *context)
{
	for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
		const struct minset *set = &free_blocks[order];

		for (size_t block = 0; (block = minset_next(set, block, SIZE_MAX)) != MINSET_NONE; block++)
			visit(block << order, (size_t)1 << order, context);
	}
	if (IS_ENABLED(CONFIG_LAYOUT_PAGES))
		page_spread_foreach(visit, context);
}

/* ---- start ---- */

static size_t page_array_bytes(size_t limit)
{
	return align_up(limit * sizeof(struct page), PAGE_SIZE);
}

size_t page_setup_bytes(size_t limit)
{
	size_t bytes = page_array_bytes(limit);

	for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
		bytes += minset_bytes((limit >> order) + 1);
	if (IS_ENABLED(CONFIG_LAYOUT_PAGES))
		bytes += page_spread_bytes(limit);
	return align_up(bytes, PAGE_SIZE);
}

void page_setup(size_t limit, void *memory)
{
	char *next = memory;

	memset(memory, 0, page_setup_bytes(limit));
	page_array = memory;
	page_array_count = limit;
	next += page_array_bytes(limit);
	for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
		size_t blocks = (limit >> order) + 1;

		minset_init(&free_blocks[order], blocks, next);
		next += minset_bytes(blocks);
	}
	if (IS_ENABLED(CONFIG_LAYOUT_PAGES))
		page_spread_setup(limit, next);
	snapshot_mark_area(memory, page_setup_bytes(limit));
}

void page_setup_done(bool all)
{
	unsigned long irq = spin_lock(&page_lock);

	if (IS_ENABLED(CONFIG_LAYOUT_PAGES) && all)
		page_spread_start();
	else if (IS_ENABLED(CONFIG_LAYOUT_PAGES))
		page_spread_start_tables();
	spin_unlock(&page_lock, irq);
}

size_t page_setup_free(size_t start, size_t end)
{
	unsigned long irq = spin_lock(&page_lock);

	sanitize_poison(page_virt(&page_array[start]), (end - start) << PAGE_SHIFT, SANITIZE_FREED);
	for (size_t frame = start; frame < end;) {
		unsigned order = frame ? min((unsigned)__builtin_ctzll(frame), PAGE_ORDER_MAX + 0u) : PAGE_ORDER_MAX;

		while (frame + ((size_t)1 << order) > end)
			order--;
		for (size_t i = 0; i < (size_t)1 << order; i++)
			page_array[frame + i].state = PAGE_FREE;
		give_frames(frame, order);
		frame += (size_t)1 << order;
	}
	free_frames += end - start;
	total_frames += end - start;
	spin_unlock(&page_lock, irq);
	return end - start;
}
