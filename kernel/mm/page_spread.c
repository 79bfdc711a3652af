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
 * its last frame comes back and there are many others. Homes come first until few frames of theirs are free.
 *
 * Page tables have open regions of their own, wholly free at first, and no table is at an end of one: what overflows
 * elsewhere does not run into a table. A table is put elsewhere only where no region is wholly free, and anything else
 * is put there only where no other memory is left, or no block as large. All under the lock of the page allocator.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/log.h>
#include <kernel/snapshot.h>
#include "minset.h"
#include "page_internal.h"

#define REGION_ORDER 9
#define REGION_FRAMES (1u << REGION_ORDER)
#define REGION_WORDS (REGION_FRAMES / 64)
#define WHOLE_FOR_ONE 6	/* wholly free, where one is to be open from the start */
#define DRAWS 2		/* of a region and two frames of it, until one is free */

/* What is open, by what it is for. */
enum pool { CLOSED, HOMES, OTHERS, TABLES, POOLS };

struct region {
	uint64_t free[REGION_WORDS];	/* a bit a frame; of open regions only */
	uint32_t place;			/* in its pool's with_free[], where there is one */
	uint16_t count;			/* free ones */
	uint8_t pool;			/* enum pool */
};

SEALED static struct region *regions;
SEALED static uint32_t *with_free[POOLS];	/* a pool's regions that have a free frame */
SEALED static size_t region_count;
SEALED static bool started, has_tables;
static struct {
	size_t regions, frames;		/* in with_free[], and free in these */
	size_t few;			/* how many of these frames are few */
} pools[POOLS];
static size_t few;			/* of homes and others together */
static unsigned none_from;		/* no region has a free block of this order, and of none above */

static size_t regions_for(size_t limit)
{
	return (limit + REGION_FRAMES - 1) / REGION_FRAMES;
}

size_t page_spread_bytes(size_t limit)
{
	return align_up(regions_for(limit) * (sizeof(*regions) + POOLS * sizeof(*with_free[0])), sizeof(uint64_t));
}

void page_spread_setup(size_t limit, void *cleared_memory)
{
	region_count = regions_for(limit);
	regions = cleared_memory;
	for (size_t pool = 0; pool < POOLS; pool++)
		with_free[pool] = (uint32_t *)(regions + region_count) + pool * region_count;
	none_from = REGION_ORDER + 1;
}

/* Half of them where they are at most four regions, then as many as that until it is an eighth. */
static size_t few_of(size_t open)
{
	return max(open * REGION_FRAMES / 8, min(open, (size_t)4) * REGION_FRAMES / 2);
}

static void note_few(unsigned pool)
{
	pools[pool].few = few_of(pools[pool].regions);
	few = few_of(pools[HOMES].regions + pools[OTHERS].regions);
}

static ALWAYS_INLINE void set_place(unsigned pool, size_t place, uint32_t number)
{
	snapshot_mark(&with_free[pool][place], sizeof(with_free[pool][place]));
	with_free[pool][place] = number;
	snapshot_mark(&regions[number], sizeof(regions[number]));
	regions[number].place = (uint32_t)place;
}

static void add_region(unsigned pool, uint32_t number)
{
	set_place(pool, pools[pool].regions++, number);
	note_few(pool);
}

static void remove_region(unsigned pool, uint32_t number)
{
	size_t place = regions[number].place, last = --pools[pool].regions;

	if (place != last)
		set_place(pool, place, with_free[pool][last]);
	note_few(pool);
}

