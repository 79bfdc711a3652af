/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel heap's public functions. Blocks up to SLAB_BLOCK_MAX bytes come from slabs, larger ones are runs of
 * pages; in marked images an object lies inside its block and passes through a quarantine when freed
 * (heap_internal.h).
 */
#include <instrumentation/trace/trace.h>
#include <kernel/crash.h>
#include <kernel/string.h>
#include <kernel/metrics.h>
#include "heap_internal.h"

HEAP_CODE_BEGIN

void heap_bad_free(const void *address, bool known_free)
{
	if (known_free)
		crash_raise(CRASH_DOUBLE_FREE, NULL, (uintptr_t)address, "heap object %p is free already", address);
	crash_raise(CRASH_INVALID_FREE, NULL, (uintptr_t)address, "%p is not a heap object", address);
}

/*
 * What kind of block starts at this address, by the owner of its page; a crash when it is the heap's at no account.
 */
static bool block_is_slab(const void *block)
{
	const struct page *page = page_from_virt(block);

	if (page && page->state == PAGE_USED && page->owner == heap_slab_owner)
		return true;
	if (page && page->state == PAGE_USED && page->owner == heap_large_owner && is_aligned(block, PAGE_SIZE))
		return false;
	/* A page that the heap gave back: most likely its last object was freed before. */
	heap_bad_free(block, page && page->state == PAGE_FREE);
}

size_t heap_block_size(const void *block)
{
	return block_is_slab(block) ? slab_block_size(block) : large_block_size(block);
}

void heap_release(void *block)
{
	if (block_is_slab(block))
		slab_free(block);
	else
		large_free(block);
}

static void *block_alloc(size_t size)
{
	return likely(size <= SLAB_BLOCK_MAX) ? slab_alloc(size) : large_alloc(size);
}

/* Apart, so that there is little of what each caller of heap_alloc() may get a copy of. */
static NOINLINE void *block_alloc_again(size_t size)
{
	heap_drain();
	return block_alloc(size);
}

static void *alloc(size_t size)
{
	size_t needed = size + HEAP_OVERHEAD;
	void *block;

	if (unlikely(needed < size || size > PAGE_SIZE << PAGE_ORDER_MAX))
		return NULL;
	block = block_alloc(needed);
	if (unlikely(!block))
		block = block_alloc_again(needed);
	if (!block)
		return NULL;
	if (!HEAP_MARKED)
		return block;
	return mark_live(block, needed <= SLAB_BLOCK_MAX ? slab_round_up(needed) : align_up(needed, PAGE_SIZE), size);
}

static void *alloc_traced(size_t size)
{
	void *object = alloc(size);

	TRACE(heap_alloc, object, size);
	return object;
}

/*
 * What is cleared when it is freed, or comes from cleared pages, is not cleared once more: what somebody has written to
 * it in between, by a stale pointer or beyond a neighbour, stays. heap_zalloc() clears, as without these options.
 */
#define CLEARED_WHEN_FREED (IS_ENABLED(CONFIG_INIT_ON_FREE) && !HEAP_MARKED)

void *heap_alloc(size_t size)
{
	return IS_ENABLED(CONFIG_INIT_ON_ALLOC) && !CLEARED_WHEN_FREED ? heap_zalloc(size) : alloc_traced(size);
}

void heap_free(void *object)
{
	void *block;

	if (!object)
		return;
	TRACE(heap_free, object);
	block = mark_block(object);
	if (HEAP_MARKED) {
		size_t size = heap_block_size(block);

		mark_freed(block, size);
		if (quarantine_add(block, size))
			return;
	}
	heap_release(block);
}

/* With INIT_ON_ALLOC pages come as zeros, and objects of whole pages with them. */
static bool comes_as_zeros(size_t size)
{
	return IS_ENABLED(CONFIG_INIT_ON_ALLOC) && !HEAP_MARKED && size > SLAB_BLOCK_MAX;
}

void *heap_zalloc(size_t size)
{
	void *object = alloc_traced(size);

	if (object && !comes_as_zeros(size))
		memset(object, 0, size);
	return object;
}

void *heap_array(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? NULL : heap_zalloc(bytes);
}

/* How much of an object may be read: as asked for where that is known, else its whole block. */
static size_t object_size(void *object)
{
	void *block = mark_block(object);
	size_t size = heap_block_size(block);

	return HEAP_MARKED ? ((struct heap_mark *)block)->size : size;
}

void *heap_resize(void *object, size_t size)
{
	size_t old_size = object ? object_size(object) : 0;
	void *moved;

	/* A marked object always moves, so that a stale pointer to it is found. */
	if (!HEAP_MARKED && object && size <= old_size && size > old_size / 2)
		return object;
	moved = heap_alloc(size);
	if (!moved || !object)
		return moved;
	memcpy(moved, object, min(size, old_size));
	heap_free(object);
	return moved;
}

char *heap_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = heap_alloc(size);

	return copy ? memcpy(copy, s, size) : NULL;
}

void heap_stats(struct heap_stats *stats)
{
	struct heap_stats held = { 0 };

	*stats = (struct heap_stats){ 0 };
	slab_stats(stats);
	large_stats(stats);
	quarantine_stats(&held);
	stats->live_objects -= held.live_objects;
	stats->live_bytes -= held.live_bytes;
}

static void check_live(const void *block)
{
	const struct heap_mark *mark = block;

	/* One in the quarantine is still allocated as a block; quarantine_check() sees to it. */
	if (!mark_is_freed(mark))
		mark_check_live(block, heap_block_size(block));
}

void heap_check_all(void)
{
	if (!HEAP_CHECKED)
		return;
	slab_check_recent(check_live);
	quarantine_check();
}

void heap_drain(void)
{
	heap_check_all();
	if (HEAP_MARKED)
		quarantine_drain();
	slab_drain();
}

size_t heap_places(size_t size)
{
	return slab_places(size + HEAP_OVERHEAD);
}

HEAP_CODE_END

static void collect_heap(struct metric_sink *sink, unsigned bytes)
{
	struct heap_stats stats;

	heap_stats(&stats);
	metric_sample(sink, NULL, bytes ? stats.live_bytes : stats.live_objects);
}
METRIC_GAUGES_CALL(heap_objects, "Objects in the heap", NULL, collect_heap, 0);
METRIC_GAUGES_CALL(heap_bytes, "What they take, rounded up", NULL, collect_heap, 1);
