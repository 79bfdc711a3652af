/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk in memory, for harnesses and unit tests: it begins as one of a few small ext file systems, can be changed
 * behind everybody's back, and fails where it is told to.
 */
#pragma once

#include <kernel/block.h>

#define FAKE_DISK_BLOCK 1024u
#define FAKE_DISK_BLOCKS 2304u
#define FAKE_DISK_IMAGES 3
enum { FAKE_DISK_EXT2, FAKE_DISK_EXT4, FAKE_DISK_EXT4_JOURNAL };

/* disk_images.c: the bytes that are not zero, as kernel/build/ext_images.py writes them. */
struct fake_disk_image {
	const char *name;
	const uint8_t *runs;
	size_t size;
	unsigned blocks;
};
extern const struct fake_disk_image fake_disk_images[FAKE_DISK_IMAGES];

struct fake_disk {
	struct block_device block;
	/* Sectors whose reading or writing fails: from so many on (UINT64_MAX: none), and one. */
	uint64_t reads_fail_from, writes_fail_from, bad_sector;
	bool data_writes_fail;	/* those of more than one block, which only a file's content has */
	unsigned reads, writes, flushes;
};

/* The one there is, added to the block devices when it is first asked for. -ENOMEM. */
int fake_disk_get(struct fake_disk **out);
/* Its content becomes that image; nothing fails any more. What is cached of it is forgotten. */
void fake_disk_load(struct fake_disk *disk, unsigned image);
/* Other bytes, written behind everybody's back; what lies beyond its end is left out. */
void fake_disk_patch(struct fake_disk *disk, uint64_t offset, const void *bytes, size_t len);
