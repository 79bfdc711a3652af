/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drawing: streams of bits, one a region, from blocks that are made ahead.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>

#include "layout_internal.h"

#define BLOCK_WORDS (CHACHA20_BLOCK_SIZE / sizeof(uint64_t))

static struct stream {
	uint64_t blocks;		/* made so far */
	size_t left;			/* words that nobody had */
	uint64_t words[BLOCK_WORDS];
} streams[LAYOUT_REGIONS];

static struct spinlock lock = SPINLOCK_INIT;

uint64_t layout_bits(enum layout_region region)
{
	unsigned long irq = spin_lock(&lock);
	struct stream *stream = &streams[region];
	uint64_t word;

	if (!stream->left) {
		layout_block((uint32_t *)stream->words, region, stream->blocks++);
		stream->left = BLOCK_WORDS;
	}
	word = stream->words[--stream->left];
	stream->words[stream->left] = 0;
	spin_unlock(&lock, irq);
	return word;
}

uint64_t layout_draw(enum layout_region region, uint64_t count)
{
	return (uint64_t)((unsigned __int128)layout_bits(region) * count >> 64);
}

void layout_streams_reset(void)
{
	unsigned long irq = spin_lock(&lock);

	memset(streams, 0, sizeof(streams));
	spin_unlock(&lock, irq);
}

void layout_key_change(const void *secret, size_t size)
{
	if (layout_is_fixed())
		return;
	layout_key_absorb(secret, size);
	layout_streams_reset();
}
