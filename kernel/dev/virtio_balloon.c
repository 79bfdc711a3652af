/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio memory balloon: VIRTIO 1.2, section 5.5. The device says how many pages the host would like to have; they are
 * taken from the page allocator and named to it, a chunk of them at a time, and each answer leads to the next chunk.
 * The kernel keeps a reserve, whatever the device wants: then it is asked again once a second.
 *
 * With F_DEFLATE_ON_OOM pages come back before a program has to end for want of memory; the device is told afterwards,
 * as F_MUST_TELL_HOST is not agreed upon.
 */
#include <kernel/atomic.h>
#include <kernel/balloon.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/virtio.h>

#define F_STATS 1
#define F_DEFLATE_ON_OOM 2

/* The configuration (5.5.4). */
#define AT_TARGET 0
#define AT_ACTUAL 4

#define CHUNK_PAGES 128
#define RESERVE_SHARE 8		/* this part of all memory is never given away */
#define RESERVE_MIN 1024	/* nor are so many pages */
#define AGAIN_NS NSEC_PER_SEC
#define PFN_SHIFT 12		/* of the device's pages, whatever the kernel's are (5.5.6) */

/* Statistics (5.5.6.3). */
enum { STAT_FREE = 4, STAT_TOTAL = 5, STAT_AVAILABLE = 6 };
#define STATS 3
struct stat {
	uint16_t tag;
	uint64_t value;
} PACKED;

/* Pages that the host has, or had; the device reads the numbers. */
struct chunk {
	struct chunk *next;
	bool ours;			/* its pages are in use again, and the device is only told of it */
	uint32_t count;
	uint32_t pfns[CHUNK_PAGES];
};

struct virtio_balloon {
	struct virtio_device *virtio;
	struct virtqueue *inflate, *deflate, *stats;
	struct spinlock lock;
	struct chunk *held;		/* that the host has */
	uint32_t held_pages;
	uint32_t limit;			/* after a want of memory no more than so many, until the device asks anew */
	uint32_t asked;			/* what it asked for last */
	bool busy;			/* a chunk is on its way */
	struct timer again;
	struct stat stat[STATS];
};

OBJECT_TYPE(balloon_chunk);

static struct virtio_balloon *the_balloon; /* that gives back when there is no memory; atomic */

static struct virtio_balloon *balloon_of(struct virtqueue *queue)
{
	return virtqueue_device(queue)->data;
}

/* ---- chunks ---- */

static struct chunk *chunk_alloc(void)
{
	struct chunk *chunk = heap_zalloc(sizeof(*chunk));

	if (chunk)
		object_count_add(&object_type_balloon_chunk, 1);
	return chunk;
}

static void chunk_free(struct chunk *chunk)
{
	object_count_add(&object_type_balloon_chunk, -1);
	heap_free(chunk);
}

static void free_pages(struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->count && !chunk->ours; i++)
		page_free(page_from_phys((phys_t)chunk->pfns[i] << PFN_SHIFT), 0);
	chunk->ours = true;
}

static size_t reserve(void)
{
	return max(page_total_count() / RESERVE_SHARE, (size_t)RESERVE_MIN);
}

/* At most so many pages; NULL: none can be spared. */
static struct chunk *fill_chunk(uint32_t pages)
{
	struct chunk *chunk = page_free_count() > reserve() ? chunk_alloc() : NULL;

	while (chunk && chunk->count < min(pages, (uint32_t)CHUNK_PAGES) && page_free_count() > reserve()) {
		struct page *page = page_alloc(0);

		if (!page)
			break;
		chunk->pfns[chunk->count++] = (uint32_t)(page_phys(page) >> PFN_SHIFT);
	}
	if (chunk && !chunk->count) {
		chunk_free(chunk);
		return NULL;
	}
	return chunk;
}

/* Lock. */
static void hold(struct virtio_balloon *balloon, struct chunk *chunk)
{
	chunk->next = balloon->held;
	balloon->held = chunk;
	balloon->held_pages += chunk->count;
}

static struct chunk *unhold(struct virtio_balloon *balloon)
{
	struct chunk *chunk = balloon->held;

	if (chunk) {
		balloon->held = chunk->next;
		balloon->held_pages -= chunk->count;
	}
	return chunk;
}

