/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of virtio-net: frames in any number of buffers, headers and lengths that lie, a link that comes and
 * goes, buffers that never come back. See net_side.h for the other side.
 * Finds: frames beyond their buffers, buffers that are lost or given twice, a poll that does not end.
 */
#include "net_side.h"

#include <kernel/clock.h>
#include <kernel/fake.h>
#include <kernel/harness.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/virtio_mmio.h>

enum { QUEUE_RX, QUEUE_TX };

static struct fake_virtio fake;

/* A frame in as many buffers as the script says, under a header that counts them, or does not. */
static void deliver(struct script *script)
{
	unsigned count = (unsigned)script_take(script, 1) % 4 + 1;
	struct fake_chain chain;

	for (unsigned i = 0; i < count && fake_queue_next(&fake, QUEUE_RX, &chain); i++) {
		uint32_t len = min((uint32_t)script_take(script, 2) % 2048, chain.spans[0].len);
		uint8_t *to = chain.spans[0].base;

		if (!fake.scribbled && chain.in) {
			script_bytes(script, to, min(len, 64u));
			if (!i && len >= 12)
				memcpy(to + 10, &(uint16_t){ (uint16_t)(count + script_take(script, 1)) }, 2);
		}
		fake_queue_use(&fake, QUEUE_RX, chain.head, len);
	}
	fake_virtio_interrupt(&fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
}

static void send_all(void)
{
	struct fake_chain chain;

	while (fake_queue_next(&fake, QUEUE_TX, &chain))
		fake_queue_use(&fake, QUEUE_TX, chain.head, 0);
	fake_virtio_interrupt(&fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
}

static void step(struct script *script)
{
	switch (script_take(script, 1) % 8) {
	case 0:
	case 1: net_side_step(); break;
	case 2:
	case 3: net_side_poll(); break;
	case 4: deliver(script); break;
	case 5: send_all(); break;
	case 6: clock_virtual_advance(NSEC_PER_USEC); break;
	default: fake_virtio_step(&fake, script);
	}
}

static int virtio_net_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	int err = fake_virtio_attach(&fake, VIRTIO_ID_NET, &script);

	net_side_begin(&script);
	while (!err && !script_done(&script))
		step(&script);
	net_side_poll();
	harness_result(0, (uint64_t)err);
	harness_result(1, fake.virtio ? fake.virtio->device.offences : 0);
	fake_virtio_detach(&fake);
	net_side_end();
	return err;
}

static int virtio_net_setup(void)
{
	log_set_level(LOG_ERROR);
	return net_side_setup();
}

HARNESS(virtio_net, .setup = virtio_net_setup, .run = virtio_net_run, .max_size = 8 * KIB,
	.about = "a virtio network device that does what the input says");
