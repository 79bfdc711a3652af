/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New coverage: see novelty.h. Nearly all counters are zero, so they are looked at eight at a time.
 */
#include "novelty.h"

#include <stdlib.h>
#include <string.h>

/* The bit of a number of hits. */
static const uint8_t class_of[256] = {
	[1] = 1,	  [2] = 2,	    [3] = 4,	      [4 ... 7] = 8,
	[8 ... 15] = 16,  [16 ... 31] = 32, [32 ... 127] = 64, [128 ... 255] = 128,
};

int novelty_init(struct novelty *novelty, size_t count)
{
	novelty->count = count;
	novelty->found = novelty->sound_found = 0;
	novelty->seen = calloc(count + 8, 1);
	novelty->sound = calloc(count + 8, 1);
	return novelty->seen && novelty->sound ? 0 : -1;
}

/* counters: those from number at on. */
static bool check_bytes(struct novelty *novelty, const uint8_t *counters, size_t at, size_t len)
{
	uint8_t *seen = novelty->seen + at;
	bool new = false;

	for (size_t i = 0; i < len; i++) {
		uint8_t bit = class_of[counters[i]];

		if (!(bit & ~seen[i]))
			continue;
		novelty->found += !seen[i];
		seen[i] |= bit;
		new = true;
	}
	return new;
}

/* Nearly always there is nothing new: that is found without a branch a byte. */
static bool check_word(struct novelty *novelty, size_t at, uint64_t word)
{
	uint64_t classes = 0, seen;

	for (int i = 0; i < 8; i++)
		classes |= (uint64_t)class_of[word >> 8 * i & 0xff] << 8 * i;
	memcpy(&seen, novelty->seen + at, sizeof(seen));
	return (classes & ~seen) && check_bytes(novelty, (const uint8_t *)&word, at, 8);
}

bool novelty_check(struct novelty *novelty, const uint8_t *counters)
{
	bool new = false;
	size_t i;

	for (i = 0; i + 8 <= novelty->count; i += 8) {
		uint64_t word;

		memcpy(&word, counters + i, sizeof(word));
		if (word)
			new |= check_word(novelty, i, word);
	}
	return check_bytes(novelty, counters + i, i, novelty->count - i) || new;
}

/* The hits are the guest's: each word is read once. */
bool novelty_check_hits(struct novelty *novelty, const struct channel_hits *hits, size_t count)
{
	bool new = false;

	for (size_t i = 0; i < count; i++) {
		uint64_t word = __atomic_load_n(&hits[i].counters, __ATOMIC_RELAXED);
		size_t at = (size_t)__atomic_load_n(&hits[i].at, __ATOMIC_RELAXED) * CHANNEL_HITS_COUNTERS;

		if (at + CHANNEL_HITS_COUNTERS <= novelty->count)
			new |= check_word(novelty, at, word);
		else if (at < novelty->count)
			new |= check_bytes(novelty, (const uint8_t *)&word, at, novelty->count - at);
	}
	return new;
}

void novelty_trust(struct novelty *novelty)
{
	memcpy(novelty->sound, novelty->seen, novelty->count);
	novelty->sound_found = novelty->found;
}

void novelty_distrust(struct novelty *novelty)
{
	memcpy(novelty->seen, novelty->sound, novelty->count);
	novelty->found = novelty->sound_found;
}

void novelty_free(struct novelty *novelty)
{
	free(novelty->seen);
	free(novelty->sound);
	memset(novelty, 0, sizeof(*novelty));
}
