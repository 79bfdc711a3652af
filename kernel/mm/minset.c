/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of small integers with a quick minimum (minset.h).
 */
#include <kernel/log.h>
#include <kernel/snapshot.h>
#include "minset.h"

static size_t words_for(size_t bits)
{
	return bits / 64 + (bits % 64 != 0);
}

size_t minset_bytes(size_t limit)
{
	size_t words = words_for(limit), total = words;

	while (words > 1) {
		words = words_for(words);
		total += words;
	}
	return max(total, (size_t)1) * sizeof(uint64_t);
}

void minset_init(struct minset *set, size_t limit, void *cleared_memory)
{
	uint64_t *next = cleared_memory;
	size_t words = max(words_for(limit), (size_t)1);

	set->limit = limit;
	set->levels = 0;
	for (;;) {
		assert(set->levels < MINSET_LEVELS);
		set->words[set->levels++] = next;
		next += words;
		if (words == 1)
			return;
		words = words_for(words);
	}
}

void minset_add(struct minset *set, size_t member)
{
	for (unsigned level = 0; level < set->levels; level++, member /= 64) {
		uint64_t *word = &set->words[level][member / 64];
		uint64_t old = *word;

		snapshot_mark(word, sizeof(*word));
		*word = old | UINT64_C(1) << member % 64;
		if (old)
			return;
	}
}

void minset_remove(struct minset *set, size_t member)
{
	for (unsigned level = 0; level < set->levels; level++, member /= 64) {
		uint64_t *word = &set->words[level][member / 64];

		snapshot_mark(word, sizeof(*word));
		*word &= ~(UINT64_C(1) << member % 64);
		if (*word)
			return;
	}
}

size_t minset_first(const struct minset *set)
{
	size_t member = 0;

	for (unsigned level = set->levels; level-- > 0;) {
		uint64_t word = set->words[level][member];

		if (!word)
			return MINSET_NONE;
		member = member * 64 + (size_t)__builtin_ctzll(word);
	}
	return member;
}

/* The lowest at or behind a drawn one in each word on the way, round and round. */
size_t minset_any(const struct minset *set, uint64_t chance)
{
	size_t member = 0;

	for (unsigned level = set->levels; level-- > 0; chance >>= 6) {
		uint64_t word = set->words[level][member];
		unsigned from = chance % 64;

		if (!word)
			return MINSET_NONE;
		word = word >> from | word << (-from & 63);
		member = member * 64 + (((unsigned)__builtin_ctzll(word) + from) & 63);
	}
	return member;
}

size_t minset_next(const struct minset *set, size_t from, size_t end)
{
	end = min(end, set->limit);
	for (size_t i = from / 64; i < words_for(end); i++) {
		uint64_t word = set->words[0][i];
		size_t member;

		if (i == from / 64)
			word &= ~UINT64_C(0) << from % 64;
		if (!word)
			continue;
		member = i * 64 + (size_t)__builtin_ctzll(word);
		return member < end ? member : MINSET_NONE;
	}
	return MINSET_NONE;
}
