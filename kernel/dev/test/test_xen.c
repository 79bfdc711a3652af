/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xenstore's client and the block device, against a daemon and a backend that do what the test says.
 */
#include <arch/arch.h>
#include <kernel/block.h>
#include <kernel/errno.h>
#include <kernel/fake_xen.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/test.h>

#include "../xen_ring.h"

#define SECTORS 128

/* As public/io/blkif.h has them. */
struct request {
	uint8_t operation, segments;
	uint16_t handle;
	uint64_t id, sector;
	struct {
		uint32_t ref;
		uint8_t first, last;
	} seg[11];
};

struct response {
	uint64_t id;
	uint8_t operation;
	int16_t status;
};

static struct fake_xen *fake;
static uint8_t *disk;
static uint64_t id_offset;	/* a lie */
static uint32_t response_extra;	/* another: responses that nobody gave */
static bool is_copy;		/* the machine; it has another backend */

/* ---- xenstore ---- */

static unsigned told;

static void count(struct xenstore_watch *watch UNUSED)
{
	told++;
}

static void use_store(void)
{
	struct xenstore *store = fake->store;
	struct xenstore_watch watch = { .path = "a/b", .changed = count };
	char text[16];

	CHECK_EQ(xenstore_read(store, "a/b", text, sizeof(text)), -ENOENT);
	CHECK_EQ(xenstore_write(store, "a/b", "value"), 0);
	CHECK_EQ(xenstore_write(store, "a/cd/e", ""), 0);
	CHECK_EQ(xenstore_read(store, "a/b", text, sizeof(text)), 5);
	CHECK_STR(text, "value");
	CHECK_EQ(xenstore_read(store, "a/cd/e", text, sizeof(text)), 0);
	CHECK_EQ(xenstore_read(store, "a/b", text, 5), -ENOSPC);
	CHECK_EQ(xenstore_list(store, "a", text, sizeof(text)), 5);
	CHECK(!memcmp(text, "b\0cd", 5));
	told = 0;
	CHECK_EQ(xenstore_watch(store, &watch), 0);
	xenstore_poll(store);
	CHECK_EQ(told, 1);
	fake_xen_set(fake, "a/b", "other");
	xenstore_poll(store);
	CHECK_EQ(told, 2);
	xenstore_unwatch(store, &watch);
	fake_xen_set(fake, "a/b", "third");
	xenstore_poll(store);
	CHECK_EQ(told, 2);
}

static bool begin(void)
{
	fake = heap_zalloc(sizeof(*fake));
	disk = heap_zalloc(SECTORS * BLOCK_SECTOR);
	id_offset = 0;
	response_extra = 0;
	is_copy = false;
	return fake && disk && !fake_xen_init(fake);
}

static void end(void)
{
	CHECK_EQ(fake_xen_end(fake), 0);
	heap_free(disk);
	heap_free(fake);
}

TEST(xenstore_reads_writes_and_watches)
{
	CHECK(begin());
	use_store();
	end();
}

TEST(xenstore_that_lies_is_left_alone)
{
	char text[16];

	CHECK(begin());
	fake->until_silent = 1;
	fake->ring.rsp_prod += XENSTORE_RING + 1;
	CHECK_EQ(xenstore_read(fake->store, "a", text, sizeof(text)), -EIO);
	CHECK_EQ(xenstore_write(fake->store, "a", "b"), -EIO);
	end();
}

/* ---- a disk ---- */

static void move(const struct request *request)
{
	uint8_t *at = disk + request->sector * BLOCK_SECTOR;

	for (unsigned i = 0; i < request->segments; i++) {
		size_t len = (request->seg[i].last - request->seg[i].first + 1) * BLOCK_SECTOR;
		uint8_t *page = fake_xen_page(fake, request->seg[i].ref, request->operation == 0);

		page += request->seg[i].first * BLOCK_SECTOR;
		if (request->operation == 0)
			memcpy(page, at, len);
		else
			memcpy(at, page, len);
		at += len;
	}
}

static void serve(struct fake_xen *f)
{
	struct xen_ring_shared *ring = fake_xen_page(f, fake_xen_number(f, "device/vbd/51712/ring-ref"), true);

	while (ring->rsp_prod != ring->req_prod) {
		uint8_t *entry = ring->entries + ring->rsp_prod % 32 * sizeof(struct request);
		struct request request;
		struct response response;

		memcpy(&request, entry, sizeof(request));
		move(&request);
		response = (struct response){ request.id + id_offset, request.operation, 0 };
		memcpy(entry, &response, sizeof(response));
		atomic_store(&ring->rsp_prod, ring->rsp_prod + 1);
	}
	atomic_store(&ring->req_event, ring->req_prod + 1);
	atomic_store(&ring->rsp_prod, ring->rsp_prod + response_extra);
	fake_xen_interrupt(f);
}

