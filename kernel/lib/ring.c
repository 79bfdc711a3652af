/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The byte ring.
 */
#include <kernel/log.h>
#include <kernel/ring.h>
#include <kernel/string.h>

size_t ring_peek(const struct ring *ring, void **piece)
{
	*piece = ring->buf + ring->start;
	return min(ring->len, ring->size - ring->start);
}

size_t ring_room(const struct ring *ring, void **piece)
{
	size_t end = ring->start + ring->len;

	if (end >= ring->size) {
		end -= ring->size;
		*piece = ring->buf + end;
		return ring->start - end;
	}
	*piece = ring->buf + end;
	return ring->size - end;
}

void ring_taken(struct ring *ring, size_t n)
{
	assert(n <= ring->len);
	ring->len -= n;
	ring->start += n;
	if (ring->start >= ring->size)
		ring->start -= ring->size;
	if (!ring->len)
		ring->start = 0;
}

void ring_added(struct ring *ring, size_t n)
{
	assert(n <= ring_space(ring));
	ring->len += n;
}

size_t ring_put(struct ring *ring, const void *src, size_t n)
{
	size_t done = 0;

	while (done < n) {
		void *piece;
		size_t len = min(ring_room(ring, &piece), n - done);

		if (!len || ring->len == ring->size)
			break;
		memcpy(piece, (const char *)src + done, len);
		ring_added(ring, len);
		done += len;
	}
	return done;
}

size_t ring_get(struct ring *ring, void *dst, size_t n)
{
	size_t done = 0;

	while (done < n) {
		void *piece;
		size_t len = min(ring_peek(ring, &piece), n - done);

		if (!len)
			break;
		memcpy((char *)dst + done, piece, len);
		ring_taken(ring, len);
		done += len;
	}
	return done;
}
