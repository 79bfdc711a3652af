/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of virtio-rng, and so of what all virtio drivers share: features, queues, interrupts, what is used.
 * Finds: ids and lengths that are believed, descriptors that are lost or given twice, a device that is not let go of.
 */
#include <kernel/fake.h>
#include <kernel/harness.h>

static int virtio_rng_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	static struct fake_virtio fake;
	int err = fake_virtio_attach(&fake, VIRTIO_ID_ENTROPY, &script);

	while (!err && !script_done(&script))
		fake_virtio_step(&fake, &script);
	harness_result(0, (uint64_t)err);
	harness_result(1, fake.status);
	harness_result(2, fake.virtio ? fake.virtio->device.offences : 0);
	fake_virtio_detach(&fake);
	return err;
}
HARNESS(virtio_rng, .run = virtio_rng_run, .max_size = 4 * KIB,
	.about = "a virtio entropy device that does what the input says");
