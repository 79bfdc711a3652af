/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked of a scripted disk: see block_side.h.
 */
#include "block_side.h"

#include <kernel/errno.h>
#include <kernel/harness.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>

#define BUFFER_ORDER 3	/* 32 KiB */
#define BUFFER_SIZE (PAGE_SIZE << BUFFER_ORDER)
#define BUFFER_SECTORS (BUFFER_SIZE / BLOCK_SECTOR)

static struct side_request {
	struct block_request request;
	bool busy;
} *requests;
static uint8_t *buffer;

enum {
	SIDE_BEGIN,
	SIDE_READ,
	SIDE_WRITE,
	SIDE_FLUSH,
	SIDE_DISCARD,
	SIDE_ZEROES,
	SIDE_CACHE_READ,
	SIDE_CACHE_WRITE,
	SIDE_SYNC,
	SIDE_THROUGH,
	SIDE_KINDS
};

int block_side_setup(void)
{
	struct page *pages = page_alloc_zeroed(BUFFER_ORDER), *more = page_alloc_zeroed(2);

	if (!pages || !more)
		return -ENOMEM;
	_Static_assert(sizeof(*requests) * SIDE_REQUESTS <= PAGE_SIZE << 2, "they fit");
	buffer = page_virt(pages);
	requests = page_virt(more);
	return 0;
}

struct wanted {
	const char *prefix;
	struct block_device *found;
};

static int look(struct block_device *dev, void *context)
{
	struct wanted *wanted = context;

	if (!strncmp(dev->name, wanted->prefix, strlen(wanted->prefix)))
		wanted->found = dev;
	return 0;
}

bool block_side_begin(struct block_side *side, const char *prefix, struct script *script)
{
	struct wanted wanted = { prefix, NULL };

	block_foreach(look, &wanted);
	*side = (struct block_side){ .dev = wanted.found, .script = script };
	return side->dev;
}

/* ---- requests that are not waited for ---- */

static void ended(struct block_request *request, int err)
{
	struct side_request *r = container_of(request, struct side_request, request);
	struct block_side *side = request->context;

	if (!r->busy)
		panic("a request ended twice");
	if (err > 0 || err < -4095)
		panic("a request ended with %d", err);
	r->busy = false;
	side->ended++;
}

/* Of the disk's first sectors, and its last. */
static uint64_t some_sector(struct block_side *side)
{
	uint64_t sector = script_take(side->script, 1);
	uint64_t last = side->dev->sectors ? side->dev->sectors - 1 : 0;

	return sector & 128 ? last - min(last, sector & 127) : sector;
}

static void begin(struct block_side *side)
{
	struct side_request *r = &requests[script_take(side->script, 1) % SIDE_REQUESTS];
	uint64_t sector = some_sector(side);
	unsigned op = (unsigned)script_take(side->script, 1);
	unsigned step = side->dev->block_size / BLOCK_SECTOR;
	unsigned spans = side->dev->whole_pages ? 1 : 1 + op / 8 % min(side->dev->max_spans, 4u);
	unsigned each = min((1 + op / 32) * step, (unsigned)(PAGE_SIZE / BLOCK_SECTOR)); /* sectors */
	uint64_t sectors = (uint64_t)spans * each;
	struct block_request *request = &r->request;

	op %= 5;
	sector -= sector % step;
	if (r->busy || sector > side->dev->sectors || sectors > side->dev->sectors - sector)
		return;
	if ((op == BLOCK_WRITE && side->dev->read_only) || (op == BLOCK_FLUSH && !side->dev->can_flush) ||
	    (op == BLOCK_DISCARD && !side->dev->can_discard) ||
	    (op == BLOCK_WRITE_ZEROES && !side->dev->can_write_zeroes))
		return;
	*request = (struct block_request){ .op = op, .sector = sector, .done = ended, .context = side };
	if (op == BLOCK_READ || op == BLOCK_WRITE) {
		request->span_count = spans;
		for (unsigned i = 0; i < spans; i++)
			request->spans[i] = (struct block_span){ buffer + i * PAGE_SIZE, each * BLOCK_SECTOR };
	}
	request->sectors = op == BLOCK_FLUSH ? 0 : sectors;
	r->busy = true;
	side->begun++;
	if (!side->dev->ops->submit(side->dev, request))
		return;
	r->busy = false;
	side->begun--;
}

/* ---- such that are ---- */

static void wait_for(struct block_side *side, unsigned kind)
{
	struct block_device *dev = side->dev;
	uint64_t sector = some_sector(side);
	size_t len = (1 + (size_t)script_take(side->script, 1) % BUFFER_SECTORS) * BLOCK_SECTOR;
	size_t offset = (size_t)script_take(side->script, 1);
	ssize_t result = 0;

	switch (kind) {
	case SIDE_READ: result = block_read(dev, sector, buffer, len); break;
	case SIDE_WRITE: result = block_write(dev, sector, buffer, len); break;
	case SIDE_FLUSH: result = block_flush(dev); break;
	case SIDE_DISCARD: result = block_discard(dev, sector, len); break;
	case SIDE_ZEROES: result = block_write_zeroes(dev, sector, len); break;
	case SIDE_CACHE_READ:
		result = block_cache_read(dev, sector * BLOCK_SECTOR + offset, buffer, len / 4 + offset);
		break;
	case SIDE_CACHE_WRITE:
		result = block_cache_write(dev, sector * BLOCK_SECTOR + offset, buffer, len / 4 + offset);
		break;
	case SIDE_SYNC: result = block_cache_sync(dev); break;
	default: result = block_cache_write_through(dev, sector * BLOCK_SECTOR, buffer, len); break;
	}
	harness_result(2 + side->results++, (uint64_t)result);
}

void block_side_step(struct block_side *side)
{
	unsigned kind = (unsigned)script_take(side->script, 1) % SIDE_KINDS;

	if (kind == SIDE_BEGIN)
		begin(side);
	else if (side->waits++ < SIDE_WAITS)
		wait_for(side, kind);
}

void block_side_end(struct block_side *side)
{
	if (side->begun != side->ended)
		panic("%u requests began, %u ended", side->begun, side->ended);
	harness_result(2 + side->results, side->ended);
}
