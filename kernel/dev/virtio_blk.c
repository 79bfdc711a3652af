/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio block device: VIRTIO 1.2, section 5.2. One queue.
 */
#include <kernel/atomic.h>
#include <kernel/block.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/spinlock.h>
#include <kernel/virtio.h>

#define F_SEG_MAX 2
#define F_RO 5
#define F_BLK_SIZE 6
#define F_FLUSH 9
#define F_DISCARD 13
#define F_WRITE_ZEROES 14

#define AT_CAPACITY 0
#define AT_SEG_MAX 12
#define AT_BLK_SIZE 20
#define AT_MAX_DISCARD 36
#define AT_MAX_WRITE_ZEROES 48

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_DISCARD = 11, TYPE_WRITE_ZEROES = 13 };
enum { STATUS_OK = 0, STATUS_ERROR = 1, STATUS_UNSUPPORTED = 2, STATUS_NONE = 0xff };

#define QUEUE_SIZE 128
#define REQUEST_MIN 4 /* descriptors */

/* In the request's own memory: what the device reads first, and writes last. */
struct blk_extra {
	uint32_t type, reserved;
	uint64_t sector;
	struct {
		uint64_t sector;
		uint32_t count, flags;
	} discard;
	uint8_t status;
};
_Static_assert(sizeof(struct blk_extra) <= sizeof(((struct block_request *)0)->driver), "it fits in a request");

struct virtio_blk {
	struct block_device block;
	struct virtio_device *virtio;
	struct virtqueue *queue;
	struct spinlock lock;	/* guards the queue */
	bool full;		/* somebody found no room; atomic */
};

static struct blk_extra *extra_of(struct block_request *request)
{
	return (struct blk_extra *)request->driver;
}

static int error_of(uint8_t status)
{
	return status == STATUS_OK ? 0 : status == STATUS_UNSUPPORTED ? -EOPNOTSUPP : -EIO;
}

/* ---- submitting ---- */

/* The request as the device wants it. @return how many spans it reads; *in: how many it writes */
static unsigned build(struct block_request *request, struct virtq_span *spans, unsigned *in)
{
	static const uint32_t types[] = { TYPE_IN, TYPE_OUT, TYPE_FLUSH, TYPE_DISCARD, TYPE_WRITE_ZEROES };
	struct blk_extra *extra = extra_of(request);
	unsigned n = 0;

	*extra = (struct blk_extra){ .type = types[request->op], .status = STATUS_NONE };
	if (request->op == BLOCK_READ || request->op == BLOCK_WRITE)
		extra->sector = request->sector;
	spans[n++] = (struct virtq_span){ extra, offsetof(struct blk_extra, discard) };
	if (request->op == BLOCK_DISCARD || request->op == BLOCK_WRITE_ZEROES) {
		extra->discard.sector = request->sector;
		extra->discard.count = (uint32_t)request->sectors;
		spans[n++] = (struct virtq_span){ &extra->discard, sizeof(extra->discard) };
	}
	for (unsigned i = 0; i < request->span_count; i++)
		spans[n++] = (struct virtq_span){ request->spans[i].base, request->spans[i].len };
	spans[n++] = (struct virtq_span){ &extra->status, sizeof(extra->status) };
	*in = 1 + (request->op == BLOCK_READ ? request->span_count : 0);
	return n - *in;
}

static int blk_submit(struct block_device *dev, struct block_request *request)
{
	struct virtio_blk *blk = dev->data;
	struct virtq_span spans[BLOCK_SPANS_MAX + 3];
	unsigned in, out = build(request, spans, &in);
	unsigned long flags = spin_lock(&blk->lock);
	int err = virtqueue_add(blk->queue, spans, out, in, request);

	if (!err)
		virtqueue_kick(blk->queue);
	else if (err == -ENOSPC)
		blk->full = true;
	spin_unlock(&blk->lock, flags);
	return err == -ENOSPC ? -EAGAIN : err;
}

/* ---- completions ---- */

/* The next that is finished, and how; NULL. A device that says nothing of how it went has failed. */
static struct block_request *take(struct virtio_blk *blk, int *err)
{
	unsigned long flags = spin_lock(&blk->lock);
	struct block_request *request;
	uint32_t written;

	request = virtqueue_take(blk->queue, &written);
	if (!request) {
		virtqueue_enable_callback(blk->queue);
		request = virtqueue_take(blk->queue, &written);
	}
	spin_unlock(&blk->lock, flags);
	if (request)
		*err = error_of(__atomic_load_n(&extra_of(request)->status, __ATOMIC_RELAXED));
	return request;
}

static void fail_all(struct virtio_blk *blk)
{
	struct block_request *request;

	do {
		unsigned long flags = spin_lock(&blk->lock);

		request = virtqueue_reclaim(blk->queue);
		spin_unlock(&blk->lock, flags);
		if (request)
			request->done(request, -EIO);
	} while (request);
}

