/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single frames that are drawn (option LAYOUT_PAGES). Memory is in regions of 2 MiB; some, drawn as well, are *open*:
 * their free frames are not the buddies', but given one by one, from any place in any of them. So a frame costs a few
 * bits of chance and no block is split up or put together again for it, and larger blocks find room in what is not
 * open.
 *
 * The first ones are the *homes*: one that is wholly free, and not more, as a host may clear a whole region where one
 * page of it is touched; and as large a share of those that are not. Whenever few of the frames of open regions are
 * free one more is opened: there is always a choice, and mostly a short search. It is given back to the buddies when
 * its last frame comes back and there are many others. Homes come first until few frames of theirs are free. What is
 * taken before all memory is mapped, mostly the first page tables, comes from a region that is closed then: so the
 * heap's first pages are not beside these. All under the lock of the page allocator.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/log.h>
#include <kernel/snapshot.h>
#include "minset.h"
#include "page_internal.h"

#define REGION_ORDER 9
#define REGION_FRAMES (1u << REGION_ORDER)
#define REGION_WORDS (REGION_FRAMES / 64)
#define WHOLE_FOR_HOME 4	/* wholly free, where one of them is to be open */
#define DRAWS 2		/* of a region and two frames of it, until one is free */

struct region {
	uint64_t free[REGION_WORDS];	/* a bit a frame; of open regions only */
	uint32_t place;			/* in with_free[], where there is one */
	uint16_t count;			/* free ones */
	bool open, home;
};

SEALED static struct region *regions;
SEALED static uint32_t *with_free;	/* open regions that have a free frame, homes first */
SEALED static size_t region_count;
SEALED static bool started;
static size_t with_free_count, homes_with_free;
static size_t free_count, homes_free;	/* frames in with_free[], and in its homes */
static size_t few, homes_few;		/* how many of these are few */
static unsigned none_from;		/* with_free[] has no block of this order, and of none above */

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
	none_from = REGION_ORDER + 1;
}

/* Half of them where they are at most four regions, then as many as that until it is an eighth. */
static size_t few_of(size_t open)
{
	return max(open * REGION_FRAMES / 8, min(open, (size_t)4) * REGION_FRAMES / 2);
}

static void note_few(void)
{
	few = few_of(with_free_count);
	homes_few = few_of(homes_with_free);
}

static ALWAYS_INLINE void set_place(size_t place, uint32_t number)
{
	snapshot_mark(&with_free[place], sizeof(*with_free));
	with_free[place] = number;
	snapshot_mark(&regions[number], sizeof(regions[number]));
	regions[number].place = (uint32_t)place;
}

static void add_region(uint32_t number)
{
	size_t place = with_free_count++;

	if (regions[number].home) {
		/* The first that is no home goes to the end. */
		if (place != homes_with_free)
			set_place(place, with_free[homes_with_free]);
		place = homes_with_free++;
	}
	set_place(place, number);
	note_few();
}

static void remove_region(uint32_t number)
{
	size_t place = regions[number].place;

	if (regions[number].home) {
		homes_with_free--;
		if (place != homes_with_free)
			set_place(place, with_free[homes_with_free]);
		place = homes_with_free;
	}
	with_free_count--;
	if (place != with_free_count)
		set_place(place, with_free[with_free_count]);
	note_few();
}

static ALWAYS_INLINE void change_count(size_t number, int by)
{
	struct region *region = &regions[number];
	bool had = region->count;

	region->count = (uint16_t)(region->count + by);
	free_count += (size_t)by;
	homes_free += region->home ? (size_t)by : 0;
	if (unlikely(had && !region->count))
		remove_region((uint32_t)number);
	else if (unlikely(!had && region->count))
		add_region((uint32_t)number);
}

