/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xen's block device: public/io/blkif.h. One ring. The backend reaches pages of the device only, up to eleven a slot,
 * shared when a request first needs them and then for as long as the device lives (feature-persistent): sectors are
 * copied, so a backend that holds on to a page, or goes on writing into it, changes nothing that was read or is kept.
 * The first slot has all of its pages from the start: whatever else there is no memory for, one request goes through.
 */
#include "xen_ring.h"

#include <kernel/block.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/xen.h>

#define SLOTS 16
#define SEGMENTS 11
#define RING 32

enum { OP_READ = 0, OP_WRITE = 1, OP_FLUSH = 3, OP_DISCARD = 5 };
enum { STATUS_OK = 0, STATUS_UNSUPPORTED = -2 };

#define INFO_READ_ONLY 4u

struct blkif_segment {
	uint32_t gref;
	uint8_t first_sect, last_sect;
};

/* As a guest of 64 bits has it. */
struct blkif_request {
	uint8_t operation, nr_segments;	/* of a discard: nr_segments is flags */
	uint16_t handle;
	uint64_t id, sector_number;
	union {
		struct blkif_segment seg[SEGMENTS];
		uint64_t nr_sectors;	/* of a discard */
	};
};
_Static_assert(sizeof(struct blkif_request) == 112, "as Xen has it");

struct blkif_response {
	uint64_t id;
	uint8_t operation;
	int16_t status;
};

struct slot {
	struct block_request *request;	/* NULL: free */
	unsigned page_count;
	uint8_t *pages[SEGMENTS];	/* the first page_count of them */
	uint32_t refs[SEGMENTS];
};

struct blkfront {
	struct block_device block;
	struct xen_device *xen;
	struct xen_ring ring;
	void *ring_page;
	uint32_t ring_ref;
	uint16_t handle;
	struct slot slots[SLOTS];
	struct spinlock lock;		/* the ring and the slots */
	bool full;			/* somebody found no room; atomic */
};

/* ---- submitting ---- */

/* Moves the bytes of a request's spans from or to the slot's pages, which they fill one after the other. */
static void copy(struct slot *slot, bool to_pages)
{
	const struct block_request *request = slot->request;
	size_t at = 0;

	for (unsigned i = 0; i < request->span_count; i++) {
		uint8_t *data = request->spans[i].base;

		for (size_t done = 0; done < request->spans[i].len;) {
			size_t n = min(request->spans[i].len - done, PAGE_SIZE - at % PAGE_SIZE);
			uint8_t *page = slot->pages[at / PAGE_SIZE] + at % PAGE_SIZE;

			if (to_pages)
				memcpy(page, data + done, n);
			else
				memcpy(data + done, page, n);
			done += n;
			at += n;
		}
	}
}

/* to is memory of ours, as the backend can write into the ring. */
static void build_segments(const struct slot *slot, struct blkif_request *to)
{
	uint64_t left = slot->request->sectors;

	while (left) {
		uint64_t n = min(left, (uint64_t)PAGE_SIZE / BLOCK_SECTOR);

		to->seg[to->nr_segments] = (struct blkif_segment){ slot->refs[to->nr_segments], 0, (uint8_t)(n - 1) };
		to->nr_segments++;
		left -= n;
	}
}

static void build(struct blkfront *blk, unsigned n, struct blkif_request *out)
{
	static const uint8_t operations[] = { OP_READ, OP_WRITE, OP_FLUSH, OP_DISCARD };
	struct slot *slot = &blk->slots[n];
	const struct block_request *request = slot->request;
	struct blkif_request to = {
		.operation = operations[request->op], .handle = blk->handle, .id = n, .sector_number = request->sector
	};

	if (request->op == BLOCK_DISCARD)
		to.nr_sectors = request->sectors;
	else
		build_segments(slot, &to);
	if (request->op == BLOCK_WRITE)
		copy(slot, true);
	*out = to;
}

/* False: without memory or grants. */
static bool share_pages(struct blkfront *blk, struct slot *slot, unsigned count)
{
	while (slot->page_count < count) {
		unsigned n = slot->page_count;

		slot->pages[n] = xen_page_share(blk->xen, false, &slot->refs[n]);
		if (!slot->pages[n])
			return false;
		slot->page_count++;
	}
	return true;
}

static unsigned pages_of(const struct block_request *request)
{
	return request->op == BLOCK_READ || request->op == BLOCK_WRITE
		       ? (unsigned)(align_up(request->sectors * BLOCK_SECTOR, PAGE_SIZE) / PAGE_SIZE)
		       : 0;
}

/* One with the pages that a request needs; SLOTS: none, while others are under way. */
static unsigned free_slot(struct blkfront *blk, const struct block_request *request)
{
	unsigned n = 0;

	while (n < SLOTS && blk->slots[n].request)
		n++;
	return n < SLOTS && share_pages(blk, &blk->slots[n], pages_of(request)) ? n : SLOTS;
}

