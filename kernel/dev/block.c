/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Block devices: the list of them, and waiting for what was asked of one.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/block.h>

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/mutex.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#define MAJOR_VIRTIO 254
#define MAJOR_EXTENDED 259 /* numbers in order of arrival */
#define MINORS_OF_DISK 16
#define PIECE_MAX (128 * KIB) /* of a request */
#define REQUEST_NS (30 * NSEC_PER_SEC) /* a device that takes longer is given up */

static struct mutex lock = MUTEX_INIT(lock);
static struct list devices = LIST_INIT(devices);
static unsigned next_extended;

/* enum block_op */
static const char *const operations[] = { "read", "write", "flush", "discard", "write_zeroes" };
METRIC_COUNTERS(block_requests, "Requests that disks were given", "operation", operations);
METRIC_COUNTERS(block_bytes, "Bytes that these were about", "operation", operations);
METRIC_COUNTER(block_errors, "Requests that failed");
METRIC_LATENCY(block_request, "Time from asking a disk for something to having it");

static unsigned next_index(const char *prefix)
{
	unsigned index = 0;

	list_foreach(&devices, struct block_device, node, dev)
		if (!dev->partition && !strncmp(dev->name, prefix, strlen(prefix)))
			index = max(index, dev->index + 1);
	return index;
}

/* "vda" to "vdz", "vdaa" and so on; NVMe counts, and names the first of a controller's namespaces. */
static void name_disk(struct block_device *dev, const char *prefix)
{
	unsigned n = dev->index;

	if (!strcmp(prefix, "nvme"))
		format(dev->name, sizeof(dev->name), "nvme%un1", n);
	else if (n < 26)
		format(dev->name, sizeof(dev->name), "%s%c", prefix, 'a' + (int)n);
	else
		format(dev->name, sizeof(dev->name), "%s%c%c", prefix, 'a' + (int)(n / 26 - 1) % 26,
		       'a' + (int)(n % 26));
}

/* The lock is held. */
static void add_to_list(struct block_device *dev, const char *prefix)
{
	dev->index = next_index(prefix);
	name_disk(dev, prefix);
	dev->rdev = !strcmp(prefix, "nvme") ? DEV_MAKE(MAJOR_EXTENDED, next_extended++)
					    : DEV_MAKE(MAJOR_VIRTIO, dev->index * MINORS_OF_DISK);
	list_append(&devices, &dev->node);
}

int block_add(struct block_device *dev, const char *prefix)
{
	int err;

	wait_queue_init(&dev->room);
	dev->max_spans = min(dev->max_spans ? dev->max_spans : 1, (unsigned)BLOCK_SPANS_MAX);
	dev->block_size = dev->block_size ? dev->block_size : BLOCK_SECTOR;
	err = block_cache_create(dev);
	if (err)
		return err;
	mutex_lock(&lock);
	add_to_list(dev, prefix);
	mutex_unlock(&lock);
	log_info("%s: %lu sectors%s", dev->name, dev->sectors, dev->read_only ? ", read-only" : "");
	return 0;
}

/* ---- partitions: a part of a disk, with a cache of its own ---- */

static int submit_to_disk(struct block_device *dev, struct block_request *request)
{
	int err;

	if (request->op == BLOCK_FLUSH)
		return dev->disk->ops->submit(dev->disk, request);
	request->sector += dev->start;
	err = dev->disk->ops->submit(dev->disk, request);
	if (err)
		request->sector -= dev->start;
	return err;
}

static void name_partition(struct block_device *dev)
{
	const char *disk = dev->disk->name;
	bool digit = disk[strlen(disk) - 1] >= '0' && disk[strlen(disk) - 1] <= '9';

	format(dev->name, sizeof(dev->name), "%s%s%u", disk, digit ? "p" : "", dev->partition);
}

