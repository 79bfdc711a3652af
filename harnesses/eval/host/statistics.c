/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics: see statistics.h.
 */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#define Z95 1.959963984540054	/* two-sided */
#define Z99 2.5758293035489004	/* as SP 800-90B has it */
#define Z95_ONE_SIDED 1.6448536269514722
#define POISSON95 2.995732273553991 /* -ln 0.05: with that many pairs expected, none is seen once in twenty times */

struct interval wilson(unsigned count, unsigned trials)
{
	double n = trials, rate, middle, half;
	struct interval interval = { 0, 1 };

	if (!trials)
		return interval;
	rate = count / n;
	middle = (rate + Z95 * Z95 / (2 * n)) / (1 + Z95 * Z95 / n);
	half = Z95 * sqrt(rate * (1 - rate) / n + Z95 * Z95 / (4 * n * n)) / (1 + Z95 * Z95 / n);
	interval.low = count ? fmax(0, middle - half) : 0;
	interval.high = count < trials ? fmin(1, middle + half) : 1;
	return interval;
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* With more pairs than that expected, so few are seen less than once in twenty times (Wilson and Hilferty, 1931). */
static double pairs_at_most(uint64_t seen)
{
	double n = (double)seen + 1;

	return seen ? n * pow(1 - 1 / (9 * n) + Z95_ONE_SIDED / (3 * sqrt(n)), 3) : POISSON95;
}

struct entropy entropy_of(uint64_t *values, size_t count)
{
	struct entropy e = { .samples = count };
	double n = (double)count, rate, all_pairs = n * (n - 1) / 2;
	size_t run = 0;

	if (count < 2)
		return e;
	qsort(values, count, sizeof(*values), by_value);
	for (size_t i = 0; i < count; i++) {
		run = i && values[i] == values[i - 1] ? run + 1 : 1;
		e.different += run == 1;
		e.pairs += run - 1;
		e.most_common = run > e.most_common ? (unsigned)run : e.most_common;
		e.varying |= values[i] ^ values[0];
	}
	rate = e.most_common / n;
	rate = fmin(1, rate + Z99 * sqrt(rate * (1 - rate) / (n - 1)));
	e.mcv_bits = -log2(rate);
	e.collision_least_bits = log2(all_pairs / pairs_at_most(e.pairs));
	e.collision_bits = e.pairs ? log2(all_pairs / (double)e.pairs) : e.collision_least_bits;
	e.limit_bits = log2(n);
	/* Not "minus zero". */
	e.mcv_bits = e.mcv_bits > 0 ? e.mcv_bits : 0;
	e.collision_bits = e.collision_bits > 0 ? e.collision_bits : 0;
	e.collision_least_bits = e.collision_least_bits > 0 ? e.collision_least_bits : 0;
	return e;
}
