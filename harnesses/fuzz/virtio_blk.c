/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of virtio-blk: it answers, lies, stays silent or breaks while requests are in flight, and while the
 * cache and its callers wait for it. See block_side.h for the other side.
 * Finds: requests that end twice or never, memory of a request that is given up too early, sizes that are believed.
 */
#include "block_side.h"

#include <kernel/fake.h>
#include <kernel/harness.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/virtio_mmio.h>

#define SERVE_NS (10 * NSEC_PER_USEC)
#define SERVE_MAX 24	/* times that the device looks at its queue by itself, in one input */

static struct fake_virtio fake;
static struct script script;
static struct timer serve;
static unsigned served;

/* As a disk would: data of one byte's pattern, and a status that may be an error. */
static void answer(void)
{
	struct fake_chain chain;
	uint32_t written = 0;

	if (!fake_queue_next(&fake, 0, &chain))
		return;
	for (unsigned i = chain.out; i < chain.out + chain.in; i++) {
		uint8_t fill = (uint8_t)script_take(&script, 1);
		bool is_status = i + 1 == chain.out + chain.in;

		if (!fake.scribbled)
			memset(chain.spans[i].base, is_status ? fill % 4 : fill, chain.spans[i].len);
		written += chain.spans[i].len;
	}
	fake_queue_use(&fake, 0, chain.head, written);
	fake_virtio_interrupt(&fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
}

/* While the other side sleeps. A script that is over leaves a device that answers. */
static void serve_next(struct timer *timer UNUSED)
{
	if (script_done(&script) || script_take(&script, 1) % 4)
		answer();
	else
		fake_virtio_step(&fake, &script);
	if (++served < SERVE_MAX)
		timer_arm(&serve, clock_ns() + SERVE_NS);
}

static void run_device(void)
{
	if (script_take(&script, 1) % 2)
		answer();
	else
		fake_virtio_step(&fake, &script);
}

static int virtio_blk_run(const uint8_t *data, size_t size)
{
	struct block_side side = { 0 };
	int err;

	script = script_open(data, size);
	served = 0;
	timer_init(&serve, serve_next);
	err = fake_virtio_attach(&fake, VIRTIO_ID_BLOCK, &script);
	if (!err && block_side_begin(&side, "vd", &script)) {
		timer_arm(&serve, clock_ns() + SERVE_NS);
		while (!script_done(&script)) {
			if (script_take(&script, 1) % 2)
				block_side_step(&side);
			else
				run_device();
		}
		harness_result(1, fake.virtio->device.offences);
	}
	timer_cancel(&serve);
	harness_result(0, (uint64_t)err);
	fake_virtio_detach(&fake);
	block_side_end(&side);
	return err;
}

static int virtio_blk_setup(void)
{
	log_set_level(LOG_ERROR);
	return block_side_setup();
}

HARNESS(virtio_blk, .setup = virtio_blk_setup, .run = virtio_blk_run, .max_size = 8 * KIB,
	.about = "a virtio disk that does what the input says, below requests and the cache");
