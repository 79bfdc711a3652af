/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tracker of booted images: the dirty bits of the page tables. The list holds every writable mapping that a live frame
 * has at the snapshot; a reset looks at each one's entry, which costs a load. The reset itself reads and writes through
 * the alias, so it never sets a bit that it would see next time.
 *
 * Seeing a page's next write needs its cached translation dropped, and then the CPU has to set the bit again: under an
 * emulator each of the two costs more than a copy of the page. So a page that two inputs on end have written is *hot*:
 * it is told as changed without being looked at, until every so often all hot pages have to show it again.
 *
 * Pages of tables are put back here, entry by entry, so that only what changed is dropped from the TLB; without that,
 * each input that mapped something would leave the next one an empty TLB.
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

#define AT_ONCE 32		/* mappings looked at by one branch */
#define FEW 4			/* the same where one of them was written */
#define HOT_FIRST 4
#define HOT_MAX 256
#define TABLES_MAX(frames) ((frames) / 256 + 64)

const bool tracker_crash_is_final = false;
const bool tracker_runner_restores = true;

struct tracked {
	struct arch_mapping mapping;
	struct snapshot_page *page;
	bool hot;
	unsigned look_at;		/* hot: number of the reset at which it stops being so */
	unsigned span;			/* how long it was hot the last time, resets */
};

/* Mappings whose entries follow each other. */
struct run {
	const uint64_t *entries;
	struct tracked *first;
	size_t count;
};

/* Exempt memory; the pointers never change after the snapshot. */
static uint8_t *frames;			/* FRAME_* of each frame */
static size_t frame_limit;
static struct tracked *tracked;
static size_t tracked_count, tracked_max;
static struct known_table {
	struct arch_table table;
	struct snapshot_page *page;
} *known_tables;
static size_t known_table_count;
static struct known_table **deferred;	/* tables to restore at the end of a reset */
static struct run *runs;
static size_t run_count;
static struct tracked **hot;
static struct counts {
	unsigned resets;
	size_t hot;
} *counts;
static struct remapped {
	size_t count;
	size_t frame[256];
} *remapped;

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

static void note_table(const struct arch_table *table, void *context UNUSED)
{
	frames[table->phys >> PAGE_SHIFT] |= FRAME_TABLE;
	assert(known_table_count < TABLES_MAX(frame_limit));
	known_tables[known_table_count++].table = *table;
}

int tracker_prepare(size_t limit)
{
	int err;

	frame_limit = limit;
	frames = snapshot_alloc_exempt(limit);
	remapped = snapshot_alloc_exempt(sizeof(*remapped));
	known_tables = snapshot_alloc_exempt(TABLES_MAX(limit) * sizeof(*known_tables));
	deferred = snapshot_alloc_exempt(TABLES_MAX(limit) * sizeof(*deferred));
	counts = snapshot_alloc_exempt(sizeof(*counts));
	if (!frames || !remapped || !known_tables || !deferred || !counts)
		return -ENOMEM;
	memset(frames, 0, limit);
	remapped->count = 0;
	*counts = (struct counts){ 0 };
	err = arch_alias_init(alloc_table);
	if (err)
		return err;
	arch_mapping_settle(aspace_tables());
	arch_mapping_foreach(aspace_tables(), note_mapping, note_table, NULL);
	tracked = snapshot_alloc_exempt(tracked_max * sizeof(*tracked));
	hot = snapshot_alloc_exempt(tracked_max * sizeof(*hot));
	runs = snapshot_alloc_exempt(tracked_max * sizeof(*runs));
	return tracked && hot && runs ? 0 : -ENOMEM;
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

bool tracker_restores(size_t frame)
{
	return frames[frame] & FRAME_TABLE;
}

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
	tracked[tracked_count] = (struct tracked){ .mapping = *mapping, .page = page };
	tracked_count++;
}

/* Mappings come in the order of their addresses, so neighbours in a table follow each other. */
static void make_runs(void)
{
	for (size_t i = 0; i < tracked_count; i++) {
		struct run *last = run_count ? &runs[run_count - 1] : NULL;

		if (last && last->entries + last->count == tracked[i].mapping.entry)
			last->count++;
		else
			runs[run_count++] = (struct run){ tracked[i].mapping.entry, &tracked[i], 1 };
	}
}

