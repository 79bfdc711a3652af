/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xen's network device: public/io/netif.h. One ring each way and one event channel for both. The backend reaches pages
 * of the device only, one a slot, shared from their first use on for as long as it lives: frames are copied out of them
 * and into them, so whatever it does later it does to those. Frames of one page at most, since no scattering is
 * offered.
 */
#include "xen_ring.h"

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/netdev.h>
#include <kernel/parse.h>
#include <kernel/string.h>
#include <kernel/xen.h>

#define TX_RING 256
#define RX_RING 256
#define TX_SLOTS 64
#define RX_SLOTS 128
#define RX_FIRST 16 /* slots that the backend has at first: it gets more once it fills half of them at once */
#define MTU 1500
#define FRAME_MIN 14

/* Of requests to send: the checksum is to be filled in; and so there is nothing that could be wrong with it. */
#define TX_CSUM_BLANK 1u
#define TX_DATA_VALIDATED 2u
/* Of what came: nobody has filled it in, or somebody has checked it; and what we never asked for. */
#define RX_DATA_VALIDATED 1u
#define RX_CSUM_BLANK 2u
#define RX_MORE_DATA 4u
#define RX_EXTRA_INFO 8u

struct tx_request {
	uint32_t gref;
	uint16_t offset, flags, id, size;
};

struct tx_response {
	uint16_t id;
	int16_t status;
};

struct rx_request {
	uint16_t id, pad;
	uint32_t gref;
};

struct rx_response {
	uint16_t id, offset, flags;
	int16_t status; /* bytes; negative: an error */
};

struct slot {
	uint8_t *page;
	uint32_t ref;
	bool busy;		/* the backend has it */
	void *cookie;		/* of a frame that is sent */
};

struct netfront {
	struct netdev netdev;
	struct xen_device *xen;
	struct xen_ring tx, rx;
	void *tx_page, *rx_page;
	uint32_t tx_ref, rx_ref;
	struct slot tx_slots[TX_SLOTS], rx_slots[RX_SLOTS];
	unsigned rx_count;		/* slots that are used, the first ones */
	uint16_t tx_free[TX_SLOTS];	/* those that never had a page are below those that have one */
	unsigned tx_free_count;
	bool tx_full;		/* a frame found no room: its sender is to be told of some */
	char config[64];	/* an address that the toolstack gives it */
};

/* ---- in ---- */

static void give_slot(struct netfront *net, uint16_t id)
{
	struct rx_request *request = xen_ring_request(&net->rx);

	net->rx_slots[id].busy = true;
	*request = (struct rx_request){ .id = id, .gref = net->rx_slots[id].ref };
}

static void push(struct netfront *net, struct xen_ring *ring)
{
	if (xen_ring_push(ring))
		xen_notify(net->xen);
}

static bool share_slot(struct netfront *net, struct slot *slot, bool read_only)
{
	if (!slot->page)
		slot->page = xen_page_share(net->xen, read_only, &slot->ref);
	return slot->page;
}

/* Up to count slots for the backend; fewer without memory or grants. */
static void give_slots(struct netfront *net, unsigned count)
{
	while (net->rx_count < min(count, RX_SLOTS + 0u) && share_slot(net, &net->rx_slots[net->rx_count], false))
		give_slot(net, (uint16_t)net->rx_count++);
}

/* What lies in a slot's page, as a frame of the stack's. NULL: no memory, and the frame is lost. */
static struct net_buffer *copy_frame(const struct slot *slot, uint16_t offset, uint16_t len)
{
	struct net_buffer *buffer = net_buffer_alloc();

	if (!buffer)
		return NULL;
	buffer->next = NULL;
	buffer->data = net_buffer_start(buffer);
	buffer->len = len;
	memcpy(buffer->data, slot->page + offset, len);
	return buffer;
}

