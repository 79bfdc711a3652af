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
	double error_ns;	/* how far from that it can be, where there are bounds */
	bool is_fitted;		/* the machine's own idea of a second did not fit; rate is not 1 */
};

void clock_not_before(struct clock_bounds *bounds, int64_t machine_ns, int64_t our_ns);
void clock_not_after(struct clock_bounds *bounds, int64_t machine_ns, int64_t our_ns);
/* The line in the middle of what is possible. False: there are no bounds on one side. */
bool clock_fit(const struct clock_bounds *bounds, struct clock_line *line);
int64_t clock_ours(const struct clock_line *line, int64_t machine_ns);
