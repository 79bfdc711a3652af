/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a few boots say about all: rates with their intervals, and entropy.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct interval {
	double low, high;
};

/* Wilson's score interval, 95 %, of a rate of which count of trials were seen. 0 trials: anything, 0 to 1. */
struct interval wilson(unsigned count, unsigned trials);

struct entropy {
	size_t samples, different;	/* how many, and how many different ones */
	unsigned most_common;		/* how often the commonest one came */
	/*
	 * The most common value estimate of NIST SP 800-90B, 6.3.1: bits of min-entropy that the source has at least,
	 * with 99 %. It cannot say more than about log2(samples) - 1, however much there is.
	 */
	double mcv_bits;
	/*
	 * By pairs of equal values: Renyi's entropy of order 2, which is that of equally likely values, and never less
	 * than min-entropy. And the least that it is, with 95 %, if pairs are seen by Poisson's law; without a pair
	 * that is all that can be said, and both are the same.
	 */
	double collision_bits, collision_least_bits;
	uint64_t pairs;			/* of equal values */
	double limit_bits;		/* log2(samples): no estimate by frequency can say more */
	uint64_t varying;		/* the bits that differed between any two */
};

/* values is sorted by it. */
struct entropy entropy_of(uint64_t *values, size_t count);
