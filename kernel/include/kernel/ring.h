/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A byte ring over the caller's buffer. No locks: the caller's lock guards it.
 */
#pragma once

#include <kernel/compiler.h>

struct ring {
	uint8_t *buf;
	size_t size;	/* any, not only powers of two */
	size_t start;	/* of the oldest byte */
	size_t len;	/* bytes in it */
};

static inline void ring_init(struct ring *ring, void *buf, size_t size)
{
	*ring = (struct ring){ .buf = buf, .size = size };
}

static inline size_t ring_space(const struct ring *ring)
{
	return ring->size - ring->len;
}

/* Bytes put in or taken out: fewer than n when it is full or empty. */
size_t ring_put(struct ring *ring, const void *src, size_t n);
size_t ring_get(struct ring *ring, void *dst, size_t n);

/*
 * The same without a copy of one's own: the longest piece that is contiguous, to be read or filled by the caller, who
 * then says how much of it was used. Two rounds go all the way round.
 */
size_t ring_peek(const struct ring *ring, void **piece);
size_t ring_room(const struct ring *ring, void **piece);
void ring_taken(struct ring *ring, size_t n);
void ring_added(struct ring *ring, size_t n);
