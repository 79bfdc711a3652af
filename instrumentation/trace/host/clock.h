/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the machine's clock says, as CLOCK_MONOTONIC of ours. Nothing is assumed of how fast either side is: a record
 * was not made before the time of ours that the machine read to make it, nor after we had it. Each of these is a bound,
 * and the line that relates the clocks lies between all of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_BOUNDS_MAX 4096	/* on each side; what comes later is not needed */

struct clock_bound {
	int64_t machine_ns, our_ns;
};

struct clock_bounds {
	struct clock_bound before[CLOCK_BOUNDS_MAX], after[CLOCK_BOUNDS_MAX];
	size_t before_count, after_count;
};

/* our_ns = offset_ns + machine_ns * rate */
struct clock_line {
	double offset_ns, rate;
};

void clock_not_before(struct clock_bounds *bounds, int64_t machine_ns, int64_t our_ns);
void clock_not_after(struct clock_bounds *bounds, int64_t machine_ns, int64_t our_ns);
/* The line in the middle of what is possible, which leaves most room. False: there are no bounds on one side. */
bool clock_fit(const struct clock_bounds *bounds, struct clock_line *line);
int64_t clock_ours(const struct clock_line *line, int64_t machine_ns);
/*
 * How wrong that can be: how far the lines that are possible go from this one there. Where none is, as the bounds
 * contradict each other, by how much they do.
 */
double clock_error_ns(const struct clock_bounds *bounds, const struct clock_line *line, int64_t machine_ns);
