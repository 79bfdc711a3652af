/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Freed blocks of a marked image wait here, oldest first, before they can be allocated again: so that a use after
 * free hits freed memory, and a second free finds the first. Bounded in number and bytes; flushed when memory is
 * short.
 */
#include "heap_internal.h"

HEAP_CODE_BEGIN

#define QUARANTINE_BLOCKS (HEAP_POISONED ? 1024u : 128u)
#define QUARANTINE_BYTES (HEAP_POISONED ? 256 * KIB : 32 * KIB)

static struct spinlock lock = SPINLOCK_INIT;
static struct held {
	void *block;
	size_t size;
} ring[HEAP_MARKED ? QUARANTINE_BLOCKS : 1];
static size_t oldest, held_blocks, held_bytes;

/* The oldest block, taken out; NULL when there is none, or when the rest is within bounds and all is false. */
static void *take_oldest(bool all)
{
	unsigned long irq = spin_lock(&lock);
	void *block = NULL;

	if (held_blocks && (all || held_blocks > QUARANTINE_BLOCKS - 1 || held_bytes > QUARANTINE_BYTES)) {
		block = ring[oldest].block;
		held_bytes -= ring[oldest].size;
		held_blocks--;
		oldest = (oldest + 1) % QUARANTINE_BLOCKS;
	}
	spin_unlock(&lock, irq);
	return block;
}

static void release(bool all)
{
	void *block;

	while ((block = take_oldest(all))) {
		mark_check_freed(block);
		heap_release(block);
	}
}

bool quarantine_add(void *block, size_t block_size)
{
	unsigned long irq;

	if (block_size > QUARANTINE_BYTES / 4)
		return false;
	irq = spin_lock(&lock);
	/* release() leaves a free place in the ring; another CPU may have taken it meanwhile. */
	if (held_blocks == QUARANTINE_BLOCKS) {
		spin_unlock(&lock, irq);
		return false;
	}
	ring[(oldest + held_blocks++) % QUARANTINE_BLOCKS] = (struct held){ block, block_size };
	held_bytes += block_size;
	spin_unlock(&lock, irq);
	release(false);
	return true;
}

void quarantine_drain(void)
{
	release(true);
}

void quarantine_check(void)
{
	for (size_t i = 0; i < held_blocks; i++)
		mark_check_freed(ring[(oldest + i) % QUARANTINE_BLOCKS].block);
}

void quarantine_stats(struct heap_stats *held)
{
	held->live_objects = held_blocks;
	held->live_bytes = held_bytes;
}

HEAP_CODE_END
