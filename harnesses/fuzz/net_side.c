/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands where the stack does: see net_side.h.
 */
#include "net_side.h"

#include <kernel/errno.h>
#include <kernel/harness.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>

#define FRAMES 80	/* that the device may have at once */
#define BURST_BYTES 60
#define POLLS_MAX 8
#define BUFFER_SIZE PAGE_SIZE

static struct netdev *dev;
static struct script *script;
static bool out[FRAMES];	/* the device has it */
static unsigned received, came_back, told;
static uint8_t *buffer;

/* ---- in the stack's place ---- */

static int side_add(struct netdev *added)
{
	dev = added;
	if (dev->mtu < 68 || dev->mtu > 65535)
		panic("an MTU of %u", dev->mtu);
	return 0;
}

static void side_remove(struct netdev *removed)
{
	removed->ops->drop(removed);
	dev = NULL;
}

static void side_schedule(struct netdev *scheduled)
{
	scheduled->scheduled = true;
}

static void side_receive(struct netdev *from UNUSED, struct net_buffer *frame, unsigned flags)
{
	uint64_t sum = flags;

	for (const struct net_buffer *b = frame; b; b = b->next) {
		const uint8_t *start = (const uint8_t *)b;

		if (b->data < start || b->data + b->len > start + PAGE_SIZE)
			panic("a frame beyond its buffer");
		for (uint32_t i = 0; i < b->len; i += 32)
			sum = sum * 31 + b->data[i];
	}
	harness_result(4 + received++, sum);
	net_frame_free(frame);
}

static void side_sent(struct netdev *from UNUSED, void *cookie)
{
	uintptr_t n = (uintptr_t)cookie - 1;

	if (n >= FRAMES || !out[n])
		panic("a frame came back that was not sent");
	out[n] = false;
	came_back++;
}

static void side_told(struct netdev *from UNUSED)
{
	told++;
}

/* Nobody else is there. */
static void side_lock(void)
{
}

static const struct netdev_stack side_stack = { side_add,  side_remove, side_schedule, side_receive,
						side_sent, side_told,   side_told,     side_told,
						side_lock, side_lock };

int net_side_setup(void)
{
	struct page *page = page_alloc_zeroed(0);

	if (!page)
		return -ENOMEM;
	buffer = page_virt(page);
	netdev_set_stack(&side_stack);
	return 0;
}

/* ---- what it does ---- */

void net_side_begin(struct script *from)
{
	script = from;
	received = came_back = told = 0;
}

bool net_side_has_device(void)
{
	return dev;
}

/* False: the device does not take it. */
static bool send_frame(struct net_frame *frame)
{
	uintptr_t n = 0;

	while (n < FRAMES && out[n])
		n++;
	if (n == FRAMES)
		return false;
	frame->cookie = (void *)(n + 1);
	out[n] = true;
	if (dev->ops->transmit(dev, frame))
		out[n] = false;
	return out[n];
}

static void send(void)
{
	struct net_frame frame = { .span_count = 1 + (unsigned)script_take(script, 1) % NET_FRAME_SPANS };
	unsigned len = 1 + (unsigned)script_take(script, 2) % 1500, how = (unsigned)script_take(script, 1);

	for (unsigned i = 0; i < frame.span_count; i++)
		frame.spans[i] = (struct net_span){ buffer + i * 16, i ? len % 64 + 1 : len };
	if (how & 1 && dev->features & NETDEV_CHECKSUM) {
		frame.checksum_start = 34;
		frame.checksum_offset = 16;
	}
	if (how & 2 && dev->features & NETDEV_SEGMENTS) {
		frame.segment = 1448;
		frame.header = 66;
	}
	send_frame(&frame);
}

void net_side_burst(void)
{
	struct net_frame frame = { .spans = { { buffer, BURST_BYTES } }, .span_count = 1 };
	unsigned left = 1 + (unsigned)script_take(script, 1) % FRAMES;

	while (left && send_frame(&frame))
		left--;
	dev->ops->flush(dev);
}

void net_side_poll(void)
{
	for (unsigned i = 0; dev && dev->scheduled && i < POLLS_MAX; i++) {
		dev->scheduled = false;
		if (dev->ops->poll(dev, 16))
			dev->scheduled = true;
	}
}

void net_side_step(void)
{
	switch (script_take(script, 1) % 4) {
	case 0:
		send();
		break;
	case 1:
		dev->ops->flush(dev);
		break;
	case 2:
		net_side_poll();
		break;
	default:
		dev->scheduled = true;
		net_side_poll();
	}
}

void net_side_end(void)
{
	for (unsigned i = 0; i < FRAMES; i++)
		if (out[i])
			panic("a frame was sent and never came back");
	harness_result(2, came_back);
	harness_result(3, told);
}
