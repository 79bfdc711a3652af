/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the page allocator starts with: reads the boot map, of which nothing is trusted, finds a place in RAM for the
 * page array, and hands over the rest: what entry code has not mapped when the kernel has. "mem=SIZE" leaves RAM at
 * and above that physical address unused.
 */
#include <kernel/errno.h>
#include <kernel/log.h>
#include "page_internal.h"

#define BOOT_MAPPED_FRAMES ((size_t)(BOOT_MAPPED >> PAGE_SHIFT))
#define FRAMES_A_TABLE 256	/* or more: tables for all memory, twice (TABLE_VIEW), have to be where it is mapped */
#define LOW_MEMORY MIB	/* firmware's, the beacon, and where other CPUs start */

struct interval {
	uint64_t start, end;	/* addresses */
};

static struct interval interval(uint64_t base, uint64_t size)
{
	return (struct interval){ base, size > UINT64_MAX - base ? UINT64_MAX : base + size };
}

/* Removes frames that a hole touches; a range that it cuts in two makes one more at the end. */
static size_t subtract(struct page_range *ranges, size_t count, struct interval hole)
{
	size_t start = hole.start >> PAGE_SHIFT;
	size_t end = (hole.end >> PAGE_SHIFT) + !is_aligned(hole.end, PAGE_SIZE);
	size_t kept = 0, added = 0;

	if (hole.start >= hole.end)
		return count;
	for (size_t i = 0; i < count; i++) {
		struct page_range r = ranges[i];

		if (r.start < start && r.end > end && count + added < PAGE_RANGES_MAX)
			ranges[count + added++] = (struct page_range){ end, r.end };
		if (r.start < start)
			ranges[kept++] = (struct page_range){ r.start, min(r.end, start) };
		else if (r.end > end)
			ranges[kept++] = (struct page_range){ max(r.start, end), r.end };
	}
	for (size_t i = 0; i < added; i++)
		ranges[kept++] = ranges[count + i];
	return kept;
}

static void sort(struct page_range *ranges, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct page_range r = ranges[i];
		size_t at = i;

		for (; at > 0 && ranges[at - 1].start > r.start; at--)
			ranges[at] = ranges[at - 1];
		ranges[at] = r;
	}
}

static size_t merge(struct page_range *ranges, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept && ranges[i].start <= ranges[kept - 1].end)
			ranges[kept - 1].end = max(ranges[kept - 1].end, ranges[i].end);
		else
			ranges[kept++] = ranges[i];
	}
	return kept;
}

/* The whole frames of RAM below limit, sorted and disjoint. */
static size_t ram_ranges(const struct boot_info *boot, phys_t limit, struct page_range *ranges)
{
	size_t count = 0;

	for (size_t i = 0; i < min(boot->range_count, (size_t)BOOT_RANGES_MAX); i++) {
		struct interval ram = interval(boot->ranges[i].base, boot->ranges[i].size);

		if (boot->ranges[i].type != BOOT_RAM || ram.start >= limit)
			continue;
		ram.start = align_up(ram.start, PAGE_SIZE);
		ram.end = align_down(min(ram.end, limit), PAGE_SIZE);
		if (ram.start < ram.end)
			ranges[count++] = (struct page_range){ ram.start >> PAGE_SHIFT, ram.end >> PAGE_SHIFT };
	}
	sort(ranges, count);
	return merge(ranges, count);
}

/* What page_usable_ranges() says, and the initrd. */
static size_t ranges_with_initrd(const struct boot_info *boot, phys_t limit, struct page_range ranges[PAGE_RANGES_MAX])
{
	size_t count = ram_ranges(boot, min(limit, (phys_t)DIRECT_MAP_SIZE), ranges);

	count = subtract(ranges, count, interval(0, LOW_MEMORY));
	count = subtract(ranges, count, (struct interval){ boot->image_start, boot->image_end });
	for (size_t i = 0; i < min(boot->range_count, (size_t)BOOT_RANGES_MAX); i++)
		if (boot->ranges[i].type != BOOT_RAM)
			count = subtract(ranges, count, interval(boot->ranges[i].base, boot->ranges[i].size));
	sort(ranges, count);
	return count;
}

size_t page_usable_ranges(const struct boot_info *boot, phys_t limit, struct page_range ranges[PAGE_RANGES_MAX])
{
	size_t count = ranges_with_initrd(boot, limit, ranges);

	count = subtract(ranges, count, interval(boot->initrd, boot->initrd_size));
	sort(ranges, count);
	return count;
}

