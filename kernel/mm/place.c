/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a mapping goes: at its hint when that is free, else into the highest gap below mmap_top that is large enough,
 * else into the lowest one above it. MAP_32BIT ones go between 1 and 2 GiB, from below. And where a program's parts go
 * (option LAYOUT_PROGRAM).
 */
#include <instrumentation/layout/layout.h>
#include <kernel/errno.h>
#include <kernel/user.h>
#include "aspace_internal.h"

#define LOW_START UINT64_C(0x40000000)
#define LOW_END UINT64_C(0x80000000)

static long find_down(struct aspace *as, uint64_t low, uint64_t high, uint64_t len)
{
	struct region *region = NULL;

	/* The gap below 'high', then below each region, downwards. */
	for (uint64_t gap_end = high;;) {
		region = region                     ? region_previous(as, region)
			 : list_empty(&as->regions) ? NULL
						    : list_last(&as->regions, struct region, node);
		uint64_t gap_start = max(region ? region->end : low, low);

		if (gap_end > gap_start && gap_end - gap_start >= len)
			return (long)(gap_end - len);
		if (!region || region->start <= low)
			return -ENOMEM;
		gap_end = min(region->start, high);
	}
}

static long find_up(struct aspace *as, uint64_t low, uint64_t high, uint64_t len)
{
	uint64_t gap_start = low;
	struct region *region = region_at_or_above(as, low);

	for (; region; region = region_next(as, region)) {
		if (region->start > gap_start && min(region->start, high) - gap_start >= len)
			break;
		gap_start = max(region->end, low);
		if (gap_start >= high)
			return -ENOMEM;
	}
	return high - gap_start >= len ? (long)gap_start : -ENOMEM;
}

long place_find(struct aspace *as, uint64_t hint, uint64_t len, unsigned flags)
{
	uint64_t end = flags & MAP_32BIT ? LOW_END : USER_END;
	long found;

	if (len > USER_END - USER_START)
		return -ENOMEM;
	hint = align_down(hint, PAGE_SIZE);
	if (hint)
		hint = max(hint, USER_START);
	if (hint && hint <= end && len <= end - hint && region_is_free(as, hint, hint + len))
		return (long)hint;
	if (flags & MAP_32BIT)
		return find_up(as, LOW_START, LOW_END, len);
	found = find_down(as, USER_START, as->mmap_top, len);
	return found >= 0 ? found : find_up(as, as->mmap_top, USER_END, len);
}

int place_check_fixed(uint64_t addr, uint64_t len)
{
	if (len > USER_END || addr > USER_END - len)
		return -ENOMEM;
	if (!is_aligned(addr, PAGE_SIZE))
		return -EINVAL;
	return addr < USER_START ? -EPERM : 0;
}

/*
 * From above: the stack, a gap that what grows down stays away from, the vDSO, and right below its window mappings. In
 * pages, as Linux draws them on x86_64: 22 bits for the stack and 9 for where on it the program begins, 28 for
 * mappings and programs, 13 for the heap. The vDSO is code: not near the stack, but where mappings are, 8 bits from
 * these, so that it mostly shares their page tables, which each fork() has to make.
 */
#define STACK_PLACES (UINT64_C(1) << 22)
#define STACK_GAPS (UINT64_C(1) << 9)
#define STACK_GRAIN 16
#define MMAP_PLACES (UINT64_C(1) << 28)
#define PIE_PLACES (UINT64_C(1) << 28)
#define BRK_PLACES (UINT64_C(1) << 13)
#define VDSO_PLACES (UINT64_C(1) << 8)
#define MMAP_GAP (128 * MIB)

static uint64_t draw_pages(uint64_t places)
{
	return layout_draw(LAYOUT_PROGRAM, places) * PAGE_SIZE;
}

void aspace_place(struct aspace *as)
{
	struct aspace_places *places = &as->places;

	if (!IS_ENABLED(CONFIG_LAYOUT_PROGRAM))
		return;
	places->stack_top = ASPACE_STACK_TOP - draw_pages(STACK_PLACES);
	places->stack_gap = layout_draw(LAYOUT_PROGRAM, STACK_GAPS) * STACK_GRAIN;
	as->mmap_top = places->stack_top - ASPACE_STACK_SIZE - MMAP_GAP - draw_pages(MMAP_PLACES);
	places->vdso = as->mmap_top + draw_pages(VDSO_PLACES);
	places->pie_base = ASPACE_PIE_BASE + draw_pages(PIE_PLACES);
	places->brk_gap = draw_pages(BRK_PLACES);
}

/* Different addresses: two draws that come to the same sum count once. */
void aspace_place_count(struct aspace_place_counts *counts)
{
	*counts = (struct aspace_place_counts){ 1, 1, 1, 1, 1 };
	if (!IS_ENABLED(CONFIG_LAYOUT_PROGRAM))
		return;
	counts->stack = (STACK_PLACES - 1) * PAGE_SIZE / STACK_GRAIN + STACK_GAPS;
	counts->mmap = STACK_PLACES + MMAP_PLACES - 1;
	counts->vdso = STACK_PLACES + MMAP_PLACES + VDSO_PLACES - 2;
	counts->pie = PIE_PLACES;
	counts->brk = BRK_PLACES;
}