static void wrote(struct fake_xen *f, const char *path, const char *value)
{
	if (!strcmp(path, "device/vbd/51712/state") && !strcmp(value, "3"))
		fake_xen_set(f, is_copy ? "other/state" : "back/state", "4");
}

static struct block_device *found;

static int find_disk(struct block_device *dev, void *context UNUSED)
{
	if (!strncmp(dev->name, "xvd", 3))
		found = dev;
	return 0;
}

static struct block_device *make_disk(void)
{
	static const char *const keys[][2] = {
		{ "device/vbd/51712/backend", "back" }, { "device/vbd/51712/backend-id", "0" },
		{ "device/vbd/51712/state", "1" },	{ "back/state", "2" },
		{ "back/sectors", "128" },		{ "back/sector-size", "512" },
		{ "back/feature-flush-cache", "1" },
	};

	for (size_t i = 0; i < array_size(keys); i++)
		fake_xen_set(fake, keys[i][0], keys[i][1]);
	fake->wrote = wrote;
	fake->rung = serve;
	found = NULL;
	fake_xen_scan(fake);
	block_foreach(find_disk, NULL);
	return found;
}

TEST(xen_disk_reads_what_was_written)
{
	uint8_t *buf = heap_alloc(100 * BLOCK_SECTOR);
	struct block_device *dev;

	CHECK(begin() && buf);
	dev = make_disk();
	CHECK(dev);
	CHECK_EQ(dev->sectors, SECTORS);
	for (size_t i = 0; i < 100 * BLOCK_SECTOR; i++)
		buf[i] = (uint8_t)(i * 7 + i / 512);
	CHECK_EQ(block_write(dev, 3, buf, 100 * BLOCK_SECTOR), 0);
	CHECK(!memcmp(disk + 3 * BLOCK_SECTOR, buf, 100 * BLOCK_SECTOR));
	memset(buf, 0, 100 * BLOCK_SECTOR);
	CHECK_EQ(block_read(dev, 90, buf, 20 * BLOCK_SECTOR), 0);
	CHECK(!memcmp(disk + 90 * BLOCK_SECTOR, buf, 20 * BLOCK_SECTOR));
	CHECK_EQ(block_flush(dev), 0);
	end();
	heap_free(buf);
}

static void note_end(struct block_request *request, int err)
{
	*(int *)request->context = err;
}

/* Pages are shared when they are needed; where there are none to be had, the first slot still has its own. */
TEST(xen_disk_without_grants_has_one_request_at_once)
{
	uint8_t *buf = heap_alloc(2 * PAGE_SIZE);
	int ends[2] = { 1, 1 };
	struct block_request requests[2];
	struct block_device *dev;
	unsigned granted;

	CHECK(begin() && buf);
	dev = make_disk();
	CHECK(dev);
	granted = fake->granted;
	CHECK(granted < 20);
	fake->rung = NULL;
	for (int i = 0; i < 2; i++)
		requests[i] = (struct block_request){ .op = BLOCK_READ,
						      .sectors = 8,
						      .spans = { { buf + i * PAGE_SIZE, PAGE_SIZE } },
						      .span_count = 1,
						      .done = note_end,
						      .context = &ends[i] };
	fake->grants_used = FAKE_XEN_GRANTS - 1;
	CHECK_EQ(dev->ops->submit(dev, &requests[0]), 0);
	CHECK_EQ(dev->ops->submit(dev, &requests[1]), -EAGAIN);
	serve(fake);
	CHECK_EQ(ends[0], 0);
	CHECK_EQ(dev->ops->submit(dev, &requests[1]), 0);
	serve(fake);
	CHECK_EQ(ends[1], 0);
	CHECK_EQ(fake->granted, granted);
	end();
	heap_free(buf);
}

static void break_disk(struct block_device *dev)
{
	uint8_t *buf = heap_alloc(8 * BLOCK_SECTOR);

	CHECK(buf);
	CHECK_EQ(block_read(dev, 0, buf, 8 * BLOCK_SECTOR), -EIO);
	id_offset = 0;
	response_extra = 0;
	CHECK_EQ(block_read(dev, 0, buf, 8 * BLOCK_SECTOR), -EIO);
	heap_free(buf);
}

TEST(xen_disk_that_answers_for_others_is_broken)
{
	struct block_device *dev;

	CHECK(begin());
	dev = make_disk();
	CHECK(dev);
	id_offset = 1000;
	break_disk(dev);
	end();
}

TEST(xen_disk_that_answers_too_much_is_broken)
{
	struct block_device *dev;

	CHECK(begin());
	dev = make_disk();
	CHECK(dev);
	response_extra = 40;
	break_disk(dev);
	end();
}

