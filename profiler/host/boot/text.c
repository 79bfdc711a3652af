/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A boot chart for a terminal of 80 columns.
 */
#include "chart.h"

#define NAME_WIDTH 40
#define BAR_WIDTH 18

static void put_bar(const struct chart *chart, const struct chart_row *row, FILE *out)
{
	double unit = (double)BAR_WIDTH / (double)(chart->whole_ns ? chart->whole_ns : 1);
	int from = (int)((double)row->start_ns * unit), to = (int)((double)row->end_ns * unit + 0.5);

	from = from > BAR_WIDTH - 1 ? BAR_WIDTH - 1 : from;
	/* What is too short for a sign of its own still shows where it is. */
	if (to <= from)
		fprintf(out, "%*s.\n", from, "");
	else
		fprintf(out, "%*s%.*s\n", from, "", to - from, "##################");
}

static void put_row(const struct chart *chart, const struct chart_row *row, FILE *out)
{
	int indent = 2 * (int)row->depth;

	fprintf(out, "%*s%-*.*s %9.2f %9.2f ", indent, "", NAME_WIDTH - indent, NAME_WIDTH - indent, row->name,
		(double)row->start_ns / 1e6, (double)(row->end_ns - row->start_ns) / 1e6);
	put_bar(chart, row, out);
}

static void put_remarks(const struct chart *chart, size_t hidden, int64_t min_ns, FILE *out)
{
	fprintf(out, "until %s%s\n", chart->until, chart->is_reached ? "" : ", which was not reached: to the end");
	if (hidden)
		fprintf(out, "%zu steps of less than %g ms are not shown (--min MS)\n", hidden, (double)min_ns / 1e6);
	if (chart->dropped)
		fprintf(out, "%zu more steps were told than there is room for\n", chart->dropped);
	fprintf(out, "the machine's times: to within %.2g ms; a second of its clock was %.4f s\n",
		chart->clock_error_ns / 1e6, chart->clock_rate);
}

void chart_print(const struct chart *chart, int64_t min_ns, FILE *out)
{
	size_t hidden = 0;

	fprintf(out, "%-*s %9s %9s\n", NAME_WIDTH, "", "start ms", "ms");
	for (size_t i = 0; i < chart->count; i++) {
		const struct chart_row *row = &chart->rows[i];

		if (row->depth && row->end_ns - row->start_ns < min_ns)
			hidden++;
		else
			put_row(chart, row, out);
	}
	fprintf(out, "%-*s %9.2f %9.2f\n", NAME_WIDTH, "in all", 0.0, (double)chart->whole_ns / 1e6);
	put_remarks(chart, hidden, min_ns, out);
}
