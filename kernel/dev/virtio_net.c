/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio network device: VIRTIO 1.2, section 5.1. One queue each way. Received frames lie in pages that the device
 * filled, as many as it takes (mergeable buffers); it may leave large ones in one piece, and check and make checksums.
 */
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/netdev.h>
#include <kernel/random.h>
#include <kernel/string.h>
#include <kernel/virtio.h>

#define F_CSUM 0
#define F_GUEST_CSUM 1
#define F_MTU 3
#define F_MAC 5
#define F_GUEST_TSO4 7
#define F_GUEST_TSO6 8
#define F_HOST_TSO4 11
#define F_MRG_RXBUF 15
#define F_STATUS 16

#define AT_MAC 0
#define AT_STATUS 6
#define AT_MTU 10
#define STATUS_LINK_UP 1u

#define GSO_TCP4 1
#define HDR_NEEDS_CSUM 1u
#define HDR_DATA_VALID 2u

#define QUEUE_SIZE 256
#define MTU_DEFAULT 1500
#define MTU_MIN 68
#define FRAME_MIN 14

struct virtio_net_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

/* One frame on its way out. */
struct tx_slot {
	struct virtio_net_hdr header;
	void *cookie;
	struct tx_slot *next;	/* of the free ones */
};

struct virtio_net {
	struct netdev netdev;
	struct virtio_device *virtio;
	struct virtqueue *rx, *tx;
	struct tx_slot *slots, *free_slots;
	struct virtq_span spans[NET_FRAME_SPANS + 1];	/* of the frame that is being sent */
	bool tx_full;		/* a frame found no room: its sender is to be told of some */
	bool look;		/* the configuration has changed; atomic */
};

/* ---- in ---- */

static int post_buffer(struct virtio_net *net)
{
	struct net_buffer *buffer = net_buffer_alloc();
	struct virtq_span span;
	int err;

	if (!buffer)
		return -ENOMEM;
	span = (struct virtq_span){ net_buffer_start(buffer), NET_BUFFER_ROOM };
	err = virtqueue_add(net->rx, &span, 0, 1, buffer);
	if (err)
		net_buffer_free(buffer);
	return err;
}

static void fill(struct virtio_net *net)
{
	while (virtqueue_room(net->rx) && !post_buffer(net))
		;
	virtqueue_kick(net->rx);
}

/* The further buffers of a frame that has count in all. False: the device has not delivered them. */
static bool take_more(struct virtio_net *net, struct net_buffer *first, unsigned count)
{
	struct net_buffer **end = &first->next;

	for (unsigned i = 1; i < count; i++) {
		uint32_t len;
		struct net_buffer *buffer = virtqueue_take(net->rx, &len);

		if (!buffer) {
			virtio_offence(net->virtio, "a frame of %u buffers, of which %u came", count, i);
			return false;
		}
		buffer->len = len;
		buffer->next = NULL;
		*end = buffer;
		end = &buffer->next;
	}
	return true;
}

/* One frame; false: there is none. */
static bool receive_one(struct virtio_net *net)
{
	struct virtio_net_hdr header;
	uint32_t len;
	struct net_buffer *frame = virtqueue_take(net->rx, &len);
	unsigned count;

	if (!frame)
		return false;
	frame->next = NULL;
	if (len < sizeof(header) + FRAME_MIN) {
		virtio_offence(net->virtio, "a frame of %u bytes", len);
		net_buffer_free(frame);
		return false;
	}
	memcpy(&header, net_buffer_start(frame), sizeof(header));
	frame->data = net_buffer_start(frame) + sizeof(header);
	frame->len = len - (uint32_t)sizeof(header);
	count = virtio_has(net->virtio, F_MRG_RXBUF) ? header.num_buffers : 1;
	if (!count || count > virtqueue_size(net->rx))
		virtio_offence(net->virtio, "a frame of %u buffers", count);
	else if (take_more(net, frame, count)) {
		netdev_receive(&net->netdev, frame,
			       header.flags & (HDR_NEEDS_CSUM | HDR_DATA_VALID) && virtio_has(net->virtio, F_GUEST_CSUM)
				       ? NET_CHECKSUM_GOOD
				       : 0);
		return true;
	}
	net_frame_free(frame);
	return false;
}

