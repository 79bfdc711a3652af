/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio entropy device: VIRTIO 1.2, section 5.4. What it gives is mixed into the generator, once at the start and then
 * each time it has some: never given out as it is.
 */
#include <arch/arch.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/random.h>
#include <kernel/virtio.h>

#define CHUNK 64
#define AGAIN_NS (60 * NSEC_PER_SEC)
#define FIRST_NS (100 * NSEC_PER_MSEC)

struct virtio_rng {
	struct virtqueue *queue;
	struct timer again;
	struct spinlock lock;	/* guards the queue */
	uint8_t chunk[CHUNK];
};

/* Lock. */
static void ask(struct virtio_rng *rng)
{
	const struct virtq_span span = { rng->chunk, sizeof(rng->chunk) };

	if (!virtqueue_add(rng->queue, &span, 0, 1, rng))
		virtqueue_kick(rng->queue);
}

static void ask_again(struct timer *timer)
{
	struct virtio_rng *rng = container_of(timer, struct virtio_rng, again);
	unsigned long flags = spin_lock(&rng->lock);

	ask(rng);
	spin_unlock(&rng->lock, flags);
}

static void answered(struct virtqueue *queue)
{
	struct virtio_rng *rng = virtqueue_device(queue)->data;
	unsigned long flags = spin_lock(&rng->lock);
	uint32_t len;

	do {
		while (virtqueue_take(queue, &len)) {
			random_seed(rng->chunk, len);
			timer_arm(&rng->again, clock_ns() + AGAIN_NS);
		}
	} while (!virtqueue_enable_callback(queue));
	spin_unlock(&rng->lock, flags);
}

/* Who has nothing else waits a moment for its first word, so that no program starts without. */
static void wait_for_first(struct virtio_rng *rng)
{
	uint64_t until = clock_ns() + FIRST_NS;

	while (!random_is_seeded() && clock_ns() < until) {
		answered(rng->queue);
		arch_relax();
	}
}

static int virtio_rng_probe(struct virtio_device *device)
{
	struct virtio_rng *rng = heap_zalloc(sizeof(*rng));
	unsigned long flags;
	int err;

	if (!rng)
		return -ENOMEM;
	spin_init(&rng->lock);
	timer_init(&rng->again, ask_again);
	rng->again.deferrable = true;
	device->data = rng;
	err = virtqueue_create(device, 1, answered, &rng->queue);
	if (err) {
		heap_free(rng);
		return err;
	}
	virtio_ready(device);
	flags = spin_lock(&rng->lock);
	ask(rng);
	spin_unlock(&rng->lock, flags);
	wait_for_first(rng);
	return 0;
}

static void virtio_rng_remove(struct virtio_device *device)
{
	struct virtio_rng *rng = device->data;

	timer_cancel(&rng->again);
	while (virtqueue_reclaim(rng->queue))
		;
	heap_free(rng);
}

static const struct virtio_driver virtio_rng_driver = {
	.name = "virtio-rng",
	.device_id = VIRTIO_ID_ENTROPY,
	.probe = virtio_rng_probe,
	.remove = virtio_rng_remove,
};
DRIVER(virtio, virtio_rng_driver);
