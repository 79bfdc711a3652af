/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Channels to file servers on virtio devices, whose queues carry messages out and answers back, in any order. See
 * virtio_channel.h.
 */
#include "virtio_channel.h"

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/spinlock.h>

#define QUEUE_SIZE 1024
#define REQUEST_MIN 4	/* descriptors: a message, its answer's head, and pages in two rows */
#define SPANS_MAX 160	/* 512 KiB in pages, and the heads of messages */

struct virtio_channel {
	struct virtio_device *virtio;
	struct virtqueue *queue, *urgent;	/* urgent: NULL where the device has none */
	struct remote_channel *channel;
	struct spinlock lock;			/* guards the queues */
};

/* ---- completions ---- */

static struct remote_request *take(struct virtio_channel *vc, struct virtqueue *queue, uint32_t *len)
{
	unsigned long flags = spin_lock(&vc->lock);
	struct remote_request *request = virtqueue_take(queue, len);

	if (!request && !vc->virtio->broken && !virtqueue_enable_callback(queue))
		request = virtqueue_take(queue, len);
	spin_unlock(&vc->lock, flags);
	return request;
}

/* The device is reset: nothing that it was given will come back. */
static void fail_queue(struct virtio_channel *vc, struct virtqueue *queue)
{
	struct remote_request *request;

	do {
		unsigned long flags = spin_lock(&vc->lock);

		request = virtqueue_reclaim(queue);
		spin_unlock(&vc->lock, flags);
		if (request)
			request->done(request, -EIO, 0);
	} while (request);
}

static void fail_all(struct virtio_channel *vc)
{
	if (vc->urgent)
		fail_queue(vc, vc->urgent);
	fail_queue(vc, vc->queue);
}

static void take_all(struct virtio_channel *vc, struct virtqueue *queue)
{
	struct remote_request *request;
	uint32_t len;

	while ((request = take(vc, queue, &len)))
		request->done(request, 0, len);
}

static void answered(struct virtqueue *queue)
{
	take_all(virtqueue_device(queue)->data, queue);
}

/* ---- the channel ---- */

static int submit(struct remote_channel *channel, struct remote_request *request)
{
	struct virtio_channel *vc = channel->data;
	struct virtqueue *queue = request->urgent && vc->urgent ? vc->urgent : vc->queue;
	struct virtq_span spans[SPANS_MAX];
	unsigned long flags;
	int err;

	for (unsigned i = 0; i < request->out + request->in; i++)
		spans[i] = (struct virtq_span){ request->spans[i].base, request->spans[i].len };
	flags = spin_lock(&vc->lock);
	err = virtqueue_add(queue, spans, request->out, request->in, request);
	if (!err)
		virtqueue_kick(queue);
	spin_unlock(&vc->lock, flags);
	return err;
}

static void poll(struct remote_channel *channel)
{
	struct virtio_channel *vc = channel->data;

	if (vc->urgent && virtqueue_has_used(vc->urgent))
		take_all(vc, vc->urgent);
	if (virtqueue_has_used(vc->queue))
		take_all(vc, vc->queue);
}

static void offence(struct remote_channel *channel, const char *what)
{
	struct virtio_channel *vc = channel->data;

	virtio_offence(vc->virtio, "%s: %s", vc->channel->kind, what);
}

/* ---- coming and going ---- */

static int create_channel(struct virtio_channel *vc, const struct virtio_channel_type *type)
{
	static const struct remote_channel_ops ops = { submit, poll, offence };
	struct remote_channel *channel;
	int err = remote_channel_create(&channel);

	if (err)
		return err;
	err = type->read_tag(vc->virtio, channel->tag);
	if (err) {
		remote_channel_put(channel);
		return err;
	}
	channel->ops = &ops;
	channel->data = vc;
	channel->kind = type->kind;
	channel->room = virtqueue_size(vc->queue);
	channel->urgent_room = vc->urgent ? virtqueue_size(vc->urgent) : 0;
	channel->max_spans = min(channel->room, (unsigned)SPANS_MAX);
	vc->channel = channel;
	return 0;
}

int virtio_channel_probe(struct virtio_device *virtio, const struct virtio_channel_type *type)
{
	struct virtio_channel *vc = heap_zalloc(sizeof(*vc));
	int err;

	if (!vc)
		return -ENOMEM;
	vc->virtio = virtio;
	spin_init(&vc->lock);
	err = type->has_urgent ? virtqueue_create(virtio, QUEUE_SIZE, answered, &vc->urgent) : 0;
	if (!err)
		err = virtqueue_create(virtio, QUEUE_SIZE, answered, &vc->queue);
	if (!err)
		err = virtqueue_size(vc->queue) < REQUEST_MIN ? -EINVAL : create_channel(vc, type);
	if (err)
		goto err_device;
	virtio->data = vc;
	virtio_ready(virtio);
	err = remote_channel_publish(vc->channel);
	if (err)
		goto err_publish;
	log_debug("%s: %s, mount tag %s", virtio->device.name, type->kind, vc->channel->tag);
	return 0;

err_publish:
	virtio->data = NULL;
	remote_channel_put(vc->channel);
err_device:
	heap_free(vc);
	return err;
}

/* It may be that the device needs a reset, which nobody would see who waits for it. */
void virtio_channel_config_changed(struct virtio_device *virtio)
{
	if (virtio->transport->status(virtio) & VIRTIO_STATUS_NEEDS_RESET)
		virtio_offence(virtio, "it needs a reset");
}

void virtio_channel_broken(struct virtio_device *virtio)
{
	fail_all(virtio->data);
}

void virtio_channel_remove(struct virtio_device *virtio)
{
	struct virtio_channel *vc = virtio->data;

	remote_channel_withdraw(vc->channel);
	fail_all(vc);
	remote_channel_put(vc->channel);
	heap_free(vc);
}
