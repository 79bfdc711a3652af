/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio balloon, against a device that does what the test says.
 */
#include <kernel/balloon.h>
#include <kernel/fake.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/virtio_mmio.h>

#define F_STATS 1
#define F_DEFLATE_ON_OOM 2

static struct fake_virtio *make(uint64_t features)
{
	struct fake_virtio *fake = heap_zalloc(sizeof(*fake));

	if (!fake)
		return NULL;
	fake->id = VIRTIO_ID_BALLOON;
	fake->features = VIRTIO_BIT(VIRTIO_F_VERSION_1) | features;
	for (unsigned i = 0; i < FAKE_QUEUES; i++)
		fake->queue_max[i] = 8;
	if (!fake_virtio_add(fake))
		return fake;
	heap_free(fake);
	return NULL;
}

static void end(struct fake_virtio *fake)
{
	fake_virtio_detach(fake);
	heap_free(fake);
}

static void want(struct fake_virtio *fake, uint32_t pages)
{
	memcpy(fake->config, &pages, sizeof(pages));
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_CONFIG);
}

/* Serves a queue until it is empty: pages that were named. Each must be one that is in use. */
static unsigned serve(struct fake_virtio *fake, unsigned queue, uint8_t state)
{
	struct fake_chain chain;
	unsigned count = 0;

	while (fake_queue_next(fake, queue, &chain)) {
		for (unsigned i = 0; i < chain.spans[0].len / 4; i++) {
			const struct page *page = page_from_phys((phys_t)((uint32_t *)chain.spans[0].base)[i] << 12);

			count += page && page->state == state;
		}
		fake_queue_use(fake, queue, chain.head, 0);
		fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	}
	return count;
}

TEST(virtio_balloon_gives_and_takes_back)
{
	struct fake_virtio *fake = make(0);
	size_t before = page_free_count();

	CHECK(fake);
	want(fake, 500);
	CHECK_EQ(serve(fake, 0, PAGE_USED), 500);
	CHECK(page_free_count() <= before - 500);
	want(fake, 90);
	CHECK_EQ(serve(fake, 1, PAGE_USED), 410);
	CHECK_EQ(serve(fake, 0, PAGE_USED), 0);
	want(fake, 0);
	CHECK_EQ(serve(fake, 1, PAGE_USED), 90);
	CHECK_EQ(fake->virtio->device.offences, 0);
	end(fake);
	CHECK(page_free_count() + 16 > before);
}

TEST(virtio_balloon_keeps_a_reserve)
{
	struct fake_virtio *fake = make(0);
	size_t before = page_free_count();

	CHECK(fake);
	want(fake, UINT32_MAX);
	CHECK(serve(fake, 0, PAGE_USED) > 0);
	CHECK(page_free_count() >= page_total_count() / 8 - 16);
	/* A device that goes leaves nothing behind. */
	end(fake);
	CHECK(page_free_count() + 64 > before);
}

TEST(virtio_balloon_gives_back_when_memory_is_short)
{
	struct fake_virtio *fake = make(VIRTIO_BIT(F_DEFLATE_ON_OOM));
	size_t before;

	CHECK(fake);
	CHECK(!balloon_give_back());
	want(fake, 200);
	CHECK_EQ(serve(fake, 0, PAGE_USED), 200);
	before = page_free_count();
	CHECK(balloon_give_back());
	CHECK(page_free_count() > before);
	/* It is told of those, and asks for no more until it wants something else. */
	CHECK_EQ(serve(fake, 1, PAGE_FREE), page_free_count() - before);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_CONFIG);
	CHECK_EQ(serve(fake, 0, PAGE_USED), 0);
	want(fake, 250);
	CHECK(serve(fake, 0, PAGE_USED) > 0);
	CHECK_EQ(fake->virtio->device.offences, 0);
	end(fake);
	CHECK(!balloon_give_back());
}

TEST(virtio_balloon_tells_statistics)
{
	struct fake_virtio *fake = make(VIRTIO_BIT(F_STATS));
	struct fake_chain chain;

	CHECK(fake);
	for (int i = 0; i < 3; i++) {
		uint16_t tag;
		uint64_t value;

		CHECK(fake_queue_next(fake, 2, &chain));
		CHECK_EQ(chain.spans[0].len, 30);
		memcpy(&tag, chain.spans[0].base + 10, sizeof(tag));
		memcpy(&value, chain.spans[0].base + 12, sizeof(value));
		CHECK_EQ(tag, 5);
		CHECK_EQ(value, page_total_count() * PAGE_SIZE);
		fake_queue_use(fake, 2, chain.head, 0);
		fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	}
	end(fake);
}
