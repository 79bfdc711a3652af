/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages of Linux' ring buffer: a time, the number of bytes that follow with two flags, and events with what has passed
 * since the one before. See dat.h.
 */
#include <string.h>

#include "dat.h"

#define HEAD 16u
#define MISSED (UINT64_C(1) << 31)		/* events are missing before this page ... */
#define MISSED_STORED (UINT64_C(1) << 30)	/* ... and how many comes after its data */
#define ROOM (DAT_PAGE - HEAD - 8)		/* that number has room on any page */
#define DELTA_BITS 27
#define DELTA_MAX ((UINT64_C(1) << DELTA_BITS) - 1)
#define EXTEND_MAX (UINT64_C(1) << 58)
#define TYPE_EXTEND 30u
#define SHORT_MAX (28u * 4)			/* bytes whose number fits into the type */

void dat_page_init(struct dat_page *page, FILE *out)
{
	*page = (struct dat_page){ .out = out };
}

static void put(struct dat_page *page, const void *data, size_t size)
{
	memcpy(page->data + HEAD + page->size, data, size);
	page->size += size;
}

static void put_word(struct dat_page *page, uint32_t word)
{
	put(page, &word, sizeof(word));
}

static void put_head(struct dat_page *page, uint32_t type, uint64_t delta)
{
	put_word(page, type | (uint32_t)delta << 5);
}

void dat_page_flush(struct dat_page *page)
{
	uint64_t commit = page->size;

	if (!page->size)
		return;
	if (page->lost) {
		commit |= MISSED | MISSED_STORED;
		memcpy(page->data + HEAD + page->size, &page->lost, sizeof(page->lost));
	}
	memcpy(page->data + 8, &commit, sizeof(commit));
	fwrite(page->data, 1, sizeof(page->data), page->out);
	memset(page->data, 0, sizeof(page->data));
	page->size = 0;
	page->lost = 0;
	page->count++;
}

void dat_page_add(struct dat_page *page, uint64_t time_ns, uint64_t lost, const void *record, size_t size)
{
	uint64_t delta = time_ns - page->last_ns;

	/* At most: a step in time, the event's head and its size. */
	if (lost || page->size + 8 + 8 + size > ROOM || delta > EXTEND_MAX)
		dat_page_flush(page);
	if (!page->size) {
		memcpy(page->data, &time_ns, sizeof(time_ns));
		page->lost = lost;
		delta = 0;
	}
	if (delta > DELTA_MAX) {
		put_head(page, TYPE_EXTEND, delta & DELTA_MAX);
		put_word(page, (uint32_t)(delta >> DELTA_BITS));
		delta = 0;
	}
	put_head(page, size <= SHORT_MAX ? (uint32_t)size / 4 : 0, delta);
	if (size > SHORT_MAX)
		put_word(page, (uint32_t)size + 4);
	put(page, record, size);
	page->last_ns = time_ns;
}