/* Where the device does not tell, the link is up. */
static bool read_link(struct virtio_net *net)
{
	uint16_t status;

	return !virtio_has(net->virtio, F_STATUS) ||
	       virtio_config_read(net->virtio, AT_STATUS, &status, sizeof(status)) || (status & STATUS_LINK_UP);
}

/* ---- out ---- */

static void slot_sent(struct virtio_net *net, struct tx_slot *slot)
{
	void *cookie = slot->cookie;

	slot->next = net->free_slots;
	net->free_slots = slot;
	netdev_sent(&net->netdev, cookie);
}

static void reclaim_sent(struct virtio_net *net)
{
	struct tx_slot *slot;
	uint32_t len;

	while ((slot = virtqueue_take(net->tx, &len)))
		slot_sent(net, slot);
}

static int net_transmit(struct netdev *dev, const struct net_frame *frame)
{
	struct virtio_net *net = dev->data;
	struct virtq_span *spans = net->spans;
	struct tx_slot *slot;
	int err;

	if (!net->free_slots || virtqueue_room(net->tx) < frame->span_count + 1)
		reclaim_sent(net);
	slot = net->free_slots;
	if (!slot || virtqueue_room(net->tx) < frame->span_count + 1) {
		net->tx_full = true;
		if (virtqueue_enable_callback(net->tx))
			return -ENOSPC;
		reclaim_sent(net);
		slot = net->free_slots;
		if (!slot || virtqueue_room(net->tx) < frame->span_count + 1)
			return -ENOSPC;
	}
	slot->header = (struct virtio_net_hdr){ 0 };
	if (frame->checksum_start) {
		slot->header.flags = HDR_NEEDS_CSUM;
		slot->header.csum_start = frame->checksum_start;
		slot->header.csum_offset = frame->checksum_offset;
	}
	if (frame->segment) {
		slot->header.gso_type = GSO_TCP4;
		slot->header.gso_size = frame->segment;
		slot->header.hdr_len = frame->header;
	}
	spans[0] = (struct virtq_span){ &slot->header, sizeof(slot->header) };
	for (unsigned i = 0; i < frame->span_count; i++)
		spans[i + 1] = (struct virtq_span){ frame->spans[i].base, frame->spans[i].len };
	err = virtqueue_add(net->tx, spans, frame->span_count + 1, 0, slot);
	if (err)
		return err;
	slot->cookie = frame->cookie;
	net->free_slots = slot->next;
	return 0;
}

static void net_flush(struct netdev *dev)
{
	struct virtio_net *net = dev->data;

	virtqueue_kick(net->tx);
}

static void net_drop(struct netdev *dev)
{
	struct virtio_net *net = dev->data;
	struct net_buffer *buffer;
	struct tx_slot *slot;

	while ((buffer = virtqueue_reclaim(net->rx)))
		net_buffer_free(buffer);
	while ((slot = virtqueue_reclaim(net->tx)))
		slot_sent(net, slot);
}

static void set_link(struct virtio_net *net, bool up)
{
	if (net->netdev.link_up == up)
		return;
	net->netdev.link_up = up;
	netdev_changed(&net->netdev);
}

/* The stack has everything back, and sends no more. */
static void give_up(struct virtio_net *net)
{
	net_drop(&net->netdev);
	set_link(net, false);
	netdev_writable(&net->netdev);
}

static bool net_poll(struct netdev *dev, unsigned budget)
{
	struct virtio_net *net = dev->data;
	unsigned count = 0;

	if (atomic_exchange(&net->look, false) && !net->virtio->broken)
		set_link(net, read_link(net));
	reclaim_sent(net);
	if (net->tx_full) {
		net->tx_full = false;
		virtqueue_disable_callback(net->tx);
		netdev_writable(dev);
	}
	while (count < budget && receive_one(net))
		count++;
	if (virtqueue_room(net->rx))
		fill(net);
	if (atomic_load(&net->virtio->broken)) {
		give_up(net);
		return false;
	}
	return count == budget || !virtqueue_enable_callback(net->rx);
}

static const struct netdev_ops net_ops = { net_transmit, net_flush, net_poll, net_drop };

/* ---- interrupts ---- */

static void rx_used(struct virtqueue *queue)
{
	struct virtio_net *net = virtqueue_device(queue)->data;

	virtqueue_disable_callback(queue);
	netdev_schedule(&net->netdev);
}

static void tx_used(struct virtqueue *queue)
{
	struct virtio_net *net = virtqueue_device(queue)->data;

	virtqueue_disable_callback(queue);
	netdev_schedule(&net->netdev);
}

