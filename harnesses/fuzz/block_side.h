/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other side of a scripted disk: requests that are begun and not waited for, and such that wait: reads, writes,
 * discards, zeroes, flushes past the cache and through it.
 */
#pragma once

#include <kernel/block.h>
#include <kernel/fake.h>

#define SIDE_REQUESTS 8
#define SIDE_WAITS 8	/* calls that wait, in one input: the virtual clock takes so many steps only */

struct block_side {
	struct block_device *dev;
	struct script *script;
	unsigned waits, results;
	unsigned begun, ended;		/* requests that were not waited for */
};

/* Once, before the snapshot. -ENOMEM. */
int block_side_setup(void);
/* For the latest disk of that prefix. False: there is none. */
bool block_side_begin(struct block_side *side, const char *prefix, struct script *script);
/* What the script says next. */
void block_side_step(struct block_side *side);
/* The device is gone: each request that was begun has ended, once. */
void block_side_end(struct block_side *side);
