/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The snapshot, as the kernel proper sees it: a few hooks. Without option FUZZ all of them are empty.
 *
 * One snapshot is taken, on an idle kernel; every reset returns to it. The *live* frames are those that the page
 * allocator does not hold free at that moment, less the exempt ones: they are restored. Frames free then are neither
 * restored nor compared, and are filled with a fixed pattern whenever they are allocated, so that what was in them
 * cannot matter.
 */
#pragma once

#include <kernel/compiler.h>

#if CONFIG_FUZZ

/* Set once the snapshot is taken. Constant during an input. */
extern bool snapshot_active;

/*
 * A mapping of a frame was made or changed after the snapshot, or a new alias of it: its dirty state can't be
 * trusted.
 */
void snapshot_frame_mapped(phys_t frame, bool writable);

/* Leaves [base, base + len), whole pages, out of the snapshot: neither restored nor compared. Before the snapshot. */
void snapshot_exempt(const void *base, size_t len);

/* Called by the page allocator for memory it hands out: gives it the fixed content when an input is running. */
void snapshot_fill(void *base, size_t len);

#else

static inline void snapshot_frame_mapped(phys_t frame UNUSED, bool writable UNUSED)
{
}
static inline void snapshot_exempt(const void *base UNUSED, size_t len UNUSED)
{
}
static inline void snapshot_fill(void *base UNUSED, size_t len UNUSED)
{
}

#endif

#if CONFIG_SNAPSHOT_MARKS

/* The software marks: one byte a frame of machine memory; NULL until the snapshot is taken. */
extern uint8_t *snapshot_marks;
extern uintptr_t snapshot_marks_base;	/* the direct map's start */

/**
 * Says that [ptr, ptr + len) of a *marked area* is about to change. Marked areas are large tables of which an input
 * touches little (page array, page tables): they are registered with snapshot_mark_area() and restored page by page
 * only where marked. Any other memory needs no mark. Any context.
 */
static inline void snapshot_mark(const void *ptr, size_t len)
{
	if (!snapshot_marks)
		return;
	uintptr_t first = ((uintptr_t)ptr - snapshot_marks_base) >> PAGE_SHIFT;
	uintptr_t last = ((uintptr_t)ptr + len - 1 - snapshot_marks_base) >> PAGE_SHIFT;
	for (uintptr_t i = first; i <= last; i++)
		snapshot_marks[i] = 1;
}

/* Registers a marked area: direct-map memory, whole pages are assumed. At most 64 areas; before the snapshot. */
void snapshot_mark_area(const void *base, size_t len);

#else

static inline void snapshot_mark(const void *ptr UNUSED, size_t len UNUSED)
{
}
static inline void snapshot_mark_area(const void *base UNUSED, size_t len UNUSED)
{
}

#endif
