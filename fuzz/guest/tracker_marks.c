/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tracker of the host image, where no hardware tells what was written at a price that 100,000 resets a second could
 * pay. It needs none: what is live at the snapshot is little, so nearly all of it is simply written back each time,
 * wild writes included. Only large tables of which an input touches little (marked areas) are restored where their
 * owner said so.
 *
 * With AddressSanitizer the shadow of a page belongs to it and is restored with it.
 */
#include <fuzz/guest/guest_internal.h>
#include <instrumentation/coverage/coverage.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/sanitize.h>
#include <kernel/string.h>

#define AREAS_MAX 64
#define SHADOW_BYTES (PAGE_SIZE / 8)

/* A sanitizer does not survive its own report, and a signal handler is no place to go on from. */
const bool tracker_crash_is_final = true;
const bool tracker_runner_restores = false;

bool tracker_restores(size_t frame UNUSED)
{
	return false;
}

uint8_t *snapshot_marks;
uintptr_t snapshot_marks_base;

/* Before the snapshot only. */
static struct {
	uintptr_t first, count;		/* frames */
} areas[AREAS_MAX];
static size_t area_count;

/* Exempt memory; the pointers never change after the snapshot. */
static uint8_t *marks;
static struct snapshot_page **always, **marked;
static size_t always_count, marked_count;
static uint8_t *shadow_copies;		/* SHADOW_BYTES for each page; NULL without ASan */

void snapshot_mark_area(const void *base, size_t len)
{
	uintptr_t first = arch_virt_to_phys(base) >> PAGE_SHIFT, count = align_up(len, PAGE_SIZE) >> PAGE_SHIFT;

	if (area_count && areas[area_count - 1].first + areas[area_count - 1].count == first) {
		areas[area_count - 1].count += count;
		return;
	}
	assert(area_count < AREAS_MAX);
	areas[area_count].first = first;
	areas[area_count].count = count;
	area_count++;
}

/* Without hardware tracking every live frame is restored or marked, whatever maps it. */
void snapshot_frame_mapped(phys_t phys UNUSED, bool writable UNUSED)
{
}

int tracker_prepare(size_t limit)
{
	marks = snapshot_alloc_exempt(limit);
	always = snapshot_alloc_exempt(limit * sizeof(*always) / 4);
	marked = snapshot_alloc_exempt(limit * sizeof(*marked) / 4);
	if (!marks || !always || !marked)
		return -ENOMEM;
	memset(marks, 0, limit);
	if (IS_ENABLED(CONFIG_ASAN)) {
		shadow_copies = snapshot_alloc_exempt(limit / 4 * SHADOW_BYTES);
		if (!shadow_copies)
			return -ENOMEM;
	}
	return 0;
}

void *tracker_view(phys_t phys)
{
	return arch_phys_to_virt(phys);
}

/* All but the table of coverage PCs, which is large and constant. */
bool tracker_frame_can_change(size_t frame)
{
	size_t first = arch_virt_to_phys(coverage_pcs()) >> PAGE_SHIFT;
	size_t pages = coverage_counter_count() * 2 * sizeof(uint64_t) >> PAGE_SHIFT;

	return frame - first >= pages;
}

static bool in_marked_area(size_t frame)
{
	for (size_t i = 0; i < area_count; i++) {
		if (frame - areas[i].first < areas[i].count)
			return true;
	}
	return false;
}

void tracker_start(struct snapshot_page *pages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (in_marked_area(pages[i].frame))
			marked[marked_count++] = &pages[i];
		else
			always[always_count++] = &pages[i];
		if (shadow_copies)
			sanitize_shadow_copy(shadow_copies + i * SHADOW_BYTES, sanitize_shadow_of(pages[i].page),
					     SHADOW_BYTES);
	}
	snapshot_marks_base = (uintptr_t)arch_phys_to_virt(0);
	snapshot_marks = marks;
}

static void restore_shadow(struct snapshot_page *pages, struct snapshot_page *page)
{
	if (shadow_copies)
		sanitize_shadow_copy(sanitize_shadow_of(page->page),
				     shadow_copies + (size_t)(page - pages) * SHADOW_BYTES, SHADOW_BYTES);
}

void tracker_collect(struct snapshot_page *pages, size_t count UNUSED, void (*changed)(struct snapshot_page *page))
{
	for (size_t i = 0; i < marked_count; i++) {
		size_t frame = marked[i]->frame;

		if (likely(!marks[frame]))
			continue;
		marks[frame] = 0;
		changed(marked[i]);
		restore_shadow(pages, marked[i]);
	}
	for (size_t i = 0; i < always_count; i++) {
		changed(always[i]);
		restore_shadow(pages, always[i]);
	}
}