static ALWAYS_INLINE bool is_free(const struct region *region, size_t at)
{
	return region->free[at / 64] >> at % 64 & 1;
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

static void take_over(size_t frame, unsigned order)
{
	set_free(frame, order, true);
	none_from = REGION_ORDER + 1;
}

/* With what the buddies have of it; if that is nothing it stays closed. */
static void open_region(size_t number, bool as_home)
{
	struct region *region = &regions[number];

	assert(!region->open);
	snapshot_mark(region, sizeof(*region));
	region->home = as_home;
	page_blocks_take(number * REGION_FRAMES, REGION_ORDER, take_over);
	region->open = region->count;
	region->home = region->home && region->open;
}

static bool is_whole(size_t number)
{
	return page_block_is_free(number * REGION_FRAMES, REGION_ORDER);
}

static size_t count_whole(void)
{
	size_t count = 0;

	for (size_t number = 0; number < region_count; number++)
		count += is_whole(number);
	return count;
}

/* One of so many, each as likely; none where they are few, for blocks of up to twice their size. */
static bool open_whole(size_t count)
{
	size_t left = count >= WHOLE_FOR_HOME ? layout_draw(LAYOUT_PAGES, count) + 1 : 0;

	for (size_t number = 0; number < region_count && left; number++) {
		left -= is_whole(number);
		if (!left)
			open_region(number, true);
	}
	return count >= WHOLE_FOR_HOME;
}

/* What is free of it is the buddies' again. */
static void close_region(size_t number)
{
	struct region *region = &regions[number];

	change_count(number, -region->count);
	for (size_t at = 0; at < REGION_FRAMES; at++)
		if (is_free(region, at))
			page_block_give(number * REGION_FRAMES + at, 0);
	*region = (struct region){ 0 };
}

void page_spread_early(void)
{
	started = open_whole(count_whole());
}

/*
 * One that is not wholly free is as likely to be open as one that is, as any frame then is; half of them where there
 * are few of the others.
 */
void page_spread_start(void)
{
	size_t whole, share;

	/* That of what was taken before, and if it was much, more. */
	for (size_t number = 0; number < region_count; number++)
		if (regions[number].open)
			close_region(number);
	whole = count_whole();
	share = whole >= WHOLE_FOR_HOME ? whole : 2;
	for (size_t number = 0; number < region_count; number++)
		if (!is_whole(number) && !layout_draw(LAYOUT_PAGES, share))
			open_region(number, true);
	open_whole(whole);
	started = true;
}

static void open_more(void)
{
	size_t frame = page_block_any(layout_bits(LAYOUT_PAGES));

	if (frame != MINSET_NONE)
		open_region(frame / REGION_FRAMES, false);
}

/* The first free frame at or behind that place, round and round; there is one. */
static size_t next_free(const struct region *region, size_t at)
{
	size_t word = at / 64;
	uint64_t bits = region->free[word] & UINT64_MAX << at % 64;

	while (!bits) {
		word = (word + 1) % REGION_WORDS;
		bits = region->free[word];
	}
	return word * 64 + (size_t)__builtin_ctzll(bits);
}

size_t page_spread_take(void)
{
	size_t choice, number = 0, at = 0;

	if (!started)
		return MINSET_NONE;
	if (unlikely(free_count <= few))
		open_more();
	if (unlikely(!with_free_count))
		return MINSET_NONE;
	choice = homes_free > homes_few ? homes_with_free : with_free_count;
	for (unsigned i = 0; i < DRAWS; i++) {
		uint32_t chance = layout_half(LAYOUT_PAGES);

		number = with_free[(chance >> 2 * REGION_ORDER) * choice >> (32 - 2 * REGION_ORDER)];
		at = chance % REGION_FRAMES;
		if (is_free(&regions[number], at))
			break;
		at = chance / REGION_FRAMES % REGION_FRAMES;
		if (is_free(&regions[number], at))
			break;
	}
	at = next_free(&regions[number], at);
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
	size_t start;

	if (order >= none_from)
		return MINSET_NONE;
	start = layout_draw(LAYOUT_PAGES, with_free_count);
	for (size_t i = 0; i < with_free_count; i++) {
		size_t number = with_free[(start + i) % with_free_count];
		size_t found = regions[number].count >> order ? find_block(&regions[number], order) : REGION_FRAMES;

		if (found == REGION_FRAMES)
			continue;
		set_free(number * REGION_FRAMES + found, order, false);
		return number * REGION_FRAMES + found;
	}
	none_from = order;
	return MINSET_NONE;
}

bool page_spread_give(size_t frame, unsigned order)
{
	size_t number = frame / REGION_FRAMES;

	if (!regions[number].open)
		return false;
	none_from = REGION_ORDER + 1;
	if (likely(order == 0))
		set_free(frame, 0, true);
	else
		set_free(frame, order, true);
	if (regions[number].count == REGION_FRAMES && !regions[number].home && free_count > few + 2 * REGION_FRAMES) {
		set_free(number * REGION_FRAMES, REGION_ORDER, false);
		regions[number].open = false;
		page_block_give(number * REGION_FRAMES, REGION_ORDER);
	}
	return true;
}

void page_spread_foreach(void (*visit)(size_t frame, size_t count, void *context), void *context)
{
	for (size_t i = 0; i < region_count * REGION_FRAMES; i++)
		if (is_free(&regions[i / REGION_FRAMES], i % REGION_FRAMES))
			visit(i, 1, context);
}
