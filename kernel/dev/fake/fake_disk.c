/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The disk in memory. Blocks that were never written are those of the image, which are made once.
 */
#include <kernel/fake_disk.h>

#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>

/* All blocks, in pieces that are found in a memory that is in use. */
#define PIECE (256 * KIB)
struct blocks {
	uint8_t *pieces[(FAKE_DISK_BLOCKS * FAKE_DISK_BLOCK + PIECE - 1) / PIECE];
};

static struct fake_disk disk;
static struct blocks images[FAKE_DISK_IMAGES];	/* expanded */
static struct blocks own;			/* what was written */
static const struct blocks *base;		/* the image */
static bool written[FAKE_DISK_BLOCKS], is_made;

static uint8_t *byte_of(const struct blocks *blocks, size_t offset)
{
	return blocks->pieces[offset / PIECE] + offset % PIECE;
}

static uint8_t *place(uint64_t block, bool write)
{
	uint8_t *mine = byte_of(&own, block * FAKE_DISK_BLOCK), *first = byte_of(base, block * FAKE_DISK_BLOCK);

	if (written[block])
		return mine;
	if (!write)
		return first;
	memcpy(mine, first, FAKE_DISK_BLOCK);
	written[block] = true;
	return mine;
}

static void move(uint64_t offset, uint8_t *memory, size_t len, bool write)
{
	while (len) {
		size_t at = (size_t)(offset % FAKE_DISK_BLOCK), part = min(len, FAKE_DISK_BLOCK - at);
		uint8_t *bytes = place(offset / FAKE_DISK_BLOCK, write) + at;

		memcpy(write ? bytes : memory, write ? memory : bytes, part);
		memory += part;
		offset += part;
		len -= part;
	}
}

static bool fails(const struct block_request *request)
{
	uint64_t end = request->sector + request->sectors;

	if (request->op == BLOCK_READ && end > disk.reads_fail_from)
		return true;
	if (disk.data_writes_fail && request->op == BLOCK_WRITE && request->sectors > FAKE_DISK_BLOCK / BLOCK_SECTOR)
		return true;
	if (request->op != BLOCK_READ && (end > disk.writes_fail_from || disk.writes_fail_from == 0))
		return true;
	return request->op != BLOCK_FLUSH && request->sector <= disk.bad_sector && disk.bad_sector < end;
}

static int submit(struct block_device *dev, struct block_request *request)
{
	uint64_t offset = request->sector * BLOCK_SECTOR;
	int err = fails(request) || request->sector + request->sectors > dev->sectors ? -EIO : 0;

	disk.reads += request->op == BLOCK_READ;
	disk.writes += request->op == BLOCK_WRITE;
	disk.flushes += request->op == BLOCK_FLUSH;
	for (unsigned i = 0; !err && i < request->span_count; i++) {
		move(offset, request->spans[i].base, request->spans[i].len, request->op == BLOCK_WRITE);
		offset += request->spans[i].len;
	}
	request->done(request, err);
	return 0;
}

/* What no input leaves anything in that a later one sees: a reset need not look at it. Made once, zero. */
static int make(struct blocks *blocks, size_t size)
{
	for (size_t i = 0; i < (size + PIECE - 1) / PIECE; i++) {
		struct page *pages = blocks->pieces[i] ? NULL : page_run_alloc(PIECE / PAGE_SIZE);

		if (blocks->pieces[i])
			continue;
		if (!pages)
			return -ENOMEM;
		blocks->pieces[i] = page_virt(pages);
		memset(blocks->pieces[i], 0, PIECE);
		if (IS_ENABLED(CONFIG_FUZZ))
			snapshot_exempt(blocks->pieces[i], PIECE);
	}
	return 0;
}

static int expand(unsigned n)
{
	const struct fake_disk_image *image = &fake_disk_images[n];
	int err = make(&images[n], (size_t)image->blocks * FAKE_DISK_BLOCK);

	for (const uint8_t *run = image->runs; !err && run < image->runs + image->size; run += 4 + run[3])
		for (size_t i = 0, at = run[0] | (size_t)run[1] << 8 | (size_t)run[2] << 16; i < run[3]; i++)
			*byte_of(&images[n], at + i) = run[4 + i];
	return err;
}

int fake_disk_get(struct fake_disk **out)
{
	static const struct block_ops ops = { .submit = submit };
	int err = 0;

	*out = &disk;
	if (is_made)
		return 0;
	for (unsigned i = 0; !err && i < FAKE_DISK_IMAGES; i++)
		err = expand(i);
	if (!err)
		err = make(&own, (size_t)FAKE_DISK_BLOCKS * FAKE_DISK_BLOCK);
	if (err)
		return err;
	is_made = true;
	disk.block = (struct block_device){
		.ops = &ops, .can_flush = true, .max_spans = BLOCK_SPANS_MAX, .sectors = 2, .scanned = true
	};
	base = &images[0];
	return block_add(&disk.block, "fake");
}

void fake_disk_load(struct fake_disk *d, unsigned image)
{
	block_cache_forget(&d->block, 0, d->block.sectors * BLOCK_SECTOR);
	base = &images[image % FAKE_DISK_IMAGES];
	memset(written, 0, sizeof(written));
	d->block.sectors = fake_disk_images[image % FAKE_DISK_IMAGES].blocks * (FAKE_DISK_BLOCK / BLOCK_SECTOR);
	d->reads_fail_from = d->writes_fail_from = d->bad_sector = UINT64_MAX;
	d->data_writes_fail = false;
	d->reads = d->writes = d->flushes = 0;
}

void fake_disk_patch(struct fake_disk *d, uint64_t offset, const void *bytes, size_t len)
{
	uint64_t size = d->block.sectors * BLOCK_SECTOR;

	if (offset >= size)
		return;
	len = (size_t)min((uint64_t)len, size - offset);
	move(offset, (void *)bytes, len, true);
	block_cache_forget(&d->block, offset, len);
}