/* ---- coming and going ---- */

static void config_changed(struct virtio_device *virtio)
{
	struct virtio_net *net = virtio->data;

	atomic_store(&net->look, true);
	netdev_schedule(&net->netdev);
}

static void broken(struct virtio_device *virtio)
{
	struct virtio_net *net = virtio->data;

	netdev_schedule(&net->netdev);
}

static void read_config(struct virtio_net *net)
{
	struct virtio_device *virtio = net->virtio;
	uint16_t mtu = MTU_DEFAULT;

	if (!virtio_has(virtio, F_MAC) ||
	    virtio_config_read(virtio, AT_MAC, net->netdev.address, sizeof(net->netdev.address))) {
		random_bytes(net->netdev.address, sizeof(net->netdev.address));
		net->netdev.address[0] = (net->netdev.address[0] & 0xfc) | 2; /* one's own, for one */
	}
	if (virtio_has(virtio, F_MTU) && virtio_config_read(virtio, AT_MTU, &mtu, sizeof(mtu)))
		mtu = MTU_DEFAULT;
	net->netdev.link_up = read_link(net);
	net->netdev.mtu = mtu < MTU_MIN ? MTU_DEFAULT : mtu;
}

static int make_slots(struct virtio_net *net)
{
	unsigned count = virtqueue_size(net->tx);

	net->slots = heap_array(count, sizeof(*net->slots));
	if (!net->slots)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		net->slots[i].next = net->free_slots;
		net->free_slots = &net->slots[i];
	}
	return 0;
}

/* Large frames come in many buffers, or not at all; and without sums. */
static uint64_t virtio_net_refine(uint64_t features)
{
	const uint64_t large = VIRTIO_BIT(F_GUEST_TSO4) | VIRTIO_BIT(F_GUEST_TSO6);

	if (!(features & VIRTIO_BIT(F_MRG_RXBUF)) || !(features & VIRTIO_BIT(F_GUEST_CSUM)))
		features &= ~large;
	return features;
}

static int virtio_net_probe(struct virtio_device *virtio)
{
	struct virtio_net *net = heap_zalloc(sizeof(*net));
	int err;

	if (!net)
		return -ENOMEM;
	net->virtio = virtio;
	net->netdev.ops = &net_ops;
	net->netdev.data = net;
	virtio->data = net;
	read_config(net);
	if (virtio_has(virtio, F_CSUM))
		net->netdev.features |= NETDEV_CHECKSUM | (virtio_has(virtio, F_HOST_TSO4) ? NETDEV_SEGMENTS : 0);
	err = virtqueue_create(virtio, QUEUE_SIZE, rx_used, &net->rx);
	if (!err)
		err = virtqueue_create(virtio, QUEUE_SIZE, tx_used, &net->tx);
	if (!err)
		err = make_slots(net);
	if (err)
		goto err_queues;
	virtqueue_disable_callback(net->tx);
	/* First, as the stack begins to send at once. */
	virtio_ready(virtio);
	err = netdev_add(&net->netdev);
	if (err)
		goto err_slots;
	netdev_schedule(&net->netdev);
	return 0;

err_slots:
	heap_free(net->slots);
err_queues:
	heap_free(net);
	return err;
}

static void virtio_net_remove(struct virtio_device *virtio)
{
	struct virtio_net *net = virtio->data;

	netdev_remove(&net->netdev);
	heap_free(net->slots);
	heap_free(net);
}

static const struct virtio_driver virtio_net_driver = {
	.name = "virtio-net",
	.device_id = VIRTIO_ID_NET,
	.features = VIRTIO_BIT(F_CSUM) | VIRTIO_BIT(F_GUEST_CSUM) | VIRTIO_BIT(F_GUEST_TSO4) |
		    VIRTIO_BIT(F_GUEST_TSO6) | VIRTIO_BIT(F_MTU) | VIRTIO_BIT(F_MAC) | VIRTIO_BIT(F_MRG_RXBUF) |
		    VIRTIO_BIT(F_STATUS) |
		    VIRTIO_BIT(F_HOST_TSO4),
	.refine = virtio_net_refine,
	.probe = virtio_net_probe,
	.remove = virtio_net_remove,
	.broken = broken,
	.config_changed = config_changed,
};
DRIVER(virtio, virtio_net_driver);
