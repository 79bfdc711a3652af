/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The backend of Xen's network device, which is the input: responses to what was never asked, lengths that lie, indices
 * that jump, states that change. See net_side.h for the other side.
 * Finds: frames beyond their pages, buffers that are lost or given twice, grants that are left.
 */
#include "net_side.h"
#include "xen_side.h"

#include <kernel/clock.h>
#include <kernel/harness.h>
#include <kernel/log.h>

static struct fake_xen fake;

/* Watches are told of what has changed, and then time passes, as breaks are told of later. */
static void look_at_state(void)
{
	xenstore_poll(fake.store);
	clock_virtual_advance(NSEC_PER_USEC);
}

static int xen_net_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	int err;

	net_side_begin(&script);
	err = xen_side_attach(&fake, &script);
	while (!err && !script_done(&script) && net_side_has_device()) {
		switch (script_take(&script, 1) % 8) {
		case 0: net_side_step(); break;
		case 1: net_side_poll(); break;
		case 2: net_side_burst(); break;
		case 3: look_at_state(); break;
		default: xen_side_step(&fake, &script);
		}
	}
	net_side_poll();
	harness_result(0, (uint64_t)err);
	harness_result(1, net_side_has_device());
	xen_side_detach(&fake);
	net_side_end();
	return err;
}

static int xen_net_setup(void)
{
	int err = net_side_setup();

	log_set_level(LOG_ERROR);
	return err ? err : xen_side_setup(&fake, XEN_SIDE_NET);
}

HARNESS(xen_net, .setup = xen_net_setup, .run = xen_net_run, .max_size = KIB,
	.about = "the backend of a Xen network device that does what the input says");