static ALWAYS_INLINE void change_count(size_t number, int by)
{
	struct region *region = &regions[number];
	bool had = region->count;

	region->count = (uint16_t)(region->count + by);
	pools[region->pool].frames += (size_t)by;
	if (unlikely(had && !region->count))
		remove_region(region->pool, (uint32_t)number);
	else if (unlikely(!had && region->count))
		add_region(region->pool, (uint32_t)number);
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
static void open_region(size_t number, enum pool pool)
{
	struct region *region = &regions[number];

	assert(region->pool == CLOSED);
	snapshot_mark(region, sizeof(*region));
	region->pool = (uint8_t)pool;
	page_blocks_take(number * REGION_FRAMES, REGION_ORDER, take_over);
	if (!region->count)
		region->pool = CLOSED;
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

/* One of those that are wholly free, each as likely; none where they are few, for blocks of up to twice their size. */
static bool open_whole(enum pool pool)
{
	size_t count = count_whole(), left = count >= WHOLE_FOR_ONE ? layout_draw(LAYOUT_PAGES, count) + 1 : 0;

	for (size_t number = 0; number < region_count && left; number++) {
		left -= is_whole(number);
		if (!left)
			open_region(number, pool);
	}
	return count >= WHOLE_FOR_ONE;
}

void page_spread_start_tables(void)
{
	has_tables = open_whole(TABLES);
}

/*
 * One that is not wholly free is as likely to be open as one that is, as any frame then is; half of them where there
 * are few of the others.
 */
void page_spread_start(void)
{
	size_t whole = count_whole(), share = whole >= WHOLE_FOR_ONE ? whole : 2;

	for (size_t number = 0; number < region_count; number++)
		if (regions[number].pool == CLOSED && !is_whole(number) && !layout_draw(LAYOUT_PAGES, share))
			open_region(number, HOMES);
	open_whole(HOMES);
	started = true;
}

/* With a free block of at least that order. */
static void open_more(enum pool pool, unsigned order)
{
	size_t frame = page_block_any(order, layout_bits(LAYOUT_PAGES));

	if (frame != MINSET_NONE)
		open_region(frame / REGION_FRAMES, pool);
}

/*
 * The first free frame at or behind that place, round and round; one that may be a table, if only such are wanted.
 * REGION_FRAMES: there is none.
 */
static ALWAYS_INLINE size_t next_free(const struct region *region, size_t at, bool for_table)
{
	size_t word = at / 64;
	uint64_t wanted = UINT64_MAX << at % 64;

	for (unsigned i = 0; i <= REGION_WORDS; i++) {
		uint64_t bits = region->free[word] & wanted;

		if (for_table && word == 0)
			bits &= ~UINT64_C(1);
		if (for_table && word == REGION_WORDS - 1)
			bits &= ~(UINT64_C(1) << 63);
		if (bits)
			return word * 64 + (size_t)__builtin_ctzll(bits);
		word = (word + 1) % REGION_WORDS;
		wanted = UINT64_MAX;
	}
	return REGION_FRAMES;
}

/* One of so many regions, by the bits of a chance that choose none of two frames. */
static ALWAYS_INLINE size_t place_by(uint32_t chance, size_t count)
{
	return (chance >> 2 * REGION_ORDER) * count >> (32 - 2 * REGION_ORDER);
}

static size_t take_for_table(void)
{
	uint32_t chance = layout_half(LAYOUT_PAGES);
	size_t start;

	if (unlikely(pools[TABLES].frames <= pools[TABLES].few))
		open_more(TABLES, REGION_ORDER);
	start = place_by(chance, pools[TABLES].regions);
	for (size_t i = 0; i < pools[TABLES].regions; i++) {
		size_t number = with_free[TABLES][(start + i) % pools[TABLES].regions];
		size_t at = next_free(&regions[number], chance % REGION_FRAMES, true);

		if (at == REGION_FRAMES)
			continue;
		set_free(number * REGION_FRAMES + at, 0, false);
		return number * REGION_FRAMES + at;
	}
	return MINSET_NONE;
}

static size_t take_for_any(void)
{
	size_t homes, choice, number = 0, at = 0;

	if (unlikely(pools[HOMES].frames + pools[OTHERS].frames <= few))
		open_more(OTHERS, 0);
	homes = pools[HOMES].regions;
	choice = pools[HOMES].frames > pools[HOMES].few ? homes : homes + pools[OTHERS].regions;
	if (unlikely(!choice))
		return MINSET_NONE;
	for (unsigned i = 0; i < DRAWS; i++) {
		uint32_t chance = layout_half(LAYOUT_PAGES);
		size_t place = place_by(chance, choice);

		number = place < homes ? with_free[HOMES][place] : with_free[OTHERS][place - homes];
		at = chance % REGION_FRAMES;
		if (is_free(&regions[number], at))
			break;
		at = chance / REGION_FRAMES % REGION_FRAMES;
		if (is_free(&regions[number], at))
			break;
	}
	at = next_free(&regions[number], at, false);
	set_free(number * REGION_FRAMES + at, 0, false);
	return number * REGION_FRAMES + at;
}

size_t page_spread_take(bool for_table)
{
	size_t frame = for_table && has_tables ? take_for_table() : MINSET_NONE;

	return frame != MINSET_NONE || !started ? frame : take_for_any();
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

static size_t take_block_from(enum pool pool, unsigned order)
{
	size_t start = pools[pool].regions ? layout_draw(LAYOUT_PAGES, pools[pool].regions) : 0;

	for (size_t i = 0; i < pools[pool].regions; i++) {
		size_t number = with_free[pool][(start + i) % pools[pool].regions];
		size_t found = regions[number].count >> order ? find_block(&regions[number], order) : REGION_FRAMES;

		if (found == REGION_FRAMES)
			continue;
		set_free(number * REGION_FRAMES + found, order, false);
		return number * REGION_FRAMES + found;
	}
	return MINSET_NONE;
}

size_t page_spread_take_block(unsigned order)
{
	size_t frame = MINSET_NONE;

	if (order >= none_from)
		return MINSET_NONE;
	for (enum pool pool = HOMES; pool < POOLS && frame == MINSET_NONE; pool++)
		frame = take_block_from(pool, order);
	if (frame == MINSET_NONE)
		none_from = order;
	return frame;
}

/* So many frames that a region of that pool goes back to the buddies when it is wholly free. */
static bool has_many(unsigned pool)
{
	if (pool == TABLES)
		return pools[TABLES].frames > pools[TABLES].few + REGION_FRAMES;
	return pool == OTHERS && pools[HOMES].frames + pools[OTHERS].frames > few + 2 * REGION_FRAMES;
}

bool page_spread_give(size_t frame, unsigned order)
{
	size_t number = frame / REGION_FRAMES;
	struct region *region = &regions[number];

	if (region->pool == CLOSED)
		return false;
	none_from = REGION_ORDER + 1;
	if (likely(order == 0))
		set_free(frame, 0, true);
	else
		set_free(frame, order, true);
	if (unlikely(region->count == REGION_FRAMES) && has_many(region->pool)) {
		set_free(number * REGION_FRAMES, REGION_ORDER, false);
		region->pool = CLOSED;
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
