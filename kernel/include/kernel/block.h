/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Block devices: drivers move sectors, programs see files (/dev/vda), file systems use pages of a cache between the
 * two. What was written is in the cache until it is synchronized; a flush makes it last.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/wait.h>

#define BLOCK_SECTOR 512u
#define BLOCK_NAME_MAX 16
#define BLOCK_SPANS_MAX 32

struct block_device;
struct file_ops;

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD, BLOCK_WRITE_ZEROES };

struct block_span {
	void *base;		/* in the direct map */
	uint32_t len;		/* whole sectors */
};

struct block_request {
	enum block_op op;
	uint64_t sector, sectors;	/* 0 of a flush */
	struct block_span spans[BLOCK_SPANS_MAX];
	unsigned span_count;
	/* 0; -EIO; -EOPNOTSUPP. Interrupts off; the request is the caller's again. */
	void (*done)(struct block_request *request, int err);
	void *context;
	uint8_t driver[64] ALIGNED(16);	/* the driver's own, in the direct map with the request */
};

struct block_ops {
	/* Begins it. -EAGAIN: the queue is full until block_queue_freed() is called. -EIO: the device is broken. */
	int (*submit)(struct block_device *dev, struct block_request *request);
	/*
	 * A request takes longer than any should: the device is broken from now on, and what it was asked for ends with
	 * -EIO. Interrupts off.
	 */
	void (*give_up)(struct block_device *dev);
};

struct block_device {
	char name[BLOCK_NAME_MAX];	/* "vda" */
	uint32_t rdev;
	const struct block_ops *ops;
	void *data;			/* the driver's */
	uint64_t sectors;
	bool read_only, can_flush, can_discard, can_write_zeroes;
	bool whole_pages;		/* spans of one request meet at page boundaries only */
	unsigned block_size;		/* what it reads and writes at least, bytes; 0: a sector */
	unsigned max_spans;		/* of a request; at most BLOCK_SPANS_MAX */
	uint32_t max_sectors;		/* of a request that moves data; 0: as many as there are */
	uint32_t max_discard;		/* sectors of one discard or write of zeroes; 0: as many as there are */
	unsigned index;			/* of the disk among those of its kind */
	unsigned partition;		/* its number on the disk, from 1; 0: a disk */
	struct block_device *disk;	/* of a partition */
	uint64_t start;			/* where that begins, in sectors */
	bool scanned;			/* for partitions */
	bool mounted;			/* a file system writes it: atomic */
	struct wait_queue room;		/* who waits for the queue */
	unsigned freed;			/* how often it had room again; atomic */
	unsigned long errors;
	struct block_cache *cache;
	struct list node;
};

/*
 * prefix: "vd" makes it vda, vdb and so on, with partitions vda1; "nvme" nvme0n1, with partitions nvme0n1p1. What is
 * set: ops, data, sectors, what it can. Partitions are looked for later, by block_scan(), since drivers are probed
 * where their device cannot answer yet. -ENOMEM.
 */
int block_add(struct block_device *dev, const char *prefix);
/* Finds the disk's partitions (kernel/dev/partition.c), which become devices. A bad table is none. -ENOMEM, -EIO. */
int block_scan(struct block_device *disk);
/* For that: adds one, which block_remove() of the disk takes away. What lies outside of the disk: -EINVAL. -ENOMEM. */
int block_add_partition(struct block_device *disk, unsigned number, uint64_t start, uint64_t sectors);
/* The device is gone: what is in flight has ended with -EIO. */
void block_remove(struct block_device *dev);
void block_queue_freed(struct block_device *dev); /* any context */

/* NULL: there is none. For good: devices do not go while programs run. */
struct block_device *block_find(uint32_t rdev);
int block_foreach(int (*visit)(struct block_device *dev, void *context), void *context);

/*
 * Moves whole sectors between the device and memory in the direct map, past the cache; waits. -EIO; -EINVAL: beyond
 * the end.
 */
int block_read(struct block_device *dev, uint64_t sector, void *buf, size_t len);
int block_write(struct block_device *dev, uint64_t sector, const void *buf, size_t len);
int block_flush(struct block_device *dev);
/* -EOPNOTSUPP: it cannot. */
int block_discard(struct block_device *dev, uint64_t sector, uint64_t sectors);
int block_write_zeroes(struct block_device *dev, uint64_t sector, uint64_t sectors);
/* Moves to or from many pieces of memory, each of whole sectors, in as few requests as the device takes. */
int block_transfer(struct block_device *dev, enum block_op op, uint64_t sector, const struct block_span *spans,
		   size_t count);

/* ---- the cache (kernel/fs/block_cache.c) ---- */

int block_cache_create(struct block_device *dev);
void block_cache_destroy(struct block_device *dev);
/* Bytes of the device through the cache. Bytes moved, or -errno; fewer than len at the end of the device. */
ssize_t block_cache_read(struct block_device *dev, uint64_t offset, void *buf, size_t len);
ssize_t block_cache_write(struct block_device *dev, uint64_t offset, const void *buf, size_t len);
/* Past the cache, which learns of it: for file systems, which decide when what is written. Whole sectors. */
int block_cache_write_through(struct block_device *dev, uint64_t offset, const void *buf, size_t len);
/* What the cache has of these bytes is forgotten, as they were written past it. */
void block_cache_forget(struct block_device *dev, uint64_t offset, uint64_t len);
/* Writes what was changed, and flushes. -EIO: some of it is still not written. */
int block_cache_sync(struct block_device *dev);
/* All devices: at the end, and for sync(2). */
void block_sync_all(void);
/* Of their nodes. */
extern const struct file_ops block_fops;
