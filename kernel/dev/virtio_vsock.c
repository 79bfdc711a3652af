/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio socket device: VIRTIO 1.2, section 5.10. Moves packets between the device and AF_VSOCK (kernel/vsock.h):
 * those that come in lie in a few pages, which go back at once; those that go out wait in a list while the queue is
 * full. Headers are copied before anybody looks at them.
 */
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/virtio.h>
#include <kernel/vsock.h>

#define IN_BUFFERS 8
#define OUT_SIZE 64
#define EVENT_BUFFERS 4
#define EVENT_RESET 0	/* 5.10.6.7 */
#define CID_FIRST 3	/* those below are reserved (5.10.4) */

struct virtio_vsock {
	struct vsock_transport transport;
	struct virtio_device *virtio;
	struct virtqueue *in, *out, *event;
	struct spinlock lock;		/* guards the queues; after that of AF_VSOCK */
	struct page *pages[IN_BUFFERS];
	uint32_t events[EVENT_BUFFERS];
	struct list unsent;
};

static struct virtio_vsock *vsock_of(struct virtqueue *queue)
{
	return virtqueue_device(queue)->data;
}

/* ---- out ---- */

/* What there is room for. Lock. */
static void pump(struct virtio_vsock *vv)
{
	while (!list_empty(&vv->unsent)) {
		struct vsock_packet *packet = list_first(&vv->unsent, struct vsock_packet, node);
		const struct virtq_span span = { &packet->header,
						 (uint32_t)sizeof(packet->header) + packet->header.len };

		if (virtqueue_add(vv->out, &span, 1, 0, packet))
			break;
		list_remove(&packet->node);
	}
	virtqueue_kick(vv->out);
}

static void transport_send(struct vsock_transport *transport, struct vsock_packet *packet)
{
	struct virtio_vsock *vv = container_of(transport, struct virtio_vsock, transport);
	unsigned long flags = spin_lock(&vv->lock);

	list_append(&vv->unsent, &packet->node);
	pump(vv);
	spin_unlock(&vv->lock, flags);
}

static void packets_sent(struct virtqueue *queue)
{
	struct virtio_vsock *vv = vsock_of(queue);
	struct list done = LIST_INIT(done);
	unsigned long flags = spin_lock(&vv->lock);
	struct vsock_packet *packet;
	uint32_t len;

	do {
		while ((packet = virtqueue_take(queue, &len)))
			list_append(&done, &packet->node);
	} while (!virtqueue_enable_callback(queue));
	pump(vv);
	spin_unlock(&vv->lock, flags);
	vsock_packets_done(&done);
}

/* ---- in ---- */

static void post(struct virtio_vsock *vv, struct page *page)
{
	const struct virtq_span span = { page_virt(page), PAGE_SIZE };
	unsigned long flags = spin_lock(&vv->lock);

	/* Fails only of a device that is broken, and takes no more. */
	if (!virtqueue_add(vv->in, &span, 0, 1, page))
		virtqueue_kick(vv->in);
	spin_unlock(&vv->lock, flags);
}

static struct page *take(struct virtio_vsock *vv, uint32_t *len)
{
	unsigned long flags = spin_lock(&vv->lock);
	struct page *page = virtqueue_take(vv->in, len);

	spin_unlock(&vv->lock, flags);
	return page;
}

static void receive(struct virtio_vsock *vv, const void *bytes, uint32_t len)
{
	struct vsock_header header;

	if (len < sizeof(header)) {
		virtio_offence(vv->virtio, "a packet of %u bytes", len);
		return;
	}
	memcpy(&header, bytes, sizeof(header));
	if (header.len > len - sizeof(header))
		virtio_offence(vv->virtio, "a packet of %u bytes says that it has %u", len, header.len);
	else if (header.dst_cid == vv->transport.cid &&
		 vsock_receive(&vv->transport, &header, (const char *)bytes + sizeof(header)))
		virtio_offence(vv->virtio, "%u bytes for which it was given no credit", header.len);
}

static void packets_came(struct virtqueue *queue)
{
	struct virtio_vsock *vv = vsock_of(queue);
	struct page *page;
	uint32_t len;

	do {
		while ((page = take(vv, &len))) {
			receive(vv, page_virt(page), len);
			post(vv, page);
		}
	} while (!virtqueue_enable_callback(queue));
}

