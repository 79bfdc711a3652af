/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of small integers whose smallest member is found in a few steps: a bitmap with a bitmap of its non-zero words
 * above it, and so on up to a single word. The page allocator keeps its free blocks in them: the lowest comes first,
 * whatever the order in which they were freed, and no free frame's own bookkeeping is touched.
 *
 * The words live in memory of the caller's that may be a marked area of the snapshot. No locking here.
 */
#pragma once

#include <kernel/compiler.h>

#define MINSET_LEVELS 6
#define MINSET_NONE SIZE_MAX

struct minset {
	uint64_t *words[MINSET_LEVELS];	/* [0] holds a bit a member, [n + 1] a bit for each non-zero word of [n] */
	unsigned levels;
	size_t limit;			/* members are below */
};

/* Memory for members 0 .. limit - 1, in bytes, a multiple of 8. */
size_t minset_bytes(size_t limit);
/* An empty set in that much cleared, 8-aligned memory. */
void minset_init(struct minset *set, size_t limit, void *cleared_memory);

void minset_add(struct minset *set, size_t member);
void minset_remove(struct minset *set, size_t member);
/* The smallest member, or MINSET_NONE. */
size_t minset_first(const struct minset *set);
/* A member that MINSET_LEVELS * 6 bits of chance choose, not all equally likely, or MINSET_NONE. */
size_t minset_any(const struct minset *set, uint64_t chance);
/* The smallest member in [from, end), or MINSET_NONE. */
size_t minset_next(const struct minset *set, size_t from, size_t end);

static inline bool minset_is_empty(const struct minset *set)
{
	return !set->words[set->levels - 1][0];
}

/* False for numbers beyond the limit. */
static inline bool minset_has(const struct minset *set, size_t member)
{
	return member < set->limit && (set->words[0][member / 64] >> (member % 64) & 1);
}
