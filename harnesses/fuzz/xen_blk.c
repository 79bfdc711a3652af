/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The backend of Xen's block device: it answers, lies, stays silent or goes while requests are in flight, and while the
 * cache and its callers wait for it. See block_side.h for the other side.
 * Finds: requests that end twice or never, sizes that are believed, grants that are left.
 */
#include "block_side.h"
#include "xen_side.h"

#include <kernel/harness.h>
#include <kernel/log.h>

#define SERVE_NS (10 * NSEC_PER_USEC)
#define SERVE_MAX 24 /* times that the backend looks at its ring by itself, in one input */

static struct fake_xen fake;
static struct script script;
static struct timer serve;
static unsigned served;

/* While the other side sleeps. A script that is over leaves a backend that answers. */
static void serve_next(struct timer *timer UNUSED)
{
	if (script_done(&script) || script_take(&script, 1) % 4)
		xen_side_answer(&fake, &script);
	else
		xen_side_step(&fake, &script);
	if (++served < SERVE_MAX)
		timer_arm(&serve, clock_ns() + SERVE_NS);
}

static int xen_blk_run(const uint8_t *data, size_t size)
{
	struct block_side side = { 0 };
	int err;

	script = script_open(data, size);
	served = 0;
	timer_init(&serve, serve_next);
	err = xen_side_attach(&fake, &script);
	if (!err && block_side_begin(&side, "xvd", &script)) {
		timer_arm(&serve, clock_ns() + SERVE_NS);
		while (!script_done(&script)) {
			if (script_take(&script, 1) % 2)
				block_side_step(&side);
			else
				xen_side_step(&fake, &script);
		}
	}
	timer_cancel(&serve);
	harness_result(0, (uint64_t)err);
	xen_side_detach(&fake);
	block_side_end(&side);
	return err;
}

static int xen_blk_setup(void)
{
	int err = block_side_setup();

	log_set_level(LOG_ERROR);
	return err ? err : xen_side_setup(&fake, XEN_SIDE_BLOCK);
}

HARNESS(xen_blk, .setup = xen_blk_setup, .run = xen_blk_run, .max_size = KIB,
	.about = "the backend of a Xen disk that does what the input says, below requests and the cache");