/* ---- events ---- */

static void give_event(struct virtio_vsock *vv, uint32_t *event)
{
	const struct virtq_span span = { event, sizeof(*event) };

	if (!virtqueue_add(vv->event, &span, 0, 1, event))
		virtqueue_kick(vv->event);
}

static int read_cid(struct virtio_device *virtio, uint32_t *cid)
{
	uint64_t value;
	int err = virtio_config_read(virtio, 0, &value, sizeof(value));

	if (err)
		return err;
	*cid = (uint32_t)value;
	return value < CID_FIRST || value >= UINT32_MAX ? -EINVAL : 0;
}

/* The machine has moved: its connections are gone, and it may be called otherwise. */
static void events_came(struct virtqueue *queue)
{
	struct virtio_vsock *vv = vsock_of(queue);
	uint32_t *event, len, cid;

	do {
		while ((event = virtqueue_take(queue, &len))) {
			uint32_t id = __atomic_load_n(event, __ATOMIC_RELAXED);

			give_event(vv, event);
			if (len < sizeof(id))
				virtio_offence(vv->virtio, "an event of %u bytes", len);
			else if (id == EVENT_RESET && read_cid(vv->virtio, &cid))
				virtio_offence(vv->virtio, "no guest's CID");
			else if (id == EVENT_RESET)
				vsock_transport_reset(&vv->transport, cid);
		}
	} while (!virtqueue_enable_callback(queue));
}

/* ---- coming and going ---- */

static void free_all(struct virtio_vsock *vv)
{
	for (unsigned i = 0; i < IN_BUFFERS; i++)
		if (vv->pages[i])
			page_free(vv->pages[i], 0);
	heap_free(vv);
}

static int create_queues(struct virtio_vsock *vv)
{
	int err = virtqueue_create(vv->virtio, IN_BUFFERS, packets_came, &vv->in);

	if (!err)
		err = virtqueue_create(vv->virtio, OUT_SIZE, packets_sent, &vv->out);
	if (!err)
		err = virtqueue_create(vv->virtio, EVENT_BUFFERS, events_came, &vv->event);
	for (unsigned i = 0; i < IN_BUFFERS && !err; i++) {
		vv->pages[i] = page_alloc(0);
		err = vv->pages[i] ? 0 : -ENOMEM;
	}
	return err;
}

static int virtio_vsock_probe(struct virtio_device *virtio)
{
	struct virtio_vsock *vv = heap_zalloc(sizeof(*vv));
	int err;

	if (!vv)
		return -ENOMEM;
	vv->virtio = virtio;
	vv->transport.send = transport_send;
	virtio->data = vv;
	spin_init(&vv->lock);
	list_init(&vv->unsent);
	err = read_cid(virtio, &vv->transport.cid);
	if (!err)
		err = create_queues(vv);
	if (!err)
		err = vsock_transport_add(&vv->transport);
	if (err) {
		free_all(vv);
		return err;
	}
	virtio_ready(virtio);
	for (unsigned i = 0; i < IN_BUFFERS && virtqueue_room(vv->in); i++)
		post(vv, vv->pages[i]);
	for (unsigned i = 0; i < EVENT_BUFFERS && virtqueue_room(vv->event); i++)
		give_event(vv, &vv->events[i]);
	return 0;
}

static void virtio_vsock_remove(struct virtio_device *virtio)
{
	struct virtio_vsock *vv = virtio->data;
	struct vsock_packet *packet;

	vsock_transport_remove(&vv->transport);
	while (virtqueue_reclaim(vv->in))
		;
	while (virtqueue_reclaim(vv->event))
		;
	while ((packet = virtqueue_reclaim(vv->out)))
		list_append(&vv->unsent, &packet->node);
	vsock_packets_done(&vv->unsent);
	free_all(vv);
}

static void virtio_vsock_broken(struct virtio_device *virtio)
{
	struct virtio_vsock *vv = virtio->data;

	vsock_transport_reset(&vv->transport, vv->transport.cid);
}

static const struct virtio_driver virtio_vsock_driver = {
	.name = "virtio-vsock",
	.device_id = VIRTIO_ID_VSOCK,
	.probe = virtio_vsock_probe,
	.remove = virtio_vsock_remove,
	.broken = virtio_vsock_broken,
};
DRIVER(virtio, virtio_vsock_driver);
