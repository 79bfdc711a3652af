/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drawing: streams of bits, one a region, from blocks that are made ahead.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>

#include "layout_internal.h"

static struct stream {
	uint64_t blocks;		/* made so far */
	size_t left;			/* words that nobody had */
	uint32_t words[CHACHA20_BLOCK_WORDS];
} streams[LAYOUT_REGIONS];

static struct spinlock lock = SPINLOCK_INIT;

static NOINLINE void refill(struct stream *stream, enum layout_region region)
{
	uint32_t state[CHACHA20_BLOCK_WORDS];

	layout_state(state, region, stream->blocks++);
	chacha_block(stream->words, state, LAYOUT_DOUBLE_ROUNDS);
	stream->left = array_size(stream->words);
}

static uint32_t next_word(struct stream *stream, enum layout_region region)
{
	uint32_t word;

	if (unlikely(!stream->left))
		refill(stream, region);
	word = stream->words[--stream->left];
	stream->words[stream->left] = 0;
	return word;
}

uint32_t layout_half(enum layout_region region)
{
	unsigned long irq = spin_lock(&lock);
	uint32_t word = next_word(&streams[region], region);

	spin_unlock(&lock, irq);
	return word;
}

uint64_t layout_bits(enum layout_region region)
{
	unsigned long irq = spin_lock(&lock);
	uint64_t high = next_word(&streams[region], region);
	uint64_t bits = high << 32 | next_word(&streams[region], region);

	spin_unlock(&lock, irq);
	return bits;
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
