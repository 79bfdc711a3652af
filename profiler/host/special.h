/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only some events have to tell: how long each system call took, which locks and which wakers were waited for, and
 * what was allocated and not given back.
 */
#pragma once

#include "profile.h"
#include "tally.h"

#define SPECIAL_BUCKETS 65	/* a bucket is [2^(n-1), 2^n) ns; the first one is 0 */

/* What samples are about: a system call, a lock, a waker. */
struct special_row {
	uint64_t address;
	uint64_t count, sum, least, most;
	uint64_t buckets[SPECIAL_BUCKETS];
};

struct special {
	const char *title;		/* of what is in the rows; NULL: the event has nothing of its own */
	struct special_row *rows;	/* by sum, descending */
	size_t count;
};

/* Where allocations were made. */
struct special_chain {
	uint32_t sample;		/* one that has it */
	uint64_t live, total, live_count, count;
};

struct special_live {
	struct special_chain *chains;	/* by live, then total, descending */
	size_t count;
	uint64_t live, live_count;
};

void special_make(struct special *special, const struct profile *profile, uint32_t event);
void special_free(struct special *special);
/* The value that so many hundredths of them are at most, as exactly as the buckets know. */
uint64_t special_percentile(const struct special_row *row, unsigned percent);
#define SPECIAL_NAME 256
/* Who or what the row is about. */
void special_name(struct profile *profile, const struct special *special, const struct special_row *row,
		  char name[SPECIAL_NAME]);

/* False: the event is no allocation. */
bool special_live_make(struct special_live *live, const struct profile *profile, uint32_t event);
void special_live_free(struct special_live *live);