/* The slot goes back to the backend whatever came of its frame. False: the device is broken. */
static bool receive_one(struct netfront *net)
{
	struct rx_response response = *(const volatile struct rx_response *)xen_ring_response(&net->rx);
	struct net_buffer *frame = NULL;

	if (response.id >= RX_SLOTS || !net->rx_slots[response.id].busy) {
		xen_offence(net->xen, "it fills buffer %u, which it does not have", response.id);
		return false;
	}
	net->rx_slots[response.id].busy = false;
	if (response.flags & (RX_MORE_DATA | RX_EXTRA_INFO)) {
		xen_offence(net->xen, "a frame in pieces, or with more to it");
		return false;
	}
	if (response.status > 0) {
		uint16_t len = (uint16_t)response.status;

		if (len < FRAME_MIN || len > NET_BUFFER_ROOM || response.offset > PAGE_SIZE ||
		    len > PAGE_SIZE - response.offset) {
			xen_offence(net->xen, "a frame of %u bytes at %u", len, response.offset);
			return false;
		}
		frame = copy_frame(&net->rx_slots[response.id], response.offset, len);
	}
	give_slot(net, response.id);
	if (frame)
		netdev_receive(&net->netdev, frame,
			       response.flags & (RX_DATA_VALIDATED | RX_CSUM_BLANK) ? NET_CHECKSUM_GOOD : 0);
	return true;
}

/* At most budget frames; how many. */
static unsigned receive(struct netfront *net, unsigned budget)
{
	uint32_t waiting = xen_ring_waiting(&net->rx);
	unsigned count = 0;

	if (xen_ring_lies(&net->rx, waiting)) {
		xen_offence(net->xen, "%u frames in a ring of fewer", waiting);
		return 0;
	}
	while (count < min(waiting, budget) && receive_one(net))
		count++;
	if (waiting > net->rx_count / 2)
		give_slots(net, 2 * net->rx_count);
	push(net, &net->rx);
	return count;
}

/* ---- out ---- */

static bool slot_sent(struct netfront *net, uint16_t id)
{
	struct slot *slot = id < TX_SLOTS ? &net->tx_slots[id] : NULL;

	if (!slot || !slot->busy) {
		xen_offence(net->xen, "it has sent frame %u, which it does not have", id);
		return false;
	}
	slot->busy = false;
	net->tx_free[net->tx_free_count++] = id;
	netdev_sent(&net->netdev, slot->cookie);
	return true;
}

/* A frame that it could not send is as lost as one on a wire. */
static void reclaim_sent(struct netfront *net)
{
	uint32_t waiting = xen_ring_waiting(&net->tx);

	if (xen_ring_lies(&net->tx, waiting)) {
		xen_offence(net->xen, "it has sent %u frames of fewer", waiting);
		return;
	}
	while (waiting--) {
		const volatile struct tx_response *response = xen_ring_response(&net->tx);

		if (!slot_sent(net, response->id))
			return;
	}
}

/* Where a page cannot be had, there is room once one that is out comes back: the first slot has its own at once. */
static bool has_room(struct netfront *net)
{
	return net->tx_free_count && !xen_ring_is_full(&net->tx) &&
	       share_slot(net, &net->tx_slots[net->tx_free[net->tx_free_count - 1]], true);
}

/* Asks to be told when half of what is under way has been sent. */
static bool find_room(struct netfront *net)
{
	if (!has_room(net))
		reclaim_sent(net);
	if (has_room(net))
		return true;
	net->tx_full = true;
	if (!xen_ring_want_event(&net->tx, (TX_SLOTS - net->tx_free_count + 1) / 2))
		return false;
	reclaim_sent(net);
	return has_room(net);
}

static int net_transmit(struct netdev *dev, const struct net_frame *frame)
{
	struct netfront *net = dev->data;
	struct tx_request *request;
	struct slot *slot;
	size_t len = 0;
	uint16_t id;

	if (atomic_load(&net->xen->broken))
		return -EIO;
	if (net->xen->away || !find_room(net))
		return atomic_load(&net->xen->broken) ? -EIO : -ENOSPC;
	id = net->tx_free[net->tx_free_count - 1];
	slot = &net->tx_slots[id];
	for (unsigned i = 0; i < frame->span_count; i++) {
		if (frame->spans[i].len > PAGE_SIZE - len)
			return -EIO;
		memcpy(slot->page + len, frame->spans[i].base, frame->spans[i].len);
		len += frame->spans[i].len;
	}
	net->tx_free_count--;
	slot->busy = true;
	slot->cookie = frame->cookie;
	request = xen_ring_request(&net->tx);
	*request = (struct tx_request){ .gref = slot->ref,
					.flags = frame->checksum_start ? TX_CSUM_BLANK | TX_DATA_VALIDATED : 0,
					.id = id,
					.size = (uint16_t)len };
	return 0;
}