static bool overlap(struct interval a, struct interval b)
{
	return b.start < b.end && a.start < b.end && b.start < a.end;
}

bool page_memory_is_at(const struct boot_info *boot, phys_t base, uint64_t size)
{
	struct interval place = interval(base, size);

	for (size_t i = 0; i < min(boot->range_count, (size_t)BOOT_RANGES_MAX); i++)
		if (boot->ranges[i].type != BOOT_RESERVED &&
		    overlap(place, interval(boot->ranges[i].base, boot->ranges[i].size)))
			return true;
	return overlap(place, (struct interval){ boot->image_start, boot->image_end }) ||
	       overlap(place, interval(boot->initrd, boot->initrd_size));
}

/* The frames that the page array has to describe for the first count usable ranges, and for an initrd right above. */
static size_t frames_to_describe(const struct page_range *usable, size_t count, phys_t limit)
{
	struct page_range ranges[PAGE_RANGES_MAX];
	size_t end = usable[count - 1].end, all = ranges_with_initrd(boot_info, limit, ranges);
	size_t initrd_end = interval(boot_info->initrd, boot_info->initrd_size).end >> PAGE_SHIFT;

	for (size_t i = 0; i < all; i++)
		if (ranges[i].start < end && end <= ranges[i].end)
			return max(end, min(ranges[i].end, initrd_end));
	return end;
}

/* What of the ranges is in [from, to). */
static void hand_over(const struct page_range *ranges, size_t count, size_t from, size_t to)
{
	for (size_t i = 0; i < count; i++) {
		size_t start = max(ranges[i].start, from), end = min(ranges[i].end, to);

		if (start < end)
			page_setup_free(start, end);
	}
}

void page_free_initrd(void)
{
	struct interval initrd = interval(boot_info->initrd, boot_info->initrd_size);
	struct page_range ranges[PAGE_RANGES_MAX];
	size_t count = ranges_with_initrd(boot_info, boot_option_number("mem", UINT64_MAX), ranges);

	/* A frame that the initrd shares stays reserved. */
	hand_over(ranges, count, align_up(initrd.start, PAGE_SIZE) >> PAGE_SHIFT,
		  min(page_frame_limit(), (size_t)(initrd.end >> PAGE_SHIFT)));
}

/* The index of the first range with room for that many frames, which are mapped; count when there is none. */
static size_t find_room(const struct page_range *ranges, size_t count, size_t frames)
{
	size_t i = 0;

	while (i < count && min(ranges[i].end, BOOT_MAPPED_FRAMES) < ranges[i].start + frames)
		i++;
	return i;
}

static size_t frames_in(const struct page_range *ranges, size_t count)
{
	size_t frames = 0;

	for (size_t i = 0; i < count; i++)
		frames += ranges[i].end - ranges[i].start;
	return frames;
}

int page_init(void)
{
	struct page_range ranges[PAGE_RANGES_MAX];
	phys_t limit = boot_option_number("mem", UINT64_MAX);
	size_t count = page_usable_ranges(boot_info, limit, ranges);

	/*
	 * A lone range far up would make the page array larger than what it describes is worth: such RAM is left
	 * alone.
	 */
	for (; count > 0; count--) {
		size_t frames = frames_to_describe(ranges, count, limit);
		size_t needed = page_setup_bytes(frames) >> PAGE_SHIFT;
		size_t place = find_room(ranges, count, needed + frames / FRAMES_A_TABLE);

		if (place == count || needed > frames_in(ranges, count) / 4) {
			log_warning("memory at %#llx is not used: too little RAM for its page array",
				    (unsigned long long)ranges[count - 1].start << PAGE_SHIFT);
			continue;
		}
		page_setup(frames, arch_phys_to_virt((phys_t)ranges[place].start << PAGE_SHIFT));
		ranges[place].start += needed;
		hand_over(ranges, count, 0, BOOT_MAPPED_FRAMES);
		page_setup_done(false);
		return 0;
	}
	return -ENOMEM;
}

void page_all_mapped(void)
{
	struct page_range ranges[PAGE_RANGES_MAX];
	size_t count = page_usable_ranges(boot_info, boot_option_number("mem", UINT64_MAX), ranges);

	hand_over(ranges, count, BOOT_MAPPED_FRAMES, page_frame_limit());
	page_setup_done(true);
}