static void tell_of_room(struct virtio_blk *blk)
{
	if (atomic_exchange(&blk->full, false))
		block_queue_freed(&blk->block);
}

static void blk_used(struct virtqueue *queue)
{
	struct virtio_blk *blk = virtqueue_device(queue)->data;
	struct block_request *request;
	int err;

	while ((request = take(blk, &err)))
		request->done(request, err);
	tell_of_room(blk);
}

static void virtio_blk_broken(struct virtio_device *virtio)
{
	struct virtio_blk *blk = virtio->data;

	fail_all(blk);
	tell_of_room(blk);
}

static void blk_give_up(struct block_device *dev)
{
	struct virtio_blk *blk = dev->data;

	virtio_offence(blk->virtio, "it does not do what it was asked for");
}

/* ---- coming and going ---- */

/* What the device says of itself beyond its size. */
static int read_limits(struct virtio_blk *blk)
{
	struct virtio_device *virtio = blk->virtio;
	uint32_t block_size = BLOCK_SECTOR, discard = UINT32_MAX, zeroes = UINT32_MAX;
	int err = 0;

	if (virtio_has(virtio, F_BLK_SIZE))
		err = virtio_config_read(virtio, AT_BLK_SIZE, &block_size, sizeof(block_size));
	if (!err && virtio_has(virtio, F_DISCARD))
		err = virtio_config_read(virtio, AT_MAX_DISCARD, &discard, sizeof(discard));
	if (!err && virtio_has(virtio, F_WRITE_ZEROES))
		err = virtio_config_read(virtio, AT_MAX_WRITE_ZEROES, &zeroes, sizeof(zeroes));
	if (err)
		return err;
	if (block_size < BLOCK_SECTOR || block_size > PAGE_SIZE || (block_size & (block_size - 1)))
		block_size = BLOCK_SECTOR;
	blk->block.block_size = block_size;
	blk->block.max_discard = max(min(discard, zeroes), 1u);
	blk->block.read_only = virtio_has(virtio, F_RO);
	blk->block.can_flush = virtio_has(virtio, F_FLUSH);
	blk->block.can_discard = virtio_has(virtio, F_DISCARD);
	blk->block.can_write_zeroes = virtio_has(virtio, F_WRITE_ZEROES);
	return 0;
}

static int virtio_blk_probe(struct virtio_device *virtio)
{
	struct virtio_blk *blk = heap_zalloc(sizeof(*blk));
	uint32_t seg_max = 1;
	int err;

	if (!blk)
		return -ENOMEM;
	blk->virtio = virtio;
	virtio->data = blk;
	spin_init(&blk->lock);
	err = virtio_config_read(virtio, AT_CAPACITY, &blk->block.sectors, sizeof(blk->block.sectors));
	if (!err && virtio_has(virtio, F_SEG_MAX))
		err = virtio_config_read(virtio, AT_SEG_MAX, &seg_max, sizeof(seg_max));
	if (!err)
		err = read_limits(blk);
	if (!err)
		err = virtqueue_create(virtio, QUEUE_SIZE, blk_used, &blk->queue);
	if (err)
		goto err_device;
	/* A request of one span must fit, or nobody would ever find room. */
	if (virtqueue_size(blk->queue) < REQUEST_MIN) {
		err = -EINVAL;
		goto err_device;
	}
	/* Sizes in bytes are signed. */
	blk->block.sectors = min(blk->block.sectors, (uint64_t)INT64_MAX / BLOCK_SECTOR);
	blk->block.max_spans = min(seg_max, virtqueue_size(blk->queue) - REQUEST_MIN + 1);
	static const struct block_ops ops = { blk_submit, blk_give_up };
	blk->block.ops = &ops;
	blk->block.data = blk;
	virtio_ready(virtio);
	err = block_add(&blk->block, "vd");
	if (err)
		goto err_device;
	return 0;

err_device:
	heap_free(blk);
	return err;
}

static void virtio_blk_remove(struct virtio_device *virtio)
{
	struct virtio_blk *blk = virtio->data;

	fail_all(blk);
	block_remove(&blk->block);
	heap_free(blk);
}

static const struct virtio_driver virtio_blk_driver = {
	.name = "virtio-blk",
	.device_id = VIRTIO_ID_BLOCK,
	.features = VIRTIO_BIT(F_SEG_MAX) | VIRTIO_BIT(F_RO) | VIRTIO_BIT(F_FLUSH) | VIRTIO_BIT(F_DISCARD) |
		    VIRTIO_BIT(F_BLK_SIZE) | VIRTIO_BIT(F_WRITE_ZEROES),
	.probe = virtio_blk_probe,
	.remove = virtio_blk_remove,
	.broken = virtio_blk_broken,
};
DRIVER(virtio, virtio_blk_driver);