/* The chunk with more than so many pages gives the rest to another, which stays held. Without memory all go. */
static void split(struct virtio_balloon *balloon, struct chunk *chunk, uint32_t pages)
{
	struct chunk *rest = chunk->count > pages ? chunk_alloc() : NULL;

	if (!rest)
		return;
	while (chunk->count > pages)
		rest->pfns[rest->count++] = chunk->pfns[--chunk->count];
	hold(balloon, rest);
}

/* ---- what the device wants ---- */

/* Lock. False: the device is broken. */
static bool offer(struct virtio_balloon *balloon, struct virtqueue *queue, struct chunk *chunk)
{
	const struct virtq_span span = { chunk->pfns, chunk->count * (uint32_t)sizeof(chunk->pfns[0]) };

	if (virtqueue_add(queue, &span, 1, 0, chunk))
		return false;
	virtqueue_kick(queue);
	return true;
}

/* Lock. */
static void grow(struct virtio_balloon *balloon, uint32_t pages)
{
	struct chunk *chunk = fill_chunk(pages);

	if (!chunk) {
		timer_arm(&balloon->again, clock_ns() + AGAIN_NS);
	} else if (offer(balloon, balloon->inflate, chunk)) {
		balloon->busy = true;
	} else {
		free_pages(chunk);
		chunk_free(chunk);
	}
}

/* Lock. */
static void shrink(struct virtio_balloon *balloon, uint32_t pages)
{
	struct chunk *chunk = unhold(balloon);

	split(balloon, chunk, pages);
	if (offer(balloon, balloon->deflate, chunk))
		balloon->busy = true;
	else
		hold(balloon, chunk);
}

/* The next chunk, one way or the other. Lock. */
static void step(struct virtio_balloon *balloon)
{
	uint32_t wanted;

	if (balloon->busy || virtio_config_read(balloon->virtio, AT_TARGET, &wanted, sizeof(wanted)))
		return;
	if (wanted != balloon->asked) {
		balloon->asked = wanted;
		balloon->limit = UINT32_MAX;
	}
	wanted = min(wanted, balloon->limit);
	if (wanted > balloon->held_pages)
		grow(balloon, wanted - balloon->held_pages);
	else if (wanted < balloon->held_pages)
		shrink(balloon, balloon->held_pages - wanted);
}

static void tell_actual(struct virtio_balloon *balloon)
{
	regs_write32(balloon->virtio->transport->config(balloon->virtio), AT_ACTUAL, balloon->held_pages);
}

static void inflated(struct virtqueue *queue)
{
	struct virtio_balloon *balloon = balloon_of(queue);
	unsigned long flags = spin_lock(&balloon->lock);
	struct chunk *chunk;
	uint32_t len;

	do {
		while ((chunk = virtqueue_take(queue, &len))) {
			balloon->busy = false;
			hold(balloon, chunk);
			tell_actual(balloon);
			step(balloon);
		}
	} while (!virtqueue_enable_callback(queue));
	spin_unlock(&balloon->lock, flags);
}

static void deflated(struct virtqueue *queue)
{
	struct virtio_balloon *balloon = balloon_of(queue);
	unsigned long flags = spin_lock(&balloon->lock);
	struct chunk *chunk;
	uint32_t len;

	do {
		while ((chunk = virtqueue_take(queue, &len))) {
			if (!chunk->ours)
				balloon->busy = false;
			free_pages(chunk);
			chunk_free(chunk);
			tell_actual(balloon);
			step(balloon);
		}
	} while (!virtqueue_enable_callback(queue));
	spin_unlock(&balloon->lock, flags);
}

static void config_changed(struct virtio_device *virtio)
{
	struct virtio_balloon *balloon = virtio->data;
	unsigned long flags = spin_lock(&balloon->lock);

	step(balloon);
	spin_unlock(&balloon->lock, flags);
}

static void ask_again(struct timer *timer)
{
	struct virtio_balloon *balloon = container_of(timer, struct virtio_balloon, again);

	config_changed(balloon->virtio);
}

/* ---- want of memory ---- */