static void net_flush(struct netdev *dev)
{
	struct netfront *net = dev->data;

	if (!net->xen->away)
		push(net, &net->tx);
}

/* The backend's copies of them are the pages'. */
static void net_drop(struct netdev *dev)
{
	struct netfront *net = dev->data;

	for (uint16_t id = 0; id < TX_SLOTS; id++)
		if (net->tx_slots[id].busy)
			slot_sent(net, id);
}

static bool net_poll(struct netdev *dev, unsigned budget)
{
	struct netfront *net = dev->data;
	unsigned count = 0;

	if (net->xen->away && !atomic_load(&net->xen->broken))
		return false;
	if (!atomic_load(&net->xen->broken)) {
		reclaim_sent(net);
		count = receive(net, budget);
	}
	if (atomic_load(&net->xen->broken)) {
		net_drop(dev);
		if (dev->link_up) {
			dev->link_up = false;
			netdev_changed(dev);
		}
		netdev_writable(dev);
		return false;
	}
	if (net->tx_full && has_room(net)) {
		net->tx_full = false;
		netdev_writable(dev);
	}
	return count == budget || xen_ring_want_event(&net->rx, 1);
}

static const struct netdev_ops net_ops = { net_transmit, net_flush, net_poll, net_drop };

/* ---- coming and going ---- */

static void came(void *arg)
{
	struct netfront *net = arg;

	netdev_schedule(&net->netdev);
}

static void broken(struct xen_device *xen)
{
	struct netfront *net = xen->data;

	netdev_schedule(&net->netdev);
}

/* The backend gets those buffers for what comes that have pages. */
static void begin_rings(struct netfront *net)
{
	xen_ring_init(&net->tx, net->tx_page, TX_RING, sizeof(struct tx_request));
	xen_ring_init(&net->rx, net->rx_page, RX_RING, sizeof(struct rx_response));
	for (uint16_t id = 0; id < net->rx_count; id++)
		give_slot(net, id);
}

static int share(struct netfront *net)
{
	net->tx_page = xen_page_share(net->xen, false, &net->tx_ref);
	net->rx_page = xen_page_share(net->xen, false, &net->rx_ref);
	if (!net->tx_page || !net->rx_page)
		return -ENOMEM;
	for (uint16_t id = TX_SLOTS; id--;)
		net->tx_free[net->tx_free_count++] = id;
	begin_rings(net);
	give_slots(net, RX_FIRST);
	if (!net->rx_count || !has_room(net))
		return -ENOMEM;
	xen_ring_push(&net->rx);
	return 0;
}

static void free_net(struct netfront *net)
{
	xen_events_close(net->xen);
	for (unsigned i = 0; i < TX_SLOTS; i++)
		xen_page_unshare(net->xen, net->tx_slots[i].page, net->tx_slots[i].ref);
	for (unsigned i = 0; i < RX_SLOTS; i++)
		xen_page_unshare(net->xen, net->rx_slots[i].page, net->rx_slots[i].ref);
	xen_page_unshare(net->xen, net->tx_page, net->tx_ref);
	xen_page_unshare(net->xen, net->rx_page, net->rx_ref);
	heap_free(net);
}

/* "00:16:3e:01:02:03" */
static int read_address(struct netfront *net)
{
	char text[20];

	if (xen_front_read(net->xen, "mac", text, sizeof(text)) != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		uint64_t byte;

		if (parse_u64_n(text + 3 * i, 2, 16, &byte))
			return -EINVAL;
		net->netdev.address[i] = (uint8_t)byte;
	}
	return 0;
}

/* "10.77.0.2/24": what the toolstack's "ip=" says, where it is the whole of an address. */
static void read_config(struct netfront *net)
{
	ssize_t len = xen_backend_read(net->xen, "ip", net->config, sizeof(net->config));

	net->netdev.config = len > 0 && strchr(net->config, '/') ? net->config : NULL;
}

