/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single frames that are drawn (option LAYOUT_PAGES). Memory is in regions, each as large as the largest block; some,
 * drawn as well, are *open*: their free frames are not the buddies', but given one by one, from any place in any of
 * them. So a frame costs a few bits of chance and no block is split up or put together again for it, and larger blocks
 * find room in what is not open.
 *
 * At most half of the regions are opened at first. When they are used up some more are, which are given back once all
 * of such a region is free again. All under the lock of the page allocator.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/log.h>
#include <kernel/snapshot.h>
#include "minset.h"
#include "page_internal.h"

#define REGION_FRAMES (1u << PAGE_ORDER_MAX)
#define REGION_WORDS (REGION_FRAMES / 64)
#define OPEN_FIRST 256	/* at most */
#define OPEN_MORE 8
#define DRAWS 4		/* frames that are drawn until one is free */

struct region {
	uint64_t free[REGION_WORDS];	/* a bit a frame; of open regions only */
	uint32_t place;			/* in with_free[], where there is one */
	uint16_t count;			/* free ones */
	bool open;
};

static struct region *regions;
static uint32_t *with_free;	/* open regions that have a free frame */
static size_t region_count, with_free_count, open_count, open_first;

static size_t regions_for(size_t limit)
{
	return (limit + REGION_FRAMES - 1) / REGION_FRAMES;
}

size_t page_spread_bytes(size_t limit)
{
	return align_up(regions_for(limit) * (sizeof(*regions) + sizeof(*with_free)), sizeof(uint64_t));
}

void page_spread_setup(size_t limit, void *cleared_memory)
{
	region_count = regions_for(limit);
	regions = cleared_memory;
	with_free = (uint32_t *)(regions + region_count);
	with_free_count = open_count = open_first = 0;
}

static ALWAYS_INLINE void set_place(size_t place, uint32_t number)
{
	snapshot_mark(&with_free[place], sizeof(*with_free));
	with_free[place] = number;
	snapshot_mark(&regions[number], sizeof(regions[number]));
	regions[number].place = (uint32_t)place;
}

static ALWAYS_INLINE void change_count(size_t number, int by)
{
	struct region *region = &regions[number];
	bool had = region->count;

	region->count = (uint16_t)(region->count + by);
	if (had && !region->count)
		set_place(region->place, with_free[--with_free_count]);
	else if (!had && region->count)
		set_place(with_free_count++, (uint32_t)number);
}

/* The bits of up to 64 frames that are a block, in the word of the first one. */
static uint64_t bits_of(size_t frame, unsigned order)
{
	return order < 6 ? ((UINT64_C(1) << (1u << order)) - 1) << frame % 64 : UINT64_MAX;
}

static ALWAYS_INLINE void set_free(size_t frame, unsigned order, bool is_free)
{
	struct region *region = &regions[frame / REGION_FRAMES];
	size_t at = frame % REGION_FRAMES / 64, end = at + (order < 6 ? 1 : 1u << (order - 6));

	snapshot_mark(region, sizeof(*region));
	for (; at < end; at++)
		region->free[at] = is_free ? region->free[at] | bits_of(frame, order)
					   : region->free[at] & ~bits_of(frame, order);
	change_count(frame / REGION_FRAMES, is_free ? 1 << order : -(1 << order));
}

/* Takes what the buddies have of it. False, and nothing done: that is nothing. */
static bool open_region(size_t number)
{
	size_t first = number * REGION_FRAMES;

	if (regions[number].open)
		return false;
	for (unsigned order = PAGE_ORDER_MAX + 1; order-- > 0 && regions[number].count < REGION_FRAMES;)
		for (size_t frame = first; frame < first + REGION_FRAMES; frame += (size_t)1 << order)
			if (page_block_take(frame, order))
				set_free(frame, order, true);
	if (!regions[number].count)
		return false;
	regions[number].open = true;
	open_count++;
	return true;
}

/* Each choice of that many regions is as likely (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S). */
void page_spread_start(void)
{
	size_t wanted = min((region_count + 1) / 2, (size_t)OPEN_FIRST);

	open_first = wanted;
	for (size_t number = 0; wanted; number++) {
		if (layout_draw(LAYOUT_PAGES, region_count - number) >= wanted)
			continue;
		wanted--;
		open_region(number);
	}
}

static void open_more(void)
{
	size_t number = layout_draw(LAYOUT_PAGES, region_count);
	unsigned opened = 0;

	for (size_t i = 0; i < region_count && opened < OPEN_MORE; i++)
		opened += open_region((number + i) % region_count);
}

/* One of those with a free frame; not of all that were opened, so that what was too many becomes free. */
static size_t draw_region(uint32_t chance)
{
	return with_free[chance * min(with_free_count, open_first) >> 22];
}

size_t page_spread_take(void)
{
	size_t number = 0, at = 0;

	if (unlikely(!with_free_count)) {
		if (!open_first || !page_free_count())
			return MINSET_NONE;
		open_more();
		if (!with_free_count)
			return MINSET_NONE;
	}
	for (unsigned i = 0; i < DRAWS; i++) {
		uint32_t chance = layout_half(LAYOUT_PAGES);

		number = draw_region(chance >> 10);
		at = chance % REGION_FRAMES;
		if (likely(regions[number].free[at / 64] >> at % 64 & 1))
			break;
	}
	/* Few are free: the next one. */
	while (!(regions[number].free[at / 64] >> at % 64 & 1))
		at = (at + 1) % REGION_FRAMES;
	set_free(number * REGION_FRAMES + at, 0, false);
	return number * REGION_FRAMES + at;
}

/* The first free block in a region, as a frame of it; REGION_FRAMES: there is none. */
static size_t find_block(const struct region *region, unsigned order)
{
	for (size_t frame = 0; frame < REGION_FRAMES; frame += (size_t)1 << order) {
		size_t at = frame / 64, end = at + (order < 6 ? 1 : 1u << (order - 6));

		while (at < end && (region->free[at] & bits_of(frame, order)) == bits_of(frame, order))
			at++;
		if (at == end)
			return frame;
	}
	return REGION_FRAMES;
}

size_t page_spread_take_block(unsigned order)
{
	size_t start = with_free_count ? layout_draw(LAYOUT_PAGES, with_free_count) : 0;

	for (size_t i = 0; i < with_free_count; i++) {
		size_t number = with_free[(start + i) % with_free_count];
		size_t found = regions[number].count >> order ? find_block(&regions[number], order) : REGION_FRAMES;

		if (found == REGION_FRAMES)
			continue;
		set_free(number * REGION_FRAMES + found, order, false);
		return number * REGION_FRAMES + found;
	}
	return MINSET_NONE;
}

bool page_spread_give(size_t frame, unsigned order)
{
	size_t number = frame / REGION_FRAMES;

	if (!regions[number].open)
		return false;
	if (likely(order == 0))
		set_free(frame, 0, true);
	else
		set_free(frame, order, true);
	if (regions[number].count == REGION_FRAMES && open_count > open_first) {
		set_free(number * REGION_FRAMES, PAGE_ORDER_MAX, false);
		regions[number].open = false;
		open_count--;
		page_block_give(number * REGION_FRAMES, PAGE_ORDER_MAX);
	}
	return true;
}

void page_spread_foreach(void (*visit)(size_t frame, size_t count, void *context), void *context)
{
	for (size_t i = 0; i < region_count * REGION_FRAMES; i++)
		if (regions[i / REGION_FRAMES].free[i % REGION_FRAMES / 64] >> i % 64 & 1)
			visit(i, 1, context);
}