/* The pages of a chunk are ours again at once; the device is told if its queue has room for that. */
bool balloon_give_back(void)
{
	struct virtio_balloon *balloon = atomic_load(&the_balloon);
	struct chunk *chunk;
	unsigned long flags;
	bool given;

	if (!balloon)
		return false;
	flags = spin_lock(&balloon->lock);
	chunk = unhold(balloon);
	given = chunk != NULL;
	if (given) {
		balloon->limit = balloon->held_pages;
		free_pages(chunk);
		if (!offer(balloon, balloon->deflate, chunk)) {
			chunk_free(chunk);
			tell_actual(balloon);
		}
	}
	spin_unlock(&balloon->lock, flags);
	return given;
}

/* ---- statistics ---- */

/* Lock. */
static void give_stats(struct virtio_balloon *balloon)
{
	const struct virtq_span span = { balloon->stat, sizeof(balloon->stat) };

	balloon->stat[0] = (struct stat){ STAT_FREE, page_free_count() * PAGE_SIZE };
	balloon->stat[1] = (struct stat){ STAT_TOTAL, page_total_count() * PAGE_SIZE };
	balloon->stat[2] = (struct stat){ STAT_AVAILABLE, page_free_count() * PAGE_SIZE };
	if (!virtqueue_add(balloon->stats, &span, 1, 0, balloon->stat))
		virtqueue_kick(balloon->stats);
}

/* It wants new ones. */
static void stats_wanted(struct virtqueue *queue)
{
	struct virtio_balloon *balloon = balloon_of(queue);
	unsigned long flags = spin_lock(&balloon->lock);
	uint32_t len;

	do {
		if (virtqueue_take(queue, &len))
			give_stats(balloon);
	} while (!virtqueue_enable_callback(queue));
	spin_unlock(&balloon->lock, flags);
}

/* ---- coming and going ---- */

static int create_queues(struct virtio_balloon *balloon)
{
	int err = virtqueue_create(balloon->virtio, 2, inflated, &balloon->inflate);

	if (!err)
		err = virtqueue_create(balloon->virtio, 2, deflated, &balloon->deflate);
	if (!err && virtio_has(balloon->virtio, F_STATS))
		err = virtqueue_create(balloon->virtio, 2, stats_wanted, &balloon->stats);
	return err;
}

static int virtio_balloon_probe(struct virtio_device *virtio)
{
	struct virtio_balloon *balloon = heap_zalloc(sizeof(*balloon));
	struct virtio_balloon *none = NULL;
	unsigned long flags;
	int err;

	if (!balloon)
		return -ENOMEM;
	balloon->virtio = virtio;
	balloon->limit = UINT32_MAX;
	virtio->data = balloon;
	spin_init(&balloon->lock);
	timer_init(&balloon->again, ask_again);
	balloon->again.deferrable = true;
	err = create_queues(balloon);
	if (err) {
		heap_free(balloon);
		return err;
	}
	virtio_ready(virtio);
	if (virtio_has(virtio, F_DEFLATE_ON_OOM))
		atomic_compare_exchange(&the_balloon, &none, balloon);
	flags = spin_lock(&balloon->lock);
	if (balloon->stats)
		give_stats(balloon);
	step(balloon);
	spin_unlock(&balloon->lock, flags);
	return 0;
}

/* A device that was reset has no pages (5.5.6.1): all are ours again. */
static void virtio_balloon_remove(struct virtio_device *virtio)
{
	struct virtio_balloon *balloon = virtio->data, *mine = balloon;
	struct chunk *chunk;

	atomic_compare_exchange(&the_balloon, &mine, NULL);
	timer_cancel(&balloon->again);
	while ((chunk = virtqueue_reclaim(balloon->inflate)) || (chunk = virtqueue_reclaim(balloon->deflate)) ||
	       (chunk = unhold(balloon))) {
		free_pages(chunk);
		chunk_free(chunk);
	}
	while (balloon->stats && virtqueue_reclaim(balloon->stats))
		;
	heap_free(balloon);
}

static const struct virtio_driver virtio_balloon_driver = {
	.name = "virtio-balloon",
	.device_id = VIRTIO_ID_BALLOON,
	.features = VIRTIO_BIT(F_STATS) | VIRTIO_BIT(F_DEFLATE_ON_OOM),
	.probe = virtio_balloon_probe,
	.remove = virtio_balloon_remove,
	.config_changed = config_changed,
};
DRIVER(virtio, virtio_balloon_driver);
