/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An Intel 82540EM that is the input: frames and lengths that lie, descriptors written over, registers that say
 * anything. See net_side.h for the other side.
 * Finds: frames beyond their buffers, buffers that are lost or given twice, a reset or a poll that does not end.
 */
#include "net_side.h"

#include <kernel/fake.h>
#include <kernel/harness.h>
#include <kernel/log.h>

static struct fake_e1000 fake;

static int e1000_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	int err;

	net_side_begin(&script);
	err = fake_e1000_attach(&fake, &script);
	while (!err && !script_done(&script) && net_side_has_device()) {
		switch (script_take(&script, 1) % 4) {
		case 0: net_side_step(); break;
		case 1: net_side_poll(); break;
		default: fake_e1000_step(&fake, &script);
		}
	}
	net_side_poll();
	harness_result(0, (uint64_t)err);
	harness_result(1, net_side_has_device());
	fake_e1000_detach(&fake);
	net_side_end();
	return err;
}

static int e1000_setup(void)
{
	log_set_level(LOG_ERROR);
	return net_side_setup();
}

HARNESS(e1000, .setup = e1000_setup, .run = e1000_run, .max_size = 8 * KIB,
	.about = "an Intel network controller that does what the input says");
