/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mutation of plain bytes: inputs of harnesses other than syscall, and the contents of a program's buffers.
 */
#include <fuzz/host/mutate_internal.h>
#include <string.h>

static void store(uint8_t *data, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		data[i] = (uint8_t)(value >> (8 * i));
}

/* Where the kernel compared something that stands here with something else, put that here. */
static bool put_compared(struct mutator *m, uint8_t *data, size_t len)
{
	struct channel_compare compare;
	uint8_t seen[8];

	if (!random_compare(m, &compare) || compare.size > 8 || compare.size > len || compare.size == 0)
		return false;
	store(seen, compare.b, compare.size);
	for (size_t i = 0; i + compare.size <= len; i++)
		if (memcmp(data + i, seen, compare.size) == 0) {
			store(data + i, compare.a, compare.size);
			return true;
		}
	if (random_chance(m, 20))
		store(data + random_below(m, len - compare.size + 1), compare.a, compare.size);
	return true;
}

static size_t insert(struct mutator *m, uint8_t *data, size_t len, size_t max)
{
	size_t n = 1 + (size_t)random_below(m, 8), at = (size_t)random_below(m, len + 1);

	if (n > max - len)
		n = max - len;
	memmove(data + at + n, data + at, len - at);
	for (size_t i = 0; i < n; i++)
		data[at + i] = (uint8_t)random_next(m);
	return len + n;
}

static size_t erase(struct mutator *m, uint8_t *data, size_t len)
{
	size_t n = 1 + (size_t)random_below(m, random_chance(m, 80) ? 4 : len), at;

	if (n >= len)
		n = len > 1 ? len - 1 : 0;
	at = (size_t)random_below(m, len - n + 1);
	memmove(data + at, data + at + n, len - at - n);
	return len - n;
}

static void copy_part(struct mutator *m, uint8_t *data, size_t len)
{
	size_t n = 1 + (size_t)random_below(m, len), from = (size_t)random_below(m, len - n + 1);

	memmove(data + random_below(m, len - n + 1), data + from, n);
}

size_t bytes_change(struct mutator *m, uint8_t *data, size_t len, size_t max)
{
	unsigned size = 1u << random_below(m, 4);

	if (len == 0)
		return insert(m, data, len, max);
	switch (random_below(m, 8)) {
	case 0: data[random_below(m, len)] ^= (uint8_t)(1u << random_below(m, 8)); return len;
	case 1: data[random_below(m, len)] = (uint8_t)random_next(m); return len;
	case 2: return insert(m, data, len, max);
	case 3: return erase(m, data, len);
	case 4:
		if (size <= len)
			store(data + random_below(m, len - size + 1), random_number(m), size);
		return len;
	case 5: copy_part(m, data, len); return len;
	case 6: data[random_below(m, len)] += (uint8_t)(random_below(m, 9) - 4); return len;
	default:
		if (!put_compared(m, data, len))
			data[random_below(m, len)] ^= (uint8_t)(1 + random_below(m, 255));
		return len;
	}
}

size_t bytes_mutate(struct mutator *m, size_t size, uint8_t *out, size_t max)
{
	uint8_t *data = m->pool;

	if (size > max)
		size = max;
	memcpy(data, m->input, size);
	for (unsigned n = 1 + (unsigned)random_below(m, 4); n > 0; n--)
		size = bytes_change(m, data, size, max);
	memcpy(out, data, size);
	return size;
}

size_t bytes_cross(struct mutator *m, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max)
{
	size_t head = (size_t)random_below(m, a_size + 1), tail = (size_t)random_below(m, b_size + 1);

	if (head > max)
		head = max;
	if (tail > max - head)
		tail = max - head;
	memcpy(m->pool, m->input, head);
	if (tail)
		memcpy(m->pool + head, b + b_size - tail, tail);
	memcpy(out, m->pool, head + tail);
	return head + tail;
}
