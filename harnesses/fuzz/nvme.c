/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An NVMe controller that is the input: while it is brought up, and while requests are in flight. See block_side.h for
 * the other side.
 * Finds: commands that are completed twice or never, memory that is let go of while it is written, a wait without end.
 */
#include "block_side.h"

#include <kernel/clock.h>
#include <kernel/harness.h>
#include <kernel/log.h>

#define SERVE_NS (10 * NSEC_PER_USEC)
#define SERVE_MAX 40	/* times that the controller looks by itself, in one input */

static struct fake_nvme fake;
static struct script script;
static struct timer serve;
static unsigned served;

/* While the other side sleeps. A script that is over leaves a controller that answers. */
static void serve_next(struct timer *timer UNUSED)
{
	unsigned what = (unsigned)script_take(&script, 1);

	if (what % 4 == 3) {
		fake_nvme_step(&fake, &script);
	} else {
		while (fake_nvme_answer(&fake, 0, 0, 0))
			;
		fake_nvme_answer(&fake, 1, (uint8_t)what, 0);
		fake_pci_interrupt(&fake.pci, 0);
	}
	if (++served < SERVE_MAX)
		timer_arm(&serve, clock_ns() + SERVE_NS);
}

static int nvme_run(const uint8_t *data, size_t size)
{
	struct block_side side = { 0 };
	int err;

	script = script_open(data, size);
	served = 0;
	timer_init(&serve, serve_next);
	timer_arm(&serve, clock_ns() + SERVE_NS);
	err = fake_nvme_attach(&fake, &script);
	if (!err && block_side_begin(&side, "nvme", &script)) {
		while (!script_done(&script)) {
			if (script_take(&script, 1) % 2)
				block_side_step(&side);
			else
				fake_nvme_step(&fake, &script);
		}
	}
	timer_cancel(&serve);
	harness_result(0, (uint64_t)err);
	harness_result(1, side.dev != NULL);
	fake_nvme_detach(&fake);
	block_side_end(&side);
	return err;
}

static int nvme_setup(void)
{
	log_set_level(LOG_ERROR);
	return block_side_setup();
}

HARNESS(nvme, .setup = nvme_setup, .run = nvme_run, .max_size = 8 * KIB,
	.about = "an NVMe controller that does what the input says, below requests and the cache");
