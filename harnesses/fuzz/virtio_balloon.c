/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of a virtio balloon, while memory is short now and then.
 * Finds: pages that are given twice or never come back, a kernel without memory, chunks that are lost.
 */
#include <kernel/balloon.h>
#include <kernel/fake.h>
#include <kernel/harness.h>

#define SHORT_OF_MEMORY 0xff /* of the bytes that say what comes next; all others are the device's */

static struct fake_virtio fake;

static int virtio_balloon_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	int err = fake_virtio_attach(&fake, VIRTIO_ID_BALLOON, &script);
	unsigned given = 0;

	while (!err && !script_done(&script)) {
		if (data[script.at] == SHORT_OF_MEMORY) {
			script.at++;
			given += balloon_give_back();
		} else {
			fake_virtio_step(&fake, &script);
		}
	}
	harness_result(0, (uint64_t)err);
	harness_result(1, fake.status);
	harness_result(2, fake.virtio ? fake.virtio->device.offences : 0);
	harness_result(3, given);
	return err;
}

static void virtio_balloon_teardown(void)
{
	fake_virtio_detach(&fake);
}
HARNESS(virtio_balloon, .run = virtio_balloon_run, .teardown = virtio_balloon_teardown, .max_size = 4 * KIB,
	.about = "a virtio memory balloon that does what the input says");