void tracker_start(struct snapshot_page *pages, size_t count)
{
	struct page_list list = { pages, count };

	arch_mapping_foreach(aspace_tables(), track_mapping, NULL, &list);
	for (size_t i = 0; i < known_table_count; i++)
		known_tables[i].page = find_page(&list, known_tables[i].table.phys >> PAGE_SHIFT);
	make_runs();
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

static void tell_remapped(void (*changed)(struct snapshot_page *page), const struct page_list *list)
{
	for (size_t i = 0; i < remapped->count; i++) {
		struct snapshot_page *page = find_page(list, remapped->frame[i]);

		frames[remapped->frame[i]] &= (uint8_t)~FRAME_REMAPPED;
		if (page)
			changed(page);
	}
	remapped->count = 0;
}

static struct known_table *find_table(const struct snapshot_page *page)
{
	for (size_t i = 0; i < known_table_count; i++) {
		if (known_tables[i].page == page)
			return &known_tables[i];
	}
	panic("frame %zu holds no tables", page->frame);
}

typedef void changed_fn_t(struct snapshot_page *page);

/* A table goes last, as it holds dirty bits still to be looked at; it is never hot, as it is put back slowly. */
static void note_written(struct tracked *t, changed_fn_t *changed, size_t *table_count)
{
	if (frames[t->mapping.phys >> PAGE_SHIFT] & FRAME_TABLE) {
		arch_mapping_clean(&t->mapping);
		deferred[(*table_count)++] = find_table(t->page);
		return;
	}
	arch_mapping_clear(&t->mapping);
	if (t->hot)
		return;
	/* The sooner it is written again, the longer it is left alone. */
	t->span = counts->resets - t->look_at <= t->span ? min(t->span * 4, HOT_MAX) : HOT_FIRST;
	t->look_at = counts->resets + t->span;
	t->hot = true;
	hot[counts->hot++] = t;
	changed(t->page);
}

static size_t scan_run(const struct run *run, changed_fn_t *changed, size_t table_count)
{
	struct tracked *t = run->first, *end = t + run->count;

	for (const uint64_t *entries = run->entries; t < end; entries += AT_ONCE) {
		struct tracked *next = end - t > AT_ONCE ? t + AT_ONCE : end;

		if (next - t == AT_ONCE && likely(!arch_mapping_any_dirty(entries, AT_ONCE))) {
			t = next;
			continue;
		}
		for (size_t i = 0; t < next; t++, i++) {
			if (next - t >= FEW && likely(!arch_mapping_any_dirty(entries + i, FEW))) {
				t += FEW - 1;
				i += FEW - 1;
			} else if (unlikely(arch_mapping_is_dirty(&t->mapping))) {
				note_written(t, changed, &table_count);
			}
		}
	}
	return table_count;
}

/* Hot pages; every so often they are looked at again from then on: what the next input does not write is not hot. */
static void tell_hot(changed_fn_t *changed)
{
	size_t left = 0;

	for (size_t i = 0; i < counts->hot; i++) {
		struct tracked *t = hot[i];

		changed(t->page);
		if (t->look_at != counts->resets) {
			hot[left++] = t;
			continue;
		}
		arch_mapping_clean(&t->mapping);
		t->hot = false;
	}
	counts->hot = left;
}

void tracker_collect(struct snapshot_page *pages, size_t count, void (*changed)(struct snapshot_page *page))
{
	struct page_list list = { pages, count };
	bool inner_changed = false;
	size_t table_count = 0;

	counts->resets++;
	tell_hot(changed);
	for (size_t i = 0; i < run_count; i++)
		table_count = scan_run(&runs[i], changed, table_count);
	if (unlikely(remapped->count))
		tell_remapped(changed, &list);
	for (size_t i = 0; i < table_count; i++) {
		inner_changed |= arch_table_restore(&deferred[i]->table, deferred[i]->page->pristine);
		changed(deferred[i]->page);
	}
	if (inner_changed)
		arch_mapping_flush();
}
