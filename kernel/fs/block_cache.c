/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cache of block devices: their pages, by index, in memory until there are too many. Programs' files of devices
 * read and write it; nothing reaches a device before it is synchronized, or the cache is full.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/block.h>
#include <kernel/heap.h>
#include <kernel/metrics.h>
#include <kernel/page.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "page_tree.h"

#define PAGE_DIRTY 1u		/* page->flags */
#define DIRTY_MAX 1024		/* pages; more are written at once */
#define MEMORY_SHARE 4		/* a quarter of what is free is the cache's */
#define WINDOW_MAX 32u		/* pages that are read at once */
#define SECTORS_PER_PAGE (PAGE_SIZE / BLOCK_SECTOR)

/* Linux, include/uapi/linux/fs.h. */
#define BLKROGET 0x125eu
#define BLKGETSIZE 0x1260u
#define BLKFLSBUF 0x1261u
#define BLKRAGET 0x1263u
#define BLKSSZGET 0x1268u
#define BLKBSZGET 0x80081270u
#define BLKBSZSET 0x40081271u
#define BLKGETSIZE64 0x80081272u
#define BLKDISCARD 0x1277u
#define BLKIOMIN 0x1278u
#define BLKIOOPT 0x1279u
#define BLKALIGNOFF 0x127au
#define BLKPBSZGET 0x127bu
#define BLKDISCARDZEROES 0x127cu
#define BLKROTATIONAL 0x127eu
#define BLKZEROOUT 0x127fu

struct block_cache {
	struct mutex lock;	/* guards all, transfers included */
	struct page_tree pages;
	size_t count, dirty;
};

int block_cache_create(struct block_device *dev)
{
	dev->cache = heap_zalloc(sizeof(*dev->cache));
	if (!dev->cache)
		return -ENOMEM;
	mutex_init(&dev->cache->lock);
	return 0;
}

void block_cache_destroy(struct block_device *dev)
{
	page_tree_remove(&dev->cache->pages, 0, UINT64_MAX);
	heap_free(dev->cache);
	dev->cache = NULL;
}

/* Bytes of a page that the device has. */
static size_t page_bytes(const struct block_device *dev, uint64_t index)
{
	return (size_t)min((dev->sectors - index * SECTORS_PER_PAGE) * BLOCK_SECTOR, (uint64_t)PAGE_SIZE);
}

static int write_dirty(struct block_device *dev)
{
	struct block_cache *cache = dev->cache;
	uint64_t index = page_tree_next(&cache->pages, 0, false);
	int first_err = 0;

	for (; cache->dirty && index != UINT64_MAX; index = page_tree_next(&cache->pages, index + 1, false)) {
		struct page *page = page_tree_find(&cache->pages, index);
		int err;

		if (!(page->flags & PAGE_DIRTY))
			continue;
		err = block_write(dev, index * SECTORS_PER_PAGE, page_virt(page), page_bytes(dev, index));
		if (err) {
			first_err = first_err ?: err;
			continue;
		}
		page->flags &= (uint16_t)~PAGE_DIRTY;
		cache->dirty--;
	}
	return first_err;
}

/* Makes room: what is written already can be read again. */
static int trim(struct block_device *dev)
{
	struct block_cache *cache = dev->cache;
	int err = 0;

	if (cache->dirty > DIRTY_MAX)
		err = write_dirty(dev);
	if (!err && cache->count > page_free_count() / MEMORY_SHARE && !(err = write_dirty(dev)))
		cache->count -= page_tree_remove(&cache->pages, 0, UINT64_MAX);
	return err;
}

/*
 * How many pages to read, from one that is not there: twice as many as there are right before it, since who has read
 * those in a row goes on; up to the next that is there.
 */
static unsigned choose_window(const struct block_device *dev, uint64_t index)
{
	const struct page_tree *pages = &dev->cache->pages;
	uint64_t left = (dev->sectors + SECTORS_PER_PAGE - 1) / SECTORS_PER_PAGE - index;
	unsigned before = 0, count = 1, limit;

	while (2 * before < WINDOW_MAX && before < index && page_tree_find(pages, index - 1 - before))
		before++;
	limit = (unsigned)min((uint64_t)(2 * before), left);
	while (count < limit && !page_tree_find(pages, index + count))
		count++;
	return count;
}

/* Puts a new page in; takes over its reference. Lock. */
static int insert(struct block_cache *cache, uint64_t index, struct page *page)
{
	int err = page_tree_insert(&cache->pages, index, page);

	if (err)
		page_put(page);
	else
		cache->count++;
	return err;
}