TEST(xen_disk_whose_backend_goes_is_broken)
{
	struct block_device *dev;

	CHECK(begin());
	dev = make_disk();
	CHECK(dev);
	fake_xen_set(fake, "back/state", "5");
	xenstore_poll(fake->store);
	break_disk(dev);
	end();
}

/* ---- a copy of the machine ---- */

static void become_copy(void)
{
	static const char *const keys[][2] = {
		{ "device/vbd/51712/backend", "other" }, { "other/state", "2" },
		{ "other/sectors", "128" },		 { "other/sector-size", "512" },
		{ "other/feature-flush-cache", "1" },	 { "device/vbd/51712/state", "1" },
	};
	unsigned long flags;

	xen_before_suspension(fake->store);
	flags = arch_irq_save();
	xen_in_copy(fake->store);
	fake_xen_copy(fake);
	arch_irq_restore(flags);
	is_copy = true;
	for (size_t i = 0; i < array_size(keys); i++)
		fake_xen_set(fake, keys[i][0], keys[i][1]);
	xen_after_suspension(fake->store, true);
}

static void nobody(struct fake_xen *f UNUSED)
{
}

static int result;

static void note(struct block_request *request UNUSED, int err)
{
	result = err;
}

/* One that was on its way is done by the new backend, and so are those that come after it. */
static void use_disk_of_copy(struct block_device *dev, uint8_t *buf)
{
	struct block_request request = { .op = BLOCK_READ,
					 .sector = 8,
					 .sectors = 8,
					 .spans = { { buf, 8 * BLOCK_SECTOR } },
					 .span_count = 1,
					 .done = note };

	result = 1;
	fake->rung = nobody;
	CHECK_EQ(dev->ops->submit(dev, &request), 0);
	fake->rung = serve;
	CHECK_EQ(result, 1);
	become_copy();
	CHECK_EQ(result, 0);
	CHECK(!memcmp(buf, disk + 8 * BLOCK_SECTOR, 8 * BLOCK_SECTOR));
	buf[0] ^= 1;
	CHECK_EQ(block_write(dev, 20, buf, 8 * BLOCK_SECTOR), 0);
	CHECK(!memcmp(buf, disk + 20 * BLOCK_SECTOR, 8 * BLOCK_SECTOR));
}

TEST(xen_disk_goes_on_in_a_copy)
{
	uint8_t *buf = heap_zalloc(8 * BLOCK_SECTOR);
	struct block_device *dev;

	CHECK(begin() && buf);
	dev = make_disk();
	CHECK(dev);
	for (size_t i = 0; i < SECTORS * BLOCK_SECTOR; i++)
		disk[i] = (uint8_t)(i * 3 + i / 512);
	use_disk_of_copy(dev, buf);
	end();
	heap_free(buf);
}

/* Watches are the daemon's to know: a copy tells it of all that there are. */
TEST(xenstore_watches_go_on_in_a_copy)
{
	struct xenstore_watch watch = { .path = "a/b", .changed = count };

	CHECK(begin());
	fake_xen_scan(fake);
	CHECK_EQ(xenstore_watch(fake->store, &watch), 0);
	become_copy();
	xenstore_poll(fake->store);
	told = 0;
	fake_xen_set(fake, "a/b", "new");
	xenstore_poll(fake->store);
	CHECK_EQ(told, 1);
	xenstore_unwatch(fake->store, &watch);
	end();
}

/* Nobody is there for it: it is as one whose backend has gone. */
TEST(xen_disk_without_a_backend_in_a_copy_is_broken)
{
	struct block_device *dev;

	CHECK(begin());
	dev = make_disk();
	CHECK(dev);
	fake->wrote = NULL;
	fake_xen_set(fake, "back/state", "4");
	xen_before_suspension(fake->store);
	xen_in_copy(fake->store);
	fake_xen_copy(fake);
	fake_xen_set(fake, "device/vbd/51712/backend", "gone");
	fake_xen_set(fake, "gone/state", "6");
	xen_after_suspension(fake->store, true);
	break_disk(dev);
	end();
}

/* Who comes back as himself has lost nothing. */
TEST(xen_disk_of_the_same_machine_stays)
{
	uint8_t *buf = heap_zalloc(8 * BLOCK_SECTOR);
	struct block_device *dev;

	CHECK(begin() && buf);
	dev = make_disk();
	CHECK(dev);
	xen_before_suspension(fake->store);
	xen_after_suspension(fake->store, false);
	disk[0] = 77;
	CHECK_EQ(block_read(dev, 0, buf, 8 * BLOCK_SECTOR), 0);
	CHECK_EQ(buf[0], 77);
	end();
	heap_free(buf);
}