int block_add_partition(struct block_device *disk, unsigned number, uint64_t start, uint64_t sectors)
{
	static const struct block_ops ops = { .submit = submit_to_disk };
	struct block_device *dev;
	int err;

	if (!sectors || start >= disk->sectors || sectors > disk->sectors - start)
		return -EINVAL;
	dev = heap_alloc(sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	*dev = (struct block_device){
		.ops = &ops,
		.disk = disk,
		.start = start,
		.sectors = sectors,
		.partition = number,
		.index = disk->index,
		.read_only = disk->read_only,
		.can_flush = disk->can_flush,
		.can_discard = disk->can_discard,
		.can_write_zeroes = disk->can_write_zeroes,
		.whole_pages = disk->whole_pages,
		.block_size = disk->block_size,
		.max_spans = disk->max_spans,
		.max_sectors = disk->max_sectors,
		.max_discard = disk->max_discard,
	};
	wait_queue_init(&dev->room);
	err = block_cache_create(dev);
	if (err) {
		heap_free(dev);
		return err;
	}
	name_partition(dev);
	mutex_lock(&lock);
	dev->rdev = DEV_MAJOR(disk->rdev) == MAJOR_VIRTIO && number < MINORS_OF_DISK
			    ? disk->rdev + number
			    : DEV_MAKE(MAJOR_EXTENDED, next_extended++);
	list_append(&devices, &dev->node);
	mutex_unlock(&lock);
	log_info("%s: %lu sectors from %lu", dev->name, sectors, start);
	return 0;
}

static struct block_device *partition_of(const struct block_device *disk)
{
	struct block_device *found = NULL;

	mutex_lock(&lock);
	list_foreach(&devices, struct block_device, node, dev)
		if (dev->disk == disk)
			found = dev;
	mutex_unlock(&lock);
	return found;
}

static void forget(struct block_device *dev)
{
	mutex_lock(&lock);
	list_remove(&dev->node);
	mutex_unlock(&lock);
	block_cache_destroy(dev);
}

void block_remove(struct block_device *dev)
{
	struct block_device *partition;

	while ((partition = partition_of(dev))) {
		forget(partition);
		heap_free(partition);
	}
	forget(dev);
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
	struct block_device *disk;
	struct timer too_late;
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

static void give_up(struct timer *timer)
{
	struct block_device *disk = container_of(timer, struct waiter, too_late)->disk;

	disk->ops->give_up(disk);
}

/* The queue is the disk's. */
static struct block_device *queue_of(struct block_device *dev)
{
	return dev->disk ? dev->disk : dev;
}

/* A transfer is not given up half way: the device has its memory. */
static int perform(struct block_device *dev, struct block_request *request)
{
	struct waiter *waiter = heap_zalloc(sizeof(*waiter));
	uint64_t start_ns = clock_ns(), start, sector;
	int err;

	if (!waiter)
		return -ENOMEM;
	metric_inc_at(block_requests, request->op);
	metric_add_at(block_bytes, request->op, request->sectors * BLOCK_SECTOR);
	wait_queue_init(&waiter->done_queue);
	timer_init(&waiter->too_late, give_up);
	waiter->disk = queue_of(dev);
	request->done = request_done;
	request->context = waiter;
	start = TRACE_START(block_done);
	/* A partition's driver moves it. */
	sector = request->sector;
	TRACE(block_submit, sector, request->sectors * BLOCK_SECTOR, request->op, dev->name);
	timer_arm(&waiter->too_late, clock_ns() + REQUEST_NS);
	for (;;) {
		struct turn turn = { queue_of(dev), atomic_load(&queue_of(dev)->freed) };

		err = dev->ops->submit(dev, request);
		if (err != -EAGAIN)
			break;
		wait_for_work(&turn.dev->room, has_room, &turn);
	}
	if (!err && !is_done(waiter)) {
		timer_arm(&waiter->too_late, clock_ns() + REQUEST_NS);
		wait_for_work(&waiter->done_queue, is_done, waiter);
	}
	timer_cancel(&waiter->too_late);
	err = err ? err : waiter->err;
	TRACE(block_done, sector, request->sectors * BLOCK_SECTOR, request->op, start, err, dev->name);
	heap_free(waiter);
	metric_observe(block_request, clock_ns() - start_ns);
	metric_add(block_errors, err != 0);
	if (err)
		atomic_fetch_add(&dev->errors, 1);
	return err;
}

/* Can a span follow that one in a request? */
static bool can_follow(const struct block_device *dev, const struct block_span *last, const struct block_span *next)
{
	return !dev->whole_pages ||
	       (is_aligned(next->base, PAGE_SIZE) && is_aligned((char *)last->base + last->len, PAGE_SIZE));
}

/* Puts the next of what is to be moved into a request; *done: bytes of the first span that went before. */
static void fill(struct block_device *dev, struct block_request *request, const struct block_span **spans,
		 size_t *count, size_t *done)
{
	size_t most = dev->max_sectors ? min(PIECE_MAX, (uint64_t)dev->max_sectors * BLOCK_SECTOR) : PIECE_MAX;
	size_t room = most;

	request->span_count = 0;
	while (*count && room && request->span_count < dev->max_spans) {
		size_t len = min((size_t)(*spans)->len - *done, room);
		struct block_span *to = &request->spans[request->span_count];

		*to = (struct block_span){ (char *)(*spans)->base + *done, (uint32_t)len };
		if (request->span_count && !can_follow(dev, to - 1, to))
			break;
		request->span_count++;
		room -= len;
		*done += len;
		if (*done < (*spans)->len)
			break;
		*done = 0;
		++*spans;
		--*count;
	}
	request->sectors = (most - room) / BLOCK_SECTOR;
}

int block_transfer(struct block_device *dev, enum block_op op, uint64_t sector, const struct block_span *spans,
		   size_t count)
{
	struct block_request *request;
	size_t len = 0, done = 0;
	int err = 0;

	for (size_t i = 0; i < count; i++)
		len += spans[i].len;
	if (len % BLOCK_SECTOR || sector > dev->sectors || len / BLOCK_SECTOR > dev->sectors - sector)
		return -EINVAL;
	if (op == BLOCK_WRITE && dev->read_only)
		return -EROFS;
	request = heap_alloc(sizeof(*request));
	if (!request)
		return -ENOMEM;
	while (count && !err) {
		uint64_t sectors;

		request->op = op;
		request->sector = sector;
		fill(dev, request, &spans, &count, &done);
		sectors = request->sectors;
		err = perform(dev, request);
		sector += sectors;
	}
	heap_free(request);
	return err;
}

static int transfer(struct block_device *dev, enum block_op op, uint64_t sector, void *buf, size_t len)
{
	struct block_span span = { buf, (uint32_t)len };

	return len > UINT32_MAX ? -EINVAL : block_transfer(dev, op, sector, &span, len ? 1 : 0);
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

/* In as many requests as the device wants. */
static int over_range(struct block_device *dev, enum block_op op, uint64_t sector, uint64_t sectors)
{
	uint64_t most = dev->max_discard ? dev->max_discard : UINT32_MAX / 2;
	int err = 0;

	if (sector > dev->sectors || sectors > dev->sectors - sector)
		return -EINVAL;
	if (dev->read_only)
		return -EROFS;
	while (sectors && !err) {
		uint64_t part = min(sectors, most);

		err = without_data(dev, op, sector, part);
		sector += part;
		sectors -= part;
	}
	return err;
}

int block_discard(struct block_device *dev, uint64_t sector, uint64_t sectors)
{
	return dev->can_discard ? over_range(dev, BLOCK_DISCARD, sector, sectors) : -EOPNOTSUPP;
}

int block_write_zeroes(struct block_device *dev, uint64_t sector, uint64_t sectors)
{
	return dev->can_write_zeroes ? over_range(dev, BLOCK_WRITE_ZEROES, sector, sectors) : -EOPNOTSUPP;
}