/* Reads pages that are not there, or at least the first one. Lock. */
static int read_window(struct block_device *dev, uint64_t index, unsigned count)
{
	struct block_span spans[WINDOW_MAX];
	unsigned got = 0, kept = 0;
	int err;

	for (; got < count; got++) {
		struct page *page = page_alloc_zeroed(0);

		if (!page)
			break;
		spans[got] = (struct block_span){ page_virt(page), (uint32_t)page_bytes(dev, index + got) };
	}
	if (!got)
		return -ENOMEM;
	err = block_transfer(dev, BLOCK_READ, index * SECTORS_PER_PAGE, spans, got);
	for (unsigned i = 0; i < got; i++) {
		struct page *page = page_from_virt(spans[i].base);

		if (err) {
			page_put(page);
			continue;
		}
		err = insert(dev->cache, index + i, page);
		kept += !err;
	}
	return kept ? 0 : err;
}

static const char *const results[] = { "hit", "miss" };
METRIC_COUNTERS(block_cache_lookups, "Pages of disks that were wanted, and were in memory or not", "result", results);

/* A page, read unless all of it is about to be written. Lock. */
static int get_page(struct block_device *dev, uint64_t index, bool whole, struct page **out)
{
	struct block_cache *cache = dev->cache;
	int err = 0;

	*out = page_tree_find(&cache->pages, index);
	metric_inc_at(block_cache_lookups, !*out);
	if (!*out)
		err = trim(dev);
	if (*out || err)
		return err;
	if (whole) {
		struct page *page = page_alloc_zeroed(0);

		err = page ? insert(cache, index, page) : -ENOMEM;
	} else if (read_window(dev, index, choose_window(dev, index))) {
		err = read_window(dev, index, 1);	/* it is the others that cannot be read, perhaps */
	}
	*out = page_tree_find(&cache->pages, index);
	return err;
}

/* One page's part of a transfer. Lock. */
static ssize_t move_part(struct block_device *dev, uint64_t offset, struct io *io, size_t len, bool write)
{
	size_t at = offset % PAGE_SIZE;
	struct page *page;
	ssize_t n;
	int err = get_page(dev, offset / PAGE_SIZE, write && len == PAGE_SIZE, &page);

	if (err)
		return err;
	n = write ? io_get(io, (char *)page_virt(page) + at, len) : io_put(io, (char *)page_virt(page) + at, len);
	if (write && n > 0 && !(page->flags & PAGE_DIRTY)) {
		page->flags |= PAGE_DIRTY;
		dev->cache->dirty++;
	}
	return n;
}

static ssize_t move(struct block_device *dev, uint64_t offset, struct io *io, bool write)
{
	uint64_t size = dev->sectors * BLOCK_SECTOR;
	ssize_t total = 0;

	if (write && dev->read_only)
		return -EPERM;
	mutex_lock(&dev->cache->lock);
	while (io->remaining && offset < size) {
		size_t len = min(PAGE_SIZE - (size_t)(offset % PAGE_SIZE), io->remaining);
		ssize_t n;

		len = (size_t)min((uint64_t)len, size - offset);
		n = move_part(dev, offset, io, len, write);
		if (n < 0) {
			total = total ? total : n;
			break;
		}
		total += n;
		offset += (uint64_t)n;
		if ((size_t)n != len)
			break;
	}
	mutex_unlock(&dev->cache->lock);
	return total;
}

ssize_t block_cache_read(struct block_device *dev, uint64_t offset, void *buf, size_t len)
{
	struct io io;

	io_kernel(&io, buf, len);
	return move(dev, offset, &io, false);
}

ssize_t block_cache_write(struct block_device *dev, uint64_t offset, const void *buf, size_t len)
{
	struct io io;

	io_kernel(&io, (void *)buf, len);
	return move(dev, offset, &io, true);
}

int block_cache_sync(struct block_device *dev)
{
	int err, flushed;

	mutex_lock(&dev->cache->lock);
	err = write_dirty(dev);
	flushed = block_flush(dev);
	mutex_unlock(&dev->cache->lock);
	return err ? err : flushed;
}

int block_cache_write_through(struct block_device *dev, uint64_t offset, const void *buf, size_t len)
{
	const char *from = buf;
	int err;

	mutex_lock(&dev->cache->lock);
	err = block_write(dev, offset / BLOCK_SECTOR, buf, len);
	for (size_t at = 0, part; !err && at < len; at += part) {
		struct page *page = page_tree_find(&dev->cache->pages, (offset + at) / PAGE_SIZE);
		size_t in = (size_t)((offset + at) % PAGE_SIZE);

		part = min(PAGE_SIZE - in, len - at);
		if (page)
			memcpy((char *)page_virt(page) + in, from + at, part);
	}
	mutex_unlock(&dev->cache->lock);
	return err;
}

void block_cache_forget(struct block_device *dev, uint64_t offset, uint64_t len)
{
	struct block_cache *cache = dev->cache;
	uint64_t index = offset / PAGE_SIZE, end = (offset + len + PAGE_SIZE - 1) / PAGE_SIZE;

	mutex_lock(&cache->lock);
	for (; cache->count && (index = page_tree_next(&cache->pages, index, false)) < end; index++) {
		if (page_tree_find(&cache->pages, index)->flags & PAGE_DIRTY)
			cache->dirty--;
		cache->count -= page_tree_remove(&cache->pages, index, index);
	}
	mutex_unlock(&cache->lock);
}

