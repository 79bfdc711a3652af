/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heap blocks of whole pages: a run of adjacent frames; the first one's struct page says how many (flags) and whose
 * (owner).
 */
#include <kernel/atomic.h>
#include <kernel/metrics.h>
#include <kernel/snapshot.h>
#include "heap_internal.h"

HEAP_CODE_BEGIN

const char heap_large_owner[] = "heap block";
static size_t blocks, frames;
METRIC_GAUGE(heap_large_blocks, "Blocks of the heap that are whole pages", &blocks);
METRIC_GAUGE(heap_large_pages, "Pages that those have", &frames);

void *large_alloc(size_t size)
{
	size_t count = size / PAGE_SIZE + !is_aligned(size, PAGE_SIZE);
	struct page *page = count <= (size_t)1 << PAGE_ORDER_MAX ? page_run_alloc(count) : NULL;

	if (!page)
		return NULL;
	page->owner = (void *)(uintptr_t)heap_large_owner;
	page->flags = (uint16_t)count;
	atomic_fetch_add(&blocks, 1);
	atomic_fetch_add(&frames, count);
	return page_virt(page);
}

void large_free(void *block)
{
	struct page *page = page_from_virt(block);
	size_t count = page->flags;

	atomic_fetch_sub(&blocks, 1);
	atomic_fetch_sub(&frames, count);
	page_run_free(page, count);
}

size_t large_block_size(const void *block)
{
	return page_from_virt(block)->flags * PAGE_SIZE;
}

void large_stats(struct heap_stats *stats)
{
	stats->live_objects += blocks;
	stats->live_bytes += frames * PAGE_SIZE;
	stats->pages += frames;
}

HEAP_CODE_END
