/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks that are compared and charts that are laid out, of machines that say the truth and of those that do not.
 * boot.test runs it; "svg" and "json" print one chart of bad names. Prints "ok NAME" and "not ok NAME: reason".
 */
#include "../boot/chart.h"

#include <instrumentation/trace/host/clock.h>
#include <stdlib.h>
#include <string.h>

static struct clock_bounds bounds;
static struct chart chart;
static int failures;

static void check(const char *name, bool fine)
{
	printf(fine ? "ok boot_%s\n" : "not ok boot_%s: see boot_test.c\n", name);
	failures += !fine;
}

/* A machine whose clock began at offset and goes at rate of ours, looked at every 100 us, each time a little late. */
static void make_bounds(double offset, double rate)
{
	memset(&bounds, 0, sizeof(bounds));
	for (int i = 0; i < 400; i++) {
		double ours = 1e6 + i * 1e5, machine = (ours - offset) / rate;

		clock_not_before(&bounds, (int64_t)machine, (int64_t)(ours - 2000 - i * 7919 % 50000));
		clock_not_after(&bounds, (int64_t)machine, (int64_t)(ours + 3000 + i * 104729 % 70000));
	}
}

/* What is claimed of the error is true, and as little as the delays in make_bounds() are at both ends. */
static bool is_right(const struct clock_line *line, double offset, double rate)
{
	bool fine = true;

	for (int i = 0; i < 400; i += 21) {
		double ours = 1e6 + i * 1e5;
		int64_t machine = (int64_t)((ours - offset) / rate);
		double error = clock_error_ns(&bounds, line, machine), off = (double)clock_ours(line, machine) - ours;

		fine &= off <= error + 2 && -off <= error + 2 && error < 10000;
	}
	return fine && line->rate > rate - 0.001 && line->rate < rate + 0.001;
}

static void test_clock(void)
{
	struct clock_line line;

	make_bounds(5e9, 1);
	check("clock_same_rate", clock_fit(&bounds, &line) && is_right(&line, 5e9, 1));
	make_bounds(-3e9, 1.05);
	check("clock_other_rate", clock_fit(&bounds, &line) && is_right(&line, -3e9, 1.05));
	make_bounds(1e9, 29);
	check("clock_that_was_measured_wrong", clock_fit(&bounds, &line) && is_right(&line, 1e9, 29));
	bounds.after_count = 0;
	check("clock_without_bounds", !clock_fit(&bounds, &line));
	make_bounds(0, 1);
	clock_not_after(&bounds, INT64_MAX, 0);
	clock_not_before(&bounds, INT64_MIN, INT64_MAX);
	check("clock_of_a_liar", clock_fit(&bounds, &line) && clock_error_ns(&bounds, &line, 0) > 1e15);
	for (int i = 0; i < 2 * CLOCK_BOUNDS_MAX; i++)
		clock_not_after(&bounds, 0, 0);
	check("clock_bounds_are_bounded", bounds.after_count == CLOCK_BOUNDS_MAX);
}

/* What a chart promises, whatever was put in. */
static bool is_sound(void)
{
	const struct chart_row *parents[CHART_DEPTH_MAX + 1] = { NULL };
	int64_t now = 0;

	for (size_t i = 0; i < chart.count; i++) {
		const struct chart_row *row = &chart.rows[i];

		if (row->depth > CHART_DEPTH_MAX || row->end_ns < row->start_ns)
			return false;
		parents[row->depth] = row;
		if (row->depth && (!parents[row->depth - 1] || row->start_ns < parents[row->depth - 1]->start_ns ||
				   row->end_ns > parents[row->depth - 1]->end_ns))
			return false;
		if (!row->depth && row->start_ns != now)
			return false;
		now = row->depth ? now : row->end_ns;
	}
	return now == chart.whole_ns;
}

static bool row_is(size_t i, const char *name, unsigned depth, int64_t start_ns, int64_t end_ns)
{
	const struct chart_row *row = &chart.rows[i];

	return i < chart.count && !strcmp(row->name, name) && row->depth == depth && row->start_ns == start_ns &&
	       row->end_ns == end_ns;
}

static void test_chart(void)
{
	memset(&chart, 0, sizeof(chart));
	chart_add(&chart, "probe", "inner", 5500, 5600, false);
	chart_add(&chart, "phase", "second", 5000, 9000, true);
	chart_add(&chart, "init call", "outer", 5500, 7000, false);
	chart_add(&chart, "phase", "first", 1000, 4000, true);
	chart_add(&chart, "probe", "too late", 8000, 20000, false);
	chart_add(&chart, "phase", "beyond", 10000, 11000, true);
	chart_finish(&chart, 9500);
	check("chart_rows", chart.count == 8 && row_is(0, CHART_UNACCOUNTED, 0, 0, 1000) &&
				    row_is(1, "first", 0, 1000, 4000) && row_is(2, CHART_UNACCOUNTED, 0, 4000, 5000) &&
				    row_is(3, "second", 0, 5000, 9000) && row_is(4, "outer", 1, 5500, 7000) &&
				    row_is(5, "inner", 2, 5500, 5600) && row_is(6, "too late", 1, 8000, 9000) &&
				    row_is(7, CHART_UNACCOUNTED, 0, 9000, 9500));
	check("chart_is_sound", is_sound());
}

/* Small times collide often; some are the ends of what there is. */
static int64_t any_time(void)
{
	switch (rand() % 8) {
	case 0: return INT64_MIN;
	case 1: return INT64_MAX;
	case 2: return -rand();
	default: return rand() % 100000;
	}
}

static void test_lies(void)
{
	bool fine = true;

	srand(1);
	for (int run = 0; run < 300 && fine; run++) {
		int rows = rand() % (run % 10 ? 60 : 3000);

		memset(&chart, 0, sizeof(chart));
		for (int i = 0; i < rows; i++)
			chart_add(&chart, "step", "a", any_time(), any_time(), rand() % 3 == 0);
		chart_finish(&chart, any_time());
		fine = is_sound() && chart.count <= CHART_ROWS_MAX;
		fine &= chart.dropped == 0 || rows > CHART_ROWS_MAX / 3;
	}
	check("chart_of_a_liar", fine);
}

/* Names as a bad machine has them, and one that is too long. */
static void make_strange(void)
{
	char name[300];

	memset(name, '<', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(&chart, 0, sizeof(chart));
	chart.program = "a<b>&\"c'\x1b[31m";
	chart.until = "x";
	chart_add(&chart, "phase", "]]><script>&amp;\"'\x01\xff\n", 0, 5000000, true);
	chart_add(&chart, "probe", name, 1000000, 4000000, false);
	chart_add(&chart, "step", "", 1500000, 3000000, false);
	chart_finish(&chart, INT64_C(90000000000));
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		make_strange();
		if (!strcmp(argv[1], "svg"))
			chart_print_svg(&chart, 0, stdout);
		else if (!strcmp(argv[1], "json"))
			chart_print_json(&chart, stdout);
		else
			chart_print(&chart, 0, stdout);
		return 0;
	}
	test_clock();
	test_chart();
	test_lies();
	return failures != 0;
}
