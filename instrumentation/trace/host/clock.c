/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two clocks and what is known of them. See clock.h.
 */
#include "clock.h"

#include <float.h>

/*
 * How wrong a machine may be about its clock's rate: very, as it measures that in two milliseconds, in which a busy
 * host may stop it for longer than its timer can count.
 */
#define RATE_LEAST 0.001
#define RATE_MOST 1000
#define STEPS 120
#define ERROR_MOST 1e18 /* of a machine that lies; it is still a number of ns */

static void add(struct clock_bound *list, size_t *count, int64_t machine_ns, int64_t our_ns)
{
	if (*count < CLOCK_BOUNDS_MAX)
		list[(*count)++] = (struct clock_bound){ machine_ns, our_ns };
}

void clock_not_before(struct clock_bounds *bounds, int64_t machine_ns, int64_t our_ns)
{
	add(bounds->before, &bounds->before_count, machine_ns, our_ns);
}

void clock_not_after(struct clock_bounds *bounds, int64_t machine_ns, int64_t our_ns)
{
	add(bounds->after, &bounds->after_count, machine_ns, our_ns);
}

static double offset_at(const struct clock_bound *bound, double rate)
{
	return (double)bound->our_ns - (double)bound->machine_ns * rate;
}

/* The offsets that are possible at a rate; none are where least is more than most. */
static void offsets(const struct clock_bounds *b, double rate, double *least, double *most)
{
	*least = -DBL_MAX;
	*most = DBL_MAX;
	for (size_t i = 0; i < b->before_count; i++)
		*least = offset_at(&b->before[i], rate) > *least ? offset_at(&b->before[i], rate) : *least;
	for (size_t i = 0; i < b->after_count; i++)
		*most = offset_at(&b->after[i], rate) < *most ? offset_at(&b->after[i], rate) : *most;
}

static double slack(const struct clock_bounds *b, double rate)
{
	double least, most;

	offsets(b, rate, &least, &most);
	return most - least;
}

/* The rate that leaves the most room: that is a concave function of it. */
static double best_rate(const struct clock_bounds *b)
{
	double low = RATE_LEAST, high = RATE_MOST;

	for (int i = 0; i < STEPS; i++) {
		double third = (high - low) / 3;

		if (slack(b, low + third) < slack(b, high - third))
			low += third;
		else
			high -= third;
	}
	return (low + high) / 2;
}

bool clock_fit(const struct clock_bounds *bounds, struct clock_line *line)
{
	double least, most;

	if (!bounds->before_count || !bounds->after_count)
		return false;
	line->rate = best_rate(bounds);
	offsets(bounds, line->rate, &least, &most);
	line->offset_ns = (least + most) / 2;
	return true;
}

/* The rate farthest from one that is possible, towards an end, that is possible too. */
static double last_possible(const struct clock_bounds *b, double possible, double end)
{
	for (int i = 0; i < STEPS; i++) {
		double middle = (possible + end) / 2;

		if (slack(b, middle) >= 0)
			possible = middle;
		else
			end = middle;
	}
	return possible;
}

/* How far other lines that are possible go from ours at a time, at one rate of theirs. */
static double distance(const struct clock_bounds *b, double rate, double machine_ns, double ours)
{
	double least, most;

	offsets(b, rate, &least, &most);
	least = ours - (least + rate * machine_ns);
	most = most + rate * machine_ns - ours;
	return least > most ? least : most;
}

double clock_error_ns(const struct clock_bounds *bounds, const struct clock_line *line, int64_t machine_ns)
{
	double room = slack(bounds, line->rate), at = (double)machine_ns, ours = line->offset_ns + line->rate * at;
	double most = -room, low, high;

	if (room >= 0) {
		low = last_possible(bounds, line->rate, RATE_LEAST);
		high = last_possible(bounds, line->rate, RATE_MOST);
		most = 0;
		for (int i = 0; i <= STEPS; i++) {
			double there = distance(bounds, low + (high - low) * i / STEPS, at, ours);

			most = there > most ? there : most;
		}
	}
	return most > ERROR_MOST ? ERROR_MOST : most;
}

int64_t clock_ours(const struct clock_line *line, int64_t machine_ns)
{
	double ours = line->offset_ns + (double)machine_ns * line->rate;

	/* What a machine says may be far out of all that is a time. */
	return ours > 9e18 ? INT64_MAX : ours < -9e18 ? INT64_MIN : (int64_t)ours;
}
