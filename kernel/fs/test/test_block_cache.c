/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the block cache reads: a disk in memory counts what it is asked for.
 */
#include <kernel/block.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>

#define PAGES 100u
#define SECTORS_PER_PAGE (PAGE_SIZE / BLOCK_SECTOR)
#define LAST_SECTORS 3u /* of a page that is not whole */

static struct disk {
	unsigned requests, spans_max;
	uint64_t bad_sector;	/* UINT64_MAX: none */
} disk;

static uint64_t word_of(uint64_t sector)
{
	return sector * 1000003 + 1;
}

static int submit(struct block_device *dev, struct block_request *request)
{
	uint64_t sector = request->sector;
	int err = 0;

	disk.requests++;
	disk.spans_max = max(disk.spans_max, request->span_count);
	for (unsigned i = 0; i < request->span_count; i++) {
		char *at = request->spans[i].base;

		for (uint32_t done = 0; done < request->spans[i].len; done += BLOCK_SECTOR, sector++) {
			err = sector == disk.bad_sector || sector >= dev->sectors ? -EIO : err;
			memcpy(at + done, &(uint64_t){ word_of(sector) }, sizeof(uint64_t));
		}
	}
	request->done(request, sector - request->sector == request->sectors ? err : -EIO);
	return 0;
}

static const struct block_ops ops = { .submit = submit };
static struct block_device dev;

static int disk_open(void)
{
	disk = (struct disk){ .bad_sector = UINT64_MAX };
	dev = (struct block_device){ .ops = &ops,
				     .sectors = PAGES * SECTORS_PER_PAGE + LAST_SECTORS,
				     .max_spans = BLOCK_SPANS_MAX };
	return block_add(&dev, "test");
}

/* The word at the start of a page's sector; 0 where it cannot be read. */
static uint64_t read_word(uint64_t page, unsigned sector)
{
	uint64_t word = 0;
	ssize_t n = block_cache_read(&dev, page * PAGE_SIZE + (size_t)sector * BLOCK_SECTOR, &word, sizeof(word));

	return n == sizeof(word) ? word : 0;
}

TEST(block_cache_reads_ahead)
{
	uint64_t wrong = 0;

	CHECK_EQ(disk_open(), 0);
	for (uint64_t page = 0; page <= PAGES; page++)
		wrong += read_word(page, 2) != word_of(page * SECTORS_PER_PAGE + 2);
	block_remove(&dev);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(disk.spans_max, BLOCK_SPANS_MAX);
	CHECK(disk.requests <= 10);
}

TEST(block_cache_reads_alone_what_is_alone)
{
	uint64_t wrong = 0;

	CHECK_EQ(disk_open(), 0);
	for (uint64_t i = 0; i < PAGES / 2; i++)
		wrong += !read_word(i * 2 + 1, 0);
	block_remove(&dev);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(disk.requests, PAGES / 2);
	CHECK_EQ(disk.spans_max, 1);
}

TEST(block_cache_cuts_to_what_the_device_takes)
{
	uint64_t wrong = 0;

	CHECK_EQ(disk_open(), 0);
	dev.max_spans = 3;
	for (uint64_t page = 0; page <= PAGES; page++)
		wrong += read_word(page, 2) != word_of(page * SECTORS_PER_PAGE + 2);
	block_remove(&dev);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(disk.spans_max, 3);
}

TEST(block_cache_fails_only_for_the_bad_page)
{
	uint64_t good = 0, bad;

	CHECK_EQ(disk_open(), 0);
	disk.bad_sector = 50 * SECTORS_PER_PAGE;
	for (uint64_t page = 0; page < PAGES; page++)
		good += read_word(page, 0) == word_of(page * SECTORS_PER_PAGE);
	bad = read_word(50, 0);
	block_remove(&dev);
	CHECK_EQ(bad, 0);
	CHECK_EQ(good, PAGES - 1);
}
