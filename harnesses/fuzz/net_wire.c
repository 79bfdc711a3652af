/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices of the harness "net": what the stack sends is looked at, and held for a while, as a device does; what the
 * peer sends waits here until the stack polls. Finds: frames whose lengths or checksums are wrong, and memory that is
 * changed or given back while the device still has it.
 */
#include "net_wire.h"

#include <kernel/errno.h>
#include <kernel/harness.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define HELD_MAX 32	/* frames that a device has not sent yet */
#define PENDING_MAX 64	/* frames for the stack */

static struct wire {
	struct netdev netdev;
	struct net_buffer *pending[PENDING_MAX];
	unsigned pending_count;
	unsigned held_count;
	bool was_full;
	bool link_up;
} wires[PEER_DEVICES];

/* Large, and of no meaning beyond what the counts say. */
struct scratch {
	struct held {
		void *cookie;
		struct net_span spans[NET_FRAME_SPANS];
		unsigned span_count;
		uint64_t hash;
	} held[PEER_DEVICES][HELD_MAX];
	uint8_t frame[65536 + 64];
};

static struct scratch *scratch;

static unsigned refuses;
static uint32_t result_at;

static struct wire *wire_of(struct netdev *dev)
{
	return container_of(dev, struct wire, netdev);
}

/* ---- what the stack sends ---- */

static uint64_t hash_spans(const struct net_span *spans, unsigned count)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (unsigned i = 0; i < count; i++) {
		const uint8_t *byte = spans[i].base;
		uint32_t left = spans[i].len;

		for (; left >= 8; left -= 8, byte += 8) {
			uint64_t word;

			memcpy(&word, byte, sizeof(word));
			hash = (hash ^ word) * UINT64_C(0x100000001b3);
			hash ^= hash >> 29;
		}
		for (; left; left--, byte++)
			hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static int wire_transmit(struct netdev *dev, const struct net_frame *frame)
{
	struct wire *wire = wire_of(dev);
	unsigned device = (unsigned)(wire - wires);
	struct held *held;
	size_t len = 0;

	if (refuses || wire->held_count == HELD_MAX) {
		refuses -= refuses > 0;
		wire->was_full = true;
		return -ENOSPC;
	}
	held = &scratch->held[device][wire->held_count++];
	held->cookie = frame->cookie;
	held->span_count = frame->span_count;
	memcpy(held->spans, frame->spans, frame->span_count * sizeof(frame->spans[0]));
	held->hash = hash_spans(held->spans, held->span_count);
	for (unsigned i = 0; i < frame->span_count; i++) {
		assert(len + frame->spans[i].len <= sizeof(scratch->frame));
		memcpy(scratch->frame + len, frame->spans[i].base, frame->spans[i].len);
		len += frame->spans[i].len;
	}
	harness_result(result_at++, held->hash);
	peer_look(device, scratch->frame, len, frame);
	return 0;
}

static void wire_flush(struct netdev *dev UNUSED)
{
}

static void let_go(struct wire *wire)
{
	/* What is sent for this may find room again. */
	unsigned count = wire->held_count;

	for (unsigned i = 0; i < count; i++) {
		struct held *held = &scratch->held[wire - wires][i];

		if (hash_spans(held->spans, held->span_count) != held->hash)
			panic("a frame was changed before the device had sent it");
		netdev_sent(&wire->netdev, held->cookie);
	}
	wire->held_count = 0;
}

static bool wire_poll(struct netdev *dev, unsigned budget UNUSED)
{
	struct wire *wire = wire_of(dev);
	unsigned count = wire->pending_count;

	if (wire->link_up != dev->link_up) {
		dev->link_up = wire->link_up;
		netdev_changed(dev);
	}
	let_go(wire);
	if (wire->was_full) {
		wire->was_full = false;
		netdev_writable(dev);
	}
	for (unsigned i = 0; i < count; i++) {
		struct net_buffer *frame = wire->pending[i];

		wire->pending[i] = NULL;
		netdev_receive(dev, frame, 0);
	}
	/* Answers of neighbours may have come while those were taken. */
	wire->pending_count -= count;
	for (unsigned i = 0; i < wire->pending_count; i++)
		wire->pending[i] = wire->pending[i + count];
	return wire->pending_count > 0;
}

static void wire_drop(struct netdev *dev)
{
	struct wire *wire = wire_of(dev);

	let_go(wire);
	for (unsigned i = 0; i < wire->pending_count; i++)
		net_frame_free(wire->pending[i]);
	wire->pending_count = 0;
}

static const struct netdev_ops wire_ops = {
	.transmit = wire_transmit,
	.flush = wire_flush,
	.poll = wire_poll,
	.drop = wire_drop,
};

/* ---- what it is sent ---- */

void wire_send(unsigned device, const uint8_t *bytes, size_t len, size_t split)
{
	struct wire *wire = &wires[device];
	struct net_buffer *frame = NULL, **end = &frame;

	if (wire->pending_count == PENDING_MAX)
		return;
	while (len) {
		struct net_buffer *buffer = net_buffer_alloc();
		size_t part = min(len, split && split < len ? split : (size_t)NET_BUFFER_ROOM);

		if (!buffer) {
			net_frame_free(frame);
			return;
		}
		part = min(part, (size_t)NET_BUFFER_ROOM);
		memcpy(buffer->data, bytes, part);
		buffer->len = (uint32_t)part;
		*end = buffer;
		end = &buffer->next;
		bytes += part;
		len -= part;
		split = 0;
	}
	if (frame)
		wire->pending[wire->pending_count++] = frame;
}

void wire_run(void)
{
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < PEER_DEVICES; i++)
			if (wires[i].pending_count || wires[i].held_count || wires[i].was_full)
				netdev_schedule(&wires[i].netdev);
		thread_yield();
		for (unsigned i = 0; i < PEER_DEVICES; i++)
			more |= wires[i].pending_count > 0;
	}
}

bool wire_busy(void)
{
	for (unsigned i = 0; i < PEER_DEVICES; i++) {
		const struct wire *wire = &wires[i];

		if (wire->pending_count || wire->held_count || wire->was_full || wire->link_up != wire->netdev.link_up)
			return true;
	}
	return false;
}

void peer_refuse(unsigned frames)
{
	refuses = frames;
}

void peer_set_link(unsigned device, bool up)
{
	wires[device].link_up = up;
	netdev_schedule(&wires[device].netdev);
}

/* ---- coming and going ---- */

static const struct {
	const char *config;	/* NULL: DHCP */
	unsigned features;
} kinds[PEER_DEVICES] = {
	{ "10.0.0.2/24,10.0.0.1", 0 },
	{ "10.0.1.2/24", NETDEV_CHECKSUM | NETDEV_SEGMENTS },
	{ NULL, NETDEV_CHECKSUM },
};

int wire_setup(void)
{
	scratch = harness_room(sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	for (unsigned i = 0; i < PEER_DEVICES; i++) {
		struct wire *wire = &wires[i];
		int err;

		wire->netdev = (struct netdev){
			.ops = &wire_ops,
			.address = { 0x52, 0x54, 0, 0, 0, (uint8_t)(i + 1) },
			.mtu = 1500,
			.features = kinds[i].features,
			.config = kinds[i].config,
			.link_up = true,
		};
		wire->link_up = true;
		err = netdev_add(&wire->netdev);
		if (err)
			return err;
	}
	return 0;
}

void wire_remove(void)
{
	for (unsigned i = 0; i < PEER_DEVICES; i++)
		netdev_remove(&wires[i].netdev);
}

uint32_t peer_result_place(void)
{
	return result_at++;
}
