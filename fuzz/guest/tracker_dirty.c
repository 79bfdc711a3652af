/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tracker of booted images: the dirty bits of the page tables. The list holds every writable mapping that a live frame
 * has at the snapshot; a reset looks at each one's entry, which costs a load. The reset itself reads and writes through
 * the alias, so it never sets a bit that it would see next time.
 *
 * A mapping made after the snapshot is not on the list: that of a frame that was free then needs none; a live frame
 * that gets a new writable mapping is told to snapshot_frame_mapped() and restored whatever its bits say.
 */
#include <arch/arch.h>
#include <fuzz/guest/guest_internal.h>
#include <kernel/aspace.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>

#define FRAME_WRITABLE 1u	/* some mapping may write it */
#define FRAME_TABLE 2u		/* holds page tables */
#define FRAME_REMAPPED 4u	/* mapped anew since the snapshot */

const bool tracker_crash_is_final = false;

struct tracked {
	struct arch_mapping mapping;
	struct snapshot_page *page;
};

/* Exempt memory; the pointers never change after the snapshot. */
static uint8_t *frames;			/* FRAME_* of each frame */
static size_t frame_limit;
static struct tracked *tracked;
static size_t tracked_count, tracked_max;
static struct snapshot_page **deferred;	/* table pages to restore at the end of a reset */
static struct remapped {
	size_t count;
	size_t frame[256];
} *remapped;

static const struct arch_pagetable *tables(void)
{
	struct aspace *as = aspace_current();

	return as ? &as->tables : &arch_kernel_pagetable;
}

static void *alloc_table(void)
{
	void *page = snapshot_alloc_exempt(PAGE_SIZE);

	if (page)
		memset(page, 0, PAGE_SIZE);
	return page;
}

static void note_mapping(const struct arch_mapping *mapping, void *context UNUSED)
{
	size_t frame = mapping->phys >> PAGE_SHIFT;

	tracked_max++;
	if (frame < frame_limit && mapping->writable)
		frames[frame] |= FRAME_WRITABLE;
}

static void note_table(phys_t phys, void *context UNUSED)
{
	frames[phys >> PAGE_SHIFT] |= FRAME_TABLE;
}

int tracker_prepare(size_t limit)
{
	int err;

	frame_limit = limit;
	frames = snapshot_alloc_exempt(limit);
	remapped = snapshot_alloc_exempt(sizeof(*remapped));
	deferred = snapshot_alloc_exempt(256 * sizeof(*deferred));
	if (!frames || !remapped || !deferred)
		return -ENOMEM;
	memset(frames, 0, limit);
	remapped->count = 0;
	err = arch_alias_init(alloc_table);
	if (err)
		return err;
	arch_mapping_settle(tables());
	arch_mapping_foreach(tables(), note_mapping, note_table, NULL);
	tracked = snapshot_alloc_exempt(tracked_max * sizeof(*tracked));
	return tracked ? 0 : -ENOMEM;
}

void *tracker_view(phys_t phys)
{
	return arch_alias(phys);
}

bool tracker_frame_can_change(size_t frame)
{
	return frames[frame] & FRAME_WRITABLE;
}

struct page_list {
	struct snapshot_page *pages;
	size_t count;
};

/* The pages are sorted by frame. */
static struct snapshot_page *find_page(const struct page_list *list, size_t frame)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list->pages[middle].frame < frame)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->count && list->pages[low].frame == frame ? &list->pages[low] : NULL;
}

static void track_mapping(const struct arch_mapping *mapping, void *context)
{
	struct snapshot_page *page = mapping->writable ? find_page(context, mapping->phys >> PAGE_SHIFT) : NULL;

	if (!page)
		return;
	assert(tracked_count < tracked_max);
	tracked[tracked_count].mapping = *mapping;
	tracked[tracked_count].page = page;
	tracked_count++;
}

void tracker_start(struct snapshot_page *pages, size_t count)
{
	struct page_list list = { pages, count };

	arch_mapping_foreach(tables(), track_mapping, NULL, &list);
	for (size_t i = 0; i < tracked_count; i++)
		arch_mapping_clean(&tracked[i].mapping);
	arch_mapping_flush();
}

void snapshot_frame_mapped(phys_t phys, bool writable)
{
	size_t frame = phys >> PAGE_SHIFT;

	if (!snapshot_active || !writable || frame >= frame_limit || !snapshot_frame_is_live(frame))
		return;
	if (frames[frame] & FRAME_REMAPPED)
		return;
	assert(remapped->count < array_size(remapped->frame));
	frames[frame] |= FRAME_REMAPPED;
	remapped->frame[remapped->count++] = frame;
}

static void restore_remapped(void (*restore)(struct snapshot_page *page), struct page_list *list)
{
	for (size_t i = 0; i < remapped->count; i++) {
		struct snapshot_page *page = find_page(list, remapped->frame[i]);

		frames[remapped->frame[i]] &= (uint8_t)~FRAME_REMAPPED;
		if (page)
			restore(page);
	}
	remapped->count = 0;
}

void tracker_collect(struct snapshot_page *pages, size_t count, void (*restore)(struct snapshot_page *page))
{
	struct page_list list = { pages, count };
	size_t table_count = 0;

	for (size_t i = 0; i < tracked_count; i++) {
		struct tracked *t = &tracked[i];

		if (likely(!arch_mapping_is_dirty(&t->mapping)))
			continue;
		arch_mapping_clean(&t->mapping);
		/* A table page goes last: it holds dirty bits that are still to be looked at. */
		if (frames[t->mapping.phys >> PAGE_SHIFT] & FRAME_TABLE)
			deferred[table_count++] = t->page;
		else
			restore(t->page);
	}
	if (unlikely(remapped->count))
		restore_remapped(restore, &list);
	for (size_t i = 0; i < table_count; i++)
		restore(deferred[i]);
	if (table_count)
		arch_mapping_flush();
}
