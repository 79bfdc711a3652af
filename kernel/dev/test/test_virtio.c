/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio bus and its queues, against a device that does what the test says.
 */
#include <kernel/errno.h>
#include <kernel/fake.h>
#include <kernel/heap.h>
#include <kernel/random.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/virtio_mmio.h>

static struct fake_virtio *make(uint32_t id)
{
	struct fake_virtio *fake = heap_zalloc(sizeof(*fake));

	if (!fake)
		return NULL;
	fake->id = id;
	fake->features = VIRTIO_BIT(VIRTIO_F_VERSION_1);
	for (unsigned i = 0; i < FAKE_QUEUES; i++)
		fake->queue_max[i] = 8;
	return fake;
}

static void end(struct fake_virtio *fake)
{
	fake_virtio_detach(fake);
	heap_free(fake);
}

TEST(virtio_rng_takes_what_it_is_given)
{
	struct fake_virtio *fake = make(VIRTIO_ID_ENTROPY);
	struct fake_chain chain;

	CHECK(fake);
	CHECK_EQ(fake_virtio_add(fake), 0);
	CHECK_EQ(fake->status, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK |
				       VIRTIO_STATUS_DRIVER_OK);
	CHECK(fake_queue_next(fake, 0, &chain));
	CHECK_EQ(chain.out, 0);
	CHECK_EQ(chain.in, 1);
	CHECK(chain.spans[0].len >= 32);
	memset(chain.spans[0].base, 0x5a, 32);
	fake_queue_use(fake, 0, chain.head, 32);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	CHECK_EQ(fake->interrupt, 0);
	CHECK_EQ(fake->virtio->device.offences, 0);
	end(fake);
}

TEST(virtio_wants_version_1)
{
	struct fake_virtio *fake = make(VIRTIO_ID_ENTROPY);

	CHECK(fake);
	fake->features = 0;
	CHECK_EQ(fake_virtio_add(fake), -EINVAL);
	CHECK(fake->status & VIRTIO_STATUS_FAILED);
	heap_free(fake);
}

TEST(virtio_leaves_what_it_does_not_know)
{
	struct fake_virtio *fake = make(4711);

	CHECK(fake);
	CHECK_EQ(fake_virtio_add(fake), -ENODEV);
	heap_free(fake);
}

/* Each is an offence: the device is reset, and nothing of it is believed any more. */
static void offend(uint32_t id_lie, uint32_t len)
{
	struct fake_virtio *fake = make(VIRTIO_ID_ENTROPY);
	struct fake_chain chain;

	CHECK(fake);
	CHECK_EQ(fake_virtio_add(fake), 0);
	CHECK(fake_queue_next(fake, 0, &chain));
	fake_queue_use(fake, 0, chain.head + id_lie, len);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	CHECK_EQ(fake->virtio->device.offences, 1);
	CHECK(fake->virtio->broken);
	CHECK_EQ(fake->status, 0);
	end(fake);
}

TEST(virtio_used_id_is_checked)
{
	offend(1, 16);
	offend(0x10000, 16);
	offend(UINT32_MAX, 16);
}

TEST(virtio_used_length_is_checked)
{
	offend(0, 65);
	offend(0, UINT32_MAX);
}

TEST(virtio_used_twice_is_an_offence)
{
	struct fake_virtio *fake = make(VIRTIO_ID_ENTROPY);
	struct fake_chain chain;

	CHECK(fake);
	CHECK_EQ(fake_virtio_add(fake), 0);
	CHECK(fake_queue_next(fake, 0, &chain));
	fake_queue_use(fake, 0, chain.head, 16);
	fake_queue_use(fake, 0, chain.head, 16);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	CHECK_EQ(fake->virtio->device.offences, 1);
	end(fake);
}

TEST(virtio_queue_of_no_entries)
{
	struct fake_virtio *fake = make(VIRTIO_ID_ENTROPY);

	CHECK(fake);
	fake->queue_max[0] = 0;
	CHECK_EQ(fake_virtio_add(fake), -ENODEV);
	heap_free(fake);
}
