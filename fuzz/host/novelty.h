/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which inputs are new: per counter, the set of hit-count classes (1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128+) seen so
 * far.
 */
#pragma once

#include <fuzz/abi/channel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct novelty {
	uint8_t *seen;		/* a bit a class, for each counter */
	size_t count;		/* counters */
	size_t found;		/* counters that were hit */
	uint8_t *sound;		/* seen and found at the last novelty_trust() */
	size_t sound_found;
};

/* 0, -1: out of memory. */
int novelty_init(struct novelty *novelty, size_t count);
/* True when the counters show a class that was not seen before, which is then. */
bool novelty_check(struct novelty *novelty, const uint8_t *counters);
/* The same of an input whose counters are zero but for these. What lies outside is no counter. */
bool novelty_check_hits(struct novelty *novelty, const struct channel_hits *hits, size_t count);
/* What was seen until now is true. */
void novelty_trust(struct novelty *novelty);
/* What was seen since then may not be: it has not been seen. */
void novelty_distrust(struct novelty *novelty);
void novelty_free(struct novelty *novelty);