static int blk_submit(struct block_device *dev, struct block_request *request)
{
	struct blkfront *blk = dev->data;
	unsigned long flags;
	bool notify = false;
	int err = -EAGAIN;
	unsigned n;

	if (request->op == BLOCK_WRITE_ZEROES)
		return -EOPNOTSUPP;
	flags = spin_lock(&blk->lock);
	n = free_slot(blk, request);
	if (atomic_load(&blk->xen->broken)) {
		err = -EIO;
	} else if (n == SLOTS || blk->xen->away) {
		blk->full = true;
	} else {
		blk->slots[n].request = request;
		build(blk, n, xen_ring_request(&blk->ring));
		notify = xen_ring_push(&blk->ring);
		err = 0;
	}
	spin_unlock(&blk->lock, flags);
	if (notify)
		xen_notify(blk->xen);
	return err;
}

/* ---- completions ---- */

/* The request that the next response is for, and how it went; NULL: it is for none. */
static struct block_request *take(struct blkfront *blk, int *err)
{
	const volatile struct blkif_response *response = xen_ring_response(&blk->ring);
	uint64_t id = response->id;
	int16_t status = response->status;
	struct block_request *request = id < SLOTS ? blk->slots[id].request : NULL;

	if (!request) {
		xen_offence(blk->xen, "it has done request %lu, which it does not have", id);
		return NULL;
	}
	if (request->op == BLOCK_READ && status == STATUS_OK)
		copy(&blk->slots[id], false);
	blk->slots[id].request = NULL;
	*err = status == STATUS_OK ? 0 : status == STATUS_UNSUPPORTED ? -EOPNOTSUPP : -EIO;
	return request;
}

/* The next that is finished; NULL: there is none, and an event comes for it. */
static struct block_request *next_done(struct blkfront *blk, int *err)
{
	unsigned long flags = spin_lock(&blk->lock);
	struct block_request *request = NULL;
	uint32_t waiting = xen_ring_waiting(&blk->ring);

	if (!atomic_load(&blk->xen->broken) && !blk->xen->away) {
		if (!waiting && xen_ring_want_event(&blk->ring, 1))
			waiting = xen_ring_waiting(&blk->ring);
		if (xen_ring_lies(&blk->ring, waiting))
			xen_offence(blk->xen, "it has done %u requests of fewer", waiting);
		else if (waiting)
			request = take(blk, err);
	}
	spin_unlock(&blk->lock, flags);
	return request;
}

static void tell_of_room(struct blkfront *blk)
{
	if (atomic_exchange(&blk->full, false))
		block_queue_freed(&blk->block);
}

static void came(void *arg)
{
	struct blkfront *blk = arg;
	struct block_request *request;
	int err;

	while ((request = next_done(blk, &err)))
		request->done(request, err);
	tell_of_room(blk);
}

static void fail_all(struct blkfront *blk)
{
	for (unsigned n = 0; n < SLOTS; n++) {
		unsigned long flags = spin_lock(&blk->lock);
		struct block_request *request = blk->slots[n].request;

		blk->slots[n].request = NULL;
		spin_unlock(&blk->lock, flags);
		if (request)
			request->done(request, -EIO);
	}
}

static void broken(struct xen_device *xen)
{
	struct blkfront *blk = xen->data;

	fail_all(blk);
	tell_of_room(blk);
}

static void blk_give_up(struct block_device *dev)
{
	struct blkfront *blk = dev->data;

	xen_offence(blk->xen, "it does not do what it was asked for");
}

/* ---- coming and going ---- */

static void free_blk(struct blkfront *blk)
{
	xen_events_close(blk->xen);
	xen_page_unshare(blk->xen, blk->ring_page, blk->ring_ref);
	for (unsigned n = 0; n < SLOTS; n++)
		for (unsigned i = 0; i < blk->slots[n].page_count; i++)
			xen_page_unshare(blk->xen, blk->slots[n].pages[i], blk->slots[n].refs[i]);
	heap_free(blk);
}

static int share(struct blkfront *blk)
{
	blk->ring_page = xen_page_share(blk->xen, false, &blk->ring_ref);
	if (!blk->ring_page)
		return -ENOMEM;
	xen_ring_init(&blk->ring, blk->ring_page, RING, sizeof(struct blkif_request));
	return share_pages(blk, &blk->slots[0], SEGMENTS) ? 0 : -ENOMEM;
}

