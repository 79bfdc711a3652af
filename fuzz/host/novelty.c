/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New coverage: see novelty.h. Nearly all counters are zero, so they are looked at eight at a time.
 */
#include "novelty.h"

#include <stdlib.h>
#include <string.h>

static uint8_t class_of(uint8_t hits)
{
	if (hits < 4)
		return (uint8_t)(1u << (hits - 1));
	if (hits < 32)
		return hits < 8 ? 8 : hits < 16 ? 16 : 32;
	return hits < 128 ? 64 : 128;
}

int novelty_init(struct novelty *novelty, size_t count)
{
	novelty->count = count;
	novelty->found = 0;
	novelty->seen = calloc(count + 8, 1);
	return novelty->seen ? 0 : -1;
}

static bool check_word(struct novelty *novelty, const uint8_t *counters, size_t at, size_t len)
{
	bool new = false;

	for (size_t i = at; i < at + len; i++) {
		uint8_t bit;

		if (!counters[i])
			continue;
		bit = class_of(counters[i]);
		if (novelty->seen[i] & bit)
			continue;
		novelty->found += !novelty->seen[i];
		novelty->seen[i] |= bit;
		new = true;
	}
	return new;
}

bool novelty_check(struct novelty *novelty, const uint8_t *counters)
{
	bool new = false;
	size_t i;

	for (i = 0; i + 8 <= novelty->count; i += 8) {
		uint64_t word;

		memcpy(&word, counters + i, sizeof(word));
		if (word)
			new |= check_word(novelty, counters, i, 8);
	}
	return check_word(novelty, counters, i, novelty->count - i) || new;
}

void novelty_free(struct novelty *novelty)
{
	free(novelty->seen);
	memset(novelty, 0, sizeof(*novelty));
}
