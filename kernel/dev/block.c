/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Block devices: the list of them, and waiting for what was asked of one.
 */
#include <kernel/block.h>

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#define MAJOR 254
#define PIECE_MAX (128 * KIB) /* of a request */

static struct mutex lock = MUTEX_INIT(lock);
static struct list devices = LIST_INIT(devices);
static unsigned next_minor;

int block_add(struct block_device *dev, const char *prefix)
{
	int err;

	wait_queue_init(&dev->room);
	dev->max_spans = min(dev->max_spans ? dev->max_spans : 1, (unsigned)BLOCK_SPANS_MAX);
	err = block_cache_create(dev);
	if (err)
		return err;
	mutex_lock(&lock);
	format(dev->name, sizeof(dev->name), "%s%c", prefix, 'a' + (int)(next_minor % 26));
	dev->rdev = DEV_MAKE(MAJOR, next_minor++);
	list_append(&devices, &dev->node);
	mutex_unlock(&lock);
	log_info("%s: %lu sectors%s", dev->name, dev->sectors, dev->read_only ? ", read-only" : "");
	return 0;
}

void block_remove(struct block_device *dev)
{
	mutex_lock(&lock);
	list_remove(&dev->node);
	mutex_unlock(&lock);
	block_cache_destroy(dev);
}

struct block_device *block_find(uint32_t rdev)
{
	struct block_device *found = NULL;

	mutex_lock(&lock);
	list_foreach(&devices, struct block_device, node, dev)
		if (dev->rdev == rdev)
			found = dev;
	mutex_unlock(&lock);
	return found;
}

int block_foreach(int (*visit)(struct block_device *dev, void *context), void *context)
{
	int result = 0;

	mutex_lock(&lock);
	list_foreach(&devices, struct block_device, node, dev) {
		result = visit(dev, context);
		if (result)
			break;
	}
	mutex_unlock(&lock);
	return result;
}

/* ---- one request, and its end ---- */

struct waiter {
	struct wait_queue done_queue;
	bool done;
	int err;
};

static void request_done(struct block_request *request, int err)
{
	struct waiter *waiter = request->context;

	waiter->err = err;
	atomic_store(&waiter->done, true);
	wake_all(&waiter->done_queue);
}

static bool is_done(void *arg)
{
	const struct waiter *waiter = arg;

	return atomic_load(&waiter->done);
}

struct turn {
	struct block_device *dev;
	unsigned seen;
};

static bool has_room(void *arg)
{
	const struct turn *turn = arg;

	return atomic_load(&turn->dev->freed) != turn->seen;
}

void block_queue_freed(struct block_device *dev)
{
	atomic_fetch_add(&dev->freed, 1);
	wake_all(&dev->room);
}

/* A transfer is not given up half way: the device has its memory. */
static int perform(struct block_device *dev, struct block_request *request)
{
	struct waiter *waiter = heap_zalloc(sizeof(*waiter));
	int err;

	if (!waiter)
		return -ENOMEM;
	wait_queue_init(&waiter->done_queue);
	request->done = request_done;
	request->context = waiter;
	for (;;) {
		struct turn turn = { dev, atomic_load(&dev->freed) };

		err = dev->ops->submit(dev, request);
		if (err != -EAGAIN)
			break;
		wait_for_work(&dev->room, has_room, &turn);
	}
	if (!err) {
		wait_for_work(&waiter->done_queue, is_done, waiter);
		err = waiter->err;
	}
	heap_free(waiter);
	if (err)
		atomic_fetch_add(&dev->errors, 1);
	return err;
}

static int transfer(struct block_device *dev, enum block_op op, uint64_t sector, void *buf, size_t len)
{
	struct block_request *request;
	char *at = buf;
	int err = 0;

	if (len % BLOCK_SECTOR || sector > dev->sectors || len / BLOCK_SECTOR > dev->sectors - sector)
		return -EINVAL;
	if (op == BLOCK_WRITE && dev->read_only)
		return -EROFS;
	request = heap_alloc(sizeof(*request));
	if (!request)
		return -ENOMEM;
	while (len && !err) {
		size_t piece = min(len, (size_t)PIECE_MAX);

		request->op = op;
		request->sector = sector;
		request->sectors = piece / BLOCK_SECTOR;
		request->spans[0] = (struct block_span){ at, (uint32_t)piece };
		request->span_count = 1;
		err = perform(dev, request);
		at += piece;
		len -= piece;
		sector += piece / BLOCK_SECTOR;
	}
	heap_free(request);
	return err;
}

int block_read(struct block_device *dev, uint64_t sector, void *buf, size_t len)
{
	return transfer(dev, BLOCK_READ, sector, buf, len);
}

int block_write(struct block_device *dev, uint64_t sector, const void *buf, size_t len)
{
	return transfer(dev, BLOCK_WRITE, sector, (void *)buf, len);
}

static int without_data(struct block_device *dev, enum block_op op, uint64_t sector, uint64_t sectors)
{
	struct block_request *request = heap_zalloc(sizeof(*request));
	int err;

	if (!request)
		return -ENOMEM;
	request->op = op;
	request->sector = sector;
	request->sectors = sectors;
	err = perform(dev, request);
	heap_free(request);
	return err;
}

int block_flush(struct block_device *dev)
{
	return dev->can_flush ? without_data(dev, BLOCK_FLUSH, 0, 0) : 0;
}

int block_discard(struct block_device *dev, uint64_t sector, uint64_t sectors)
{
	if (!dev->can_discard)
		return -EOPNOTSUPP;
	if (sector > dev->sectors || sectors > dev->sectors - sector)
		return -EINVAL;
	return without_data(dev, BLOCK_DISCARD, sector, sectors);
}
