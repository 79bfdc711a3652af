/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio block device: VIRTIO 1.2, section 5.2. As many queues as there are CPUs, where the device has them: a CPU
 * submits to its own, so that no two wait for one lock.
 */
#include <kernel/atomic.h>
#include <kernel/block.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/spinlock.h>
#include <kernel/virtio.h>

#define F_SEG_MAX 2
#define F_RO 5
#define F_BLK_SIZE 6
#define F_FLUSH 9
#define F_MQ 12
#define F_DISCARD 13
#define F_WRITE_ZEROES 14

#define AT_CAPACITY 0
#define AT_SEG_MAX 12
#define AT_BLK_SIZE 20
#define AT_QUEUES 34
#define AT_MAX_DISCARD 36
#define AT_MAX_WRITE_ZEROES 48

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_DISCARD = 11, TYPE_WRITE_ZEROES = 13 };
enum { STATUS_OK = 0, STATUS_ERROR = 1, STATUS_UNSUPPORTED = 2, STATUS_NONE = 0xff };

#define QUEUE_SIZE 128
#define REQUEST_MIN 4 /* descriptors */
#define QUEUES_MAX 8

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

struct blk_queue {
	struct virtqueue *ring;
	struct spinlock lock;	/* guards the ring */
	bool full;		/* somebody found no room; atomic */
};

struct virtio_blk {
	struct block_device block;
	struct virtio_device *virtio;
	unsigned queue_count;
	struct blk_queue queues[QUEUES_MAX];
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

/* Whatever CPU goes on with it: the lock holds for any. */
static struct blk_queue *nearest_queue(struct virtio_blk *blk)
{
	return &blk->queues[arch_cpu()->id % blk->queue_count];
}

static int blk_submit(struct block_device *dev, struct block_request *request)
{
	struct virtio_blk *blk = dev->data;
	struct blk_queue *queue = nearest_queue(blk);
	struct virtq_span spans[BLOCK_SPANS_MAX + 3];
	unsigned in, out = build(request, spans, &in);
	unsigned long flags = spin_lock(&queue->lock);
	int err = virtqueue_add(queue->ring, spans, out, in, request);

	if (!err)
		virtqueue_kick(queue->ring);
	else if (err == -ENOSPC)
		queue->full = true;
	spin_unlock(&queue->lock, flags);
	return err == -ENOSPC ? -EAGAIN : err;
}

/* ---- completions ---- */

/* The next that is finished, and how; NULL. A device that says nothing of how it went has failed. */
static struct block_request *take(struct blk_queue *queue, int *err)
{
	unsigned long flags = spin_lock(&queue->lock);
	struct block_request *request;
	uint32_t written;

	request = virtqueue_take(queue->ring, &written);
	if (!request) {
		virtqueue_enable_callback(queue->ring);
		request = virtqueue_take(queue->ring, &written);
	}
	spin_unlock(&queue->lock, flags);
	if (request)
		*err = error_of(__atomic_load_n(&extra_of(request)->status, __ATOMIC_RELAXED));
	return request;
}

static void tell_of_room(struct virtio_blk *blk, struct blk_queue *queue)
{
	if (atomic_exchange(&queue->full, false))
		block_queue_freed(&blk->block);
}

static void blk_used(struct virtqueue *ring)
{
	struct virtio_blk *blk = virtqueue_device(ring)->data;
	struct blk_queue *queue = &blk->queues[virtqueue_index(ring)];
	struct block_request *request;
	int err;

	while ((request = take(queue, &err)))
		request->done(request, err);
	tell_of_room(blk, queue);
}

static void fail_queue(struct virtio_blk *blk, struct blk_queue *queue)
{
	struct block_request *request;

	do {
		unsigned long flags = spin_lock(&queue->lock);

		request = virtqueue_reclaim(queue->ring);
		spin_unlock(&queue->lock, flags);
		if (request)
			request->done(request, -EIO);
	} while (request);
	tell_of_room(blk, queue);
}

static void fail_all(struct virtio_device *virtio)
{
	struct virtio_blk *blk = virtio->data;

	for (unsigned i = 0; i < blk->queue_count; i++)
		fail_queue(blk, &blk->queues[i]);
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

/* One for each CPU, as far as the device has them; *room: descriptors of the smallest. */
static int make_queues(struct virtio_blk *blk, unsigned *room)
{
	unsigned wanted = min(cpu_count, (unsigned)QUEUES_MAX);
	uint16_t most = 1;
	int err = 0;

	if (virtio_has(blk->virtio, F_MQ))
		err = virtio_config_read(blk->virtio, AT_QUEUES, &most, sizeof(most));
	wanted = max(min(wanted, (unsigned)most), 1u);
	*room = QUEUE_SIZE;
	while (!err && blk->queue_count < wanted) {
		struct blk_queue *queue = &blk->queues[blk->queue_count];

		spin_init(&queue->lock);
		err = virtqueue_create(blk->virtio, QUEUE_SIZE, blk_used, &queue->ring);
		if (err)
			return err;
		*room = min(*room, virtqueue_size(queue->ring));
		blk->queue_count++;
	}
	/* A request of one span must fit, or nobody would ever find room. */
	return err ? err : *room < REQUEST_MIN ? -EINVAL : 0;
}

static int virtio_blk_probe(struct virtio_device *virtio)
{
	struct virtio_blk *blk = heap_zalloc(sizeof(*blk));
	uint32_t seg_max = 1;
	unsigned room;
	int err;

	if (!blk)
		return -ENOMEM;
	blk->virtio = virtio;
	virtio->data = blk;
	err = virtio_config_read(virtio, AT_CAPACITY, &blk->block.sectors, sizeof(blk->block.sectors));
	if (!err && virtio_has(virtio, F_SEG_MAX))
		err = virtio_config_read(virtio, AT_SEG_MAX, &seg_max, sizeof(seg_max));
	if (!err)
		err = read_limits(blk);
	if (!err)
		err = make_queues(blk, &room);
	if (err)
		goto err_device;
	/* Sizes in bytes are signed. */
	blk->block.sectors = min(blk->block.sectors, (uint64_t)INT64_MAX / BLOCK_SECTOR);
	blk->block.max_spans = min(seg_max, room - REQUEST_MIN + 1);
	static const struct block_ops ops = { blk_submit, blk_give_up };
	blk->block.ops = &ops;
	blk->block.data = blk;
	virtio_ready(virtio);
	err = block_add(&blk->block, "vd");
	if (err)
		goto err_device;
	if (blk->queue_count > 1)
		log_info("%s: %u queues", blk->block.name, blk->queue_count);
	return 0;

err_device:
	heap_free(blk);
	return err;
}

static void virtio_blk_remove(struct virtio_device *virtio)
{
	struct virtio_blk *blk = virtio->data;

	fail_all(virtio);
	block_remove(&blk->block);
	heap_free(blk);
}

static const struct virtio_driver virtio_blk_driver = {
	.name = "virtio-blk",
	.device_id = VIRTIO_ID_BLOCK,
	.features = VIRTIO_BIT(F_SEG_MAX) | VIRTIO_BIT(F_RO) | VIRTIO_BIT(F_FLUSH) | VIRTIO_BIT(F_DISCARD) |
		    VIRTIO_BIT(F_BLK_SIZE) | VIRTIO_BIT(F_MQ) | VIRTIO_BIT(F_WRITE_ZEROES),
	.probe = virtio_blk_probe,
	.remove = virtio_blk_remove,
	.broken = fail_all,
};
DRIVER(virtio, virtio_blk_driver);
