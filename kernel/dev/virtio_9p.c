/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio 9P transport: a device of type 9 with one queue, on which messages of the 9P protocol go out and answers come
 * back, in any order (VIRTIO 1.2, section 5 reserves the number; what QEMU does is the specification). Its
 * configuration is the mount tag: a length, and that many bytes.
 */
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/p9.h>
#include <kernel/spinlock.h>
#include <kernel/virtio.h>

#define F_MOUNT_TAG 0
#define AT_TAG_LEN 0
#define AT_TAG 2

#define QUEUE_SIZE 1024
#define REQUEST_MIN 4	/* descriptors: a message, its answer's head, and pages in two rows */
#define SPANS_MAX 160	/* 512 KiB in pages, and the heads of messages */

struct virtio_9p {
	struct virtio_device *virtio;
	struct virtqueue *queue;
	struct p9_channel *channel;
	struct spinlock lock;	/* guards the queue */
};

/* ---- completions ---- */

static struct p9_request *take(struct virtio_9p *p9, uint32_t *len)
{
	unsigned long flags = spin_lock(&p9->lock);
	struct p9_request *request = virtqueue_take(p9->queue, len);

	if (!request && !p9->virtio->broken && !virtqueue_enable_callback(p9->queue))
		request = virtqueue_take(p9->queue, len);
	spin_unlock(&p9->lock, flags);
	return request;
}

/* The device is reset: nothing that it was given will come back. */
static void fail_all(struct virtio_9p *p9)
{
	struct p9_request *request;

	do {
		unsigned long flags = spin_lock(&p9->lock);

		request = virtqueue_reclaim(p9->queue);
		spin_unlock(&p9->lock, flags);
		if (request)
			request->done(request, -EIO, 0);
	} while (request);
}

static void take_all(struct virtio_9p *p9)
{
	struct p9_request *request;
	uint32_t len;

	while ((request = take(p9, &len)))
		request->done(request, 0, len);
}

static void answered(struct virtqueue *queue)
{
	take_all(virtqueue_device(queue)->data);
}

/* ---- the channel ---- */

static int submit(struct p9_channel *channel, struct p9_request *request)
{
	struct virtio_9p *p9 = channel->data;
	struct virtq_span spans[SPANS_MAX];
	unsigned long flags;
	int err;

	for (unsigned i = 0; i < request->out + request->in; i++)
		spans[i] = (struct virtq_span){ request->spans[i].base, request->spans[i].len };
	flags = spin_lock(&p9->lock);
	err = virtqueue_add(p9->queue, spans, request->out, request->in, request);
	if (!err)
		virtqueue_kick(p9->queue);
	spin_unlock(&p9->lock, flags);
	return err;
}

static void poll(struct p9_channel *channel)
{
	struct virtio_9p *p9 = channel->data;

	if (virtqueue_has_used(p9->queue))
		take_all(p9);
}

static void offence(struct p9_channel *channel, const char *what)
{
	struct virtio_9p *p9 = channel->data;

	virtio_offence(p9->virtio, "9P: %s", what);
}

/* It may be that the device needs a reset, which nobody would see who waits for it. */
static void config_changed(struct virtio_device *virtio)
{
	if (virtio->transport->status(virtio) & VIRTIO_STATUS_NEEDS_RESET)
		virtio_offence(virtio, "it needs a reset");
}

/* ---- coming and going ---- */

/* -EINVAL: a tag that is none. */
static int read_tag(struct virtio_device *virtio, char tag[P9_TAG_MAX])
{
	uint16_t len;
	int err;

	if (!virtio_has(virtio, F_MOUNT_TAG))
		return -EINVAL;
	err = virtio_config_read(virtio, AT_TAG_LEN, &len, sizeof(len));
	if (!err && (!len || len >= P9_TAG_MAX))
		err = -EINVAL;
	if (!err)
		err = virtio_config_read(virtio, AT_TAG, tag, len);
	for (unsigned i = 0; !err && i < len; i++)
		if (!tag[i])
			err = -EINVAL;
	if (!err)
		tag[len] = 0;
	return err;
}

static int create_channel(struct virtio_9p *p9)
{
	static const struct p9_channel_ops ops = { submit, poll, offence };
	struct p9_channel *channel;
	int err = p9_channel_create(&channel);

	if (err)
		return err;
	err = read_tag(p9->virtio, channel->tag);
	if (err) {
		p9_channel_put(channel);
		return err;
	}
	channel->ops = &ops;
	channel->data = p9;
	channel->room = virtqueue_size(p9->queue);
	channel->max_spans = min(channel->room, (unsigned)SPANS_MAX);
	p9->channel = channel;
	return 0;
}

static int virtio_9p_probe(struct virtio_device *virtio)
{
	struct virtio_9p *p9 = heap_zalloc(sizeof(*p9));
	int err;

	if (!p9)
		return -ENOMEM;
	p9->virtio = virtio;
	spin_init(&p9->lock);
	err = virtqueue_create(virtio, QUEUE_SIZE, answered, &p9->queue);
	if (err)
		goto err_device;
	err = virtqueue_size(p9->queue) < REQUEST_MIN ? -EINVAL : create_channel(p9);
	if (err)
		goto err_device;
	virtio->data = p9;
	virtio_ready(virtio);
	err = p9_channel_publish(p9->channel);
	if (err)
		goto err_publish;
	log_debug("%s: 9P, mount tag %s", virtio->device.name, p9->channel->tag);
	return 0;

err_publish:
	virtio->data = NULL;
	p9_channel_put(p9->channel);
err_device:
	heap_free(p9);
	return err;
}

static void virtio_9p_broken(struct virtio_device *virtio)
{
	fail_all(virtio->data);
}

static void virtio_9p_remove(struct virtio_device *virtio)
{
	struct virtio_9p *p9 = virtio->data;

	p9_channel_withdraw(p9->channel);
	fail_all(p9);
	p9_channel_put(p9->channel);
	heap_free(p9);
}

static const struct virtio_driver virtio_9p_driver = {
	.name = "virtio-9p",
	.device_id = VIRTIO_ID_9P,
	.features = VIRTIO_BIT(F_MOUNT_TAG),
	.probe = virtio_9p_probe,
	.remove = virtio_9p_remove,
	.broken = virtio_9p_broken,
	.config_changed = config_changed,
};
DRIVER(virtio, virtio_9p_driver);