/* What the backend tells once it has seen our half. */
static int read_limits(struct blkfront *blk)
{
	struct xen_device *xen = blk->xen;
	uint64_t block_size = xen_backend_number(xen, "sector-size", BLOCK_SECTOR);

	blk->block.sectors = min(xen_backend_number(xen, "sectors", 0), (uint64_t)INT64_MAX / BLOCK_SECTOR);
	if (!blk->block.sectors)
		return -EINVAL;
	if (block_size < BLOCK_SECTOR || block_size > PAGE_SIZE || (block_size & (block_size - 1)))
		block_size = BLOCK_SECTOR;
	blk->block.block_size = (unsigned)block_size;
	blk->block.read_only = xen_backend_number(xen, "info", 0) & INFO_READ_ONLY;
	blk->block.can_flush = xen_backend_number(xen, "feature-flush-cache", 0);
	blk->block.can_discard = xen_backend_number(xen, "feature-discard", 0);
	blk->block.max_spans = SEGMENTS;
	blk->block.max_sectors = SEGMENTS * PAGE_SIZE / BLOCK_SECTOR;
	return 0;
}

static int connect(struct blkfront *blk)
{
	struct xen_device *xen = blk->xen;
	char path[XENSTORE_PATH], text[24];
	int err = xen_events_open(xen, came, blk);

	if (!err)
		err = xen_front_write(xen, "ring-ref", blk->ring_ref);
	if (!err)
		err = xen_front_write(xen, "feature-persistent", 1);
	format(path, sizeof(path), "%s/protocol", xen->path);
	if (!err)
		err = xenstore_write(xen->store, path, "x86_64-abi");
	if (!err)
		err = xen_set_state(xen, XEN_STATE_INITIALISED);
	if (!err)
		err = xen_backend_wait(xen, XEN_STATE_CONNECTED);
	if (!err)
		err = read_limits(blk);
	if (!err && xen_front_read(xen, "virtual-device", text, sizeof(text)) > 0) {
		uint64_t handle;

		blk->handle = parse_u64(text, 10, &handle) ? 0 : (uint16_t)handle;
	}
	return err ? err : xen_set_state(xen, XEN_STATE_CONNECTED);
}

static int blkfront_probe(struct xen_device *xen)
{
	static const struct block_ops ops = { blk_submit, blk_give_up };
	struct blkfront *blk = heap_zalloc(sizeof(*blk));
	int err;

	if (!blk)
		return -ENOMEM;
	blk->xen = xen;
	xen->data = blk;
	spin_init(&blk->lock);
	blk->block.ops = &ops;
	blk->block.data = blk;
	err = share(blk);
	if (!err)
		err = connect(blk);
	if (!err)
		err = block_add(&blk->block, "xvd");
	if (err)
		free_blk(blk);
	return err;
}

static void blkfront_remove(struct xen_device *xen)
{
	struct blkfront *blk = xen->data;

	fail_all(blk);
	block_remove(&blk->block);
	free_blk(blk);
}

static int share_again(struct blkfront *blk)
{
	int err = xen_page_share_again(blk->xen, blk->ring_page, false, &blk->ring_ref);

	for (unsigned n = 0; n < SLOTS; n++)
		for (unsigned i = 0; i < SEGMENTS && !err; i++)
			err = xen_page_share_again(blk->xen, blk->slots[n].pages[i], false, &blk->slots[n].refs[i]);
	return err;
}

/* What was under way when the machine was copied is asked for again: twice is as good as once. */
static void submit_again(struct blkfront *blk)
{
	unsigned long flags = spin_lock(&blk->lock);
	bool notify;

	for (unsigned n = 0; n < SLOTS; n++)
		if (blk->slots[n].request)
			build(blk, n, xen_ring_request(&blk->ring));
	blk->xen->away = false;
	notify = xen_ring_push(&blk->ring);
	spin_unlock(&blk->lock, flags);
	if (notify)
		xen_notify(blk->xen);
}

static void blkfront_lost(struct xen_device *xen)
{
	struct blkfront *blk = xen->data;

	blk->ring_ref = 0;
	for (unsigned n = 0; n < SLOTS; n++)
		memset(blk->slots[n].refs, 0, sizeof(blk->slots[n].refs));
}

static int blkfront_reconnect(struct xen_device *xen)
{
	struct blkfront *blk = xen->data;
	uint64_t sectors = blk->block.sectors;
	int err;

	memset(blk->ring_page, 0, PAGE_SIZE);
	xen_ring_init(&blk->ring, blk->ring_page, RING, sizeof(struct blkif_request));
	err = share_again(blk);
	if (!err)
		err = connect(blk);
	if (!err && blk->block.sectors != sectors)
		err = -ENODEV;
	if (err)
		return err;
	submit_again(blk);
	tell_of_room(blk);
	return 0;
}

static const struct xen_driver blkfront_driver = {
	.name = "xen-blkfront",
	.type = "vbd",
	.probe = blkfront_probe,
	.remove = blkfront_remove,
	.lost = blkfront_lost,
	.reconnect = blkfront_reconnect,
	.broken = broken,
};
DRIVER(xen, blkfront_driver);