static int sync_one(struct block_device *dev, void *context UNUSED)
{
	block_cache_sync(dev);
	return 0;
}

void block_sync_all(void)
{
	block_foreach(sync_one, NULL);
}

/* ---- nodes ---- */

static int block_open(struct file *file)
{
	file->data = block_find(file->inode->rdev);
	if (!file->data)
		return -ENXIO;
	return ((struct block_device *)file->data)->read_only && file_may_write(file) ? -EROFS : 0;
}

static ssize_t block_file_read(struct file *file, struct io *io, off_t *position)
{
	ssize_t n = move(file->data, (uint64_t)*position, io, false);

	if (n > 0)
		*position += n;
	return n;
}

static ssize_t block_file_write(struct file *file, struct io *io, off_t *position)
{
	struct block_device *dev = file->data;
	ssize_t n;

	if (io->remaining && (uint64_t)*position >= dev->sectors * BLOCK_SECTOR)
		return -ENOSPC;
	n = move(dev, (uint64_t)*position, io, true);
	if (n > 0)
		*position += n;
	return n;
}

static off_t block_seek(struct file *file, off_t offset, int whence)
{
	const struct block_device *dev = file->data;

	return file_seek_size(file, offset, whence, (off_t)(dev->sectors * BLOCK_SECTOR));
}

/* For a device that cannot do it by itself. */
static int write_zero_pages(struct block_device *dev, uint64_t offset, uint64_t len)
{
	struct page *page = page_alloc_zeroed(0);
	int err = page ? 0 : -ENOMEM;

	for (uint64_t at = 0; !err && at < len; at += PAGE_SIZE)
		err = block_write(dev, (offset + at) / BLOCK_SECTOR, page_virt(page),
				  (size_t)min(len - at, (uint64_t)PAGE_SIZE));
	if (page)
		page_put(page);
	return err;
}

/* Writes all, and forgets it: the next read is the device's. */
static int block_flush_cache(struct block_device *dev)
{
	int err = block_cache_sync(dev);

	if (!err)
		block_cache_forget(dev, 0, dev->sectors * BLOCK_SECTOR);
	return err;
}

/* A range of whole sectors that a program gave: discarded, or written with zeroes. */
static long change_range(struct file *file, bool zeroes, user_ptr_t argument)
{
	struct block_device *dev = file->data;
	uint64_t range[2];
	int err = user_read(&range, argument);

	if (err)
		return err;
	if (!file_may_write(file))
		return -EBADF;
	if ((range[0] | range[1]) % dev->block_size || !range[1] || range[0] > dev->sectors * BLOCK_SECTOR ||
	    range[1] > dev->sectors * BLOCK_SECTOR - range[0])
		return -EINVAL;
	block_cache_forget(dev, range[0], range[1]);
	if (!zeroes)
		return block_discard(dev, range[0] / BLOCK_SECTOR, range[1] / BLOCK_SECTOR);
	err = block_write_zeroes(dev, range[0] / BLOCK_SECTOR, range[1] / BLOCK_SECTOR);
	return err == -EOPNOTSUPP ? write_zero_pages(dev, range[0], range[1]) : err;
}

static long put_int(user_ptr_t argument, int value)
{
	return user_write(argument, &value);
}

static long block_ioctl(struct file *file, unsigned command, user_ptr_t argument)
{
	struct block_device *dev = file->data;
	uint64_t bytes = dev->sectors * BLOCK_SECTOR, zero = 0;

	switch (command) {
	case BLKGETSIZE: return user_write(argument, &dev->sectors);
	case BLKGETSIZE64: return user_write(argument, &bytes);
	case BLKROGET: return put_int(argument, dev->read_only);
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN: return put_int(argument, (int)dev->block_size);
	case BLKBSZGET: return put_int(argument, PAGE_SIZE);
	case BLKBSZSET: return 0; /* the cache has pages, whatever is asked for */
	case BLKIOOPT:
	case BLKALIGNOFF:
	case BLKDISCARDZEROES: return put_int(argument, 0);
	case BLKRAGET: return user_write(argument, &zero);
	case BLKROTATIONAL: {
		uint16_t rotates = 0;

		return user_write(argument, &rotates);
	}
	case BLKFLSBUF: return block_flush_cache(dev);
	case BLKDISCARD:
	case BLKZEROOUT: return change_range(file, command == BLKZEROOUT, argument);
	default: return -ENOTTY;
	}
}

static int block_sync(struct file *file, bool data_only UNUSED)
{
	return block_cache_sync(file->data);
}

/* What was written stays in the cache: sync and the machine's end see to it. */
const struct file_ops block_fops = {
	.open = block_open,
	.read = block_file_read,
	.write = block_file_write,
	.seek = block_seek,
	.ioctl = block_ioctl,
	.sync = block_sync,
};