static int connect(struct netfront *net)
{
	static const struct {
		const char *key;
		uint64_t value;
	} said[] = { { "request-rx-copy", 1 }, { "feature-rx-notify", 1 }, { "feature-sg", 0 } };
	struct xen_device *xen = net->xen;
	int err = read_address(net);

	read_config(net);
	if (!err)
		err = xen_events_open(xen, came, net);
	if (!err)
		err = xen_front_write(xen, "tx-ring-ref", net->tx_ref);
	if (!err)
		err = xen_front_write(xen, "rx-ring-ref", net->rx_ref);
	for (size_t i = 0; i < array_size(said) && !err; i++)
		err = xen_front_write(xen, said[i].key, said[i].value);
	if (!err)
		err = xen_set_state(xen, XEN_STATE_CONNECTED);
	return err ? err : xen_backend_wait(xen, XEN_STATE_CONNECTED);
}

static int netfront_probe(struct xen_device *xen)
{
	struct netfront *net = heap_zalloc(sizeof(*net));
	int err;

	if (!net)
		return -ENOMEM;
	net->xen = xen;
	xen->data = net;
	net->netdev.ops = &net_ops;
	net->netdev.data = net;
	net->netdev.mtu = MTU;
	net->netdev.link_up = true;
	/* A stack that leaves sums to the device does so for both families. */
	if (xen_backend_number(xen, "feature-ipv6-csum-offload", 0))
		net->netdev.features = NETDEV_CHECKSUM;
	err = share(net);
	if (!err)
		err = connect(net);
	if (!err)
		err = netdev_add(&net->netdev);
	if (err)
		free_net(net);
	else
		netdev_schedule(&net->netdev);
	return err;
}

static int share_again(struct netfront *net)
{
	int err = xen_page_share_again(net->xen, net->tx_page, false, &net->tx_ref);

	if (!err)
		err = xen_page_share_again(net->xen, net->rx_page, false, &net->rx_ref);
	for (unsigned i = 0; i < TX_SLOTS && !err; i++)
		err = xen_page_share_again(net->xen, net->tx_slots[i].page, true, &net->tx_slots[i].ref);
	for (unsigned i = 0; i < RX_SLOTS && !err; i++)
		err = xen_page_share_again(net->xen, net->rx_slots[i].page, false, &net->rx_slots[i].ref);
	return err;
}

static void netfront_lost(struct xen_device *xen)
{
	struct netfront *net = xen->data;

	net->tx_ref = net->rx_ref = 0;
	for (unsigned i = 0; i < TX_SLOTS; i++)
		net->tx_slots[i].ref = 0;
	for (unsigned i = 0; i < RX_SLOTS; i++)
		net->rx_slots[i].ref = 0;
}

/* What was on its way when the machine was copied is as lost as on a wire. */
static int netfront_reconnect(struct xen_device *xen)
{
	struct netfront *net = xen->data;
	int err;

	netdev_lock();
	net_drop(&net->netdev);
	memset(net->tx_page, 0, PAGE_SIZE);
	memset(net->rx_page, 0, PAGE_SIZE);
	err = share_again(net);
	if (!err) {
		begin_rings(net);
		xen_ring_push(&net->rx);
	}
	netdev_unlock();
	if (!err)
		err = connect(net);
	if (err)
		return err;
	netdev_lock();
	net->tx_full = false;
	xen->away = false;
	netdev_renewed(&net->netdev);
	netdev_writable(&net->netdev);
	netdev_unlock();
	netdev_schedule(&net->netdev);
	return 0;
}

static void netfront_remove(struct xen_device *xen)
{
	struct netfront *net = xen->data;

	netdev_remove(&net->netdev);
	free_net(net);
}

static const struct xen_driver netfront_driver = {
	.name = "xen-netfront",
	.type = "vif",
	.probe = netfront_probe,
	.remove = netfront_remove,
	.lost = netfront_lost,
	.reconnect = netfront_reconnect,
	.broken = broken,
};
DRIVER(xen, netfront_driver);
