/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A boot chart as a picture: a line a row, its name on the left, its bar where it was in time.
 */
#include "chart.h"

#include <string.h>

#define ROW 18
#define TOP 52
#define LEFT 300
#define PLOT 680
#define NUMBERS 110
#define WIDTH (LEFT + PLOT + NUMBERS)
#define TICKS 10

static void put_text(const char *text, FILE *out)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };

	for (; *text; text++) {
		size_t i = 0;

		while (i < sizeof(entities) / sizeof(entities[0]) && entities[i].c != *text)
			i++;
		if (i < sizeof(entities) / sizeof(entities[0]))
			fputs(entities[i].entity, out);
		else
			fputc(*text >= ' ' && *text <= '~' ? *text : '?', out);
	}
}

static double place(const struct chart *chart, int64_t ns)
{
	return (double)ns * PLOT / (double)(chart->whole_ns ? chart->whole_ns : 1);
}

/* By depth. */
static const char *const colours[CHART_DEPTH_MAX + 1] = { "#3b6ea5", "#6fa3d6", "#e0a040", "#c8c060", "#a0a0a0" };

static void put_row(const struct chart *chart, const struct chart_row *row, int y, FILE *out)
{
	bool gap = !strcmp(row->name, CHART_UNACCOUNTED);
	double x = LEFT + place(chart, row->start_ns), width = place(chart, row->end_ns - row->start_ns);
	double ms = (double)(row->end_ns - row->start_ns) / 1e6;

	fprintf(out, "<g><title>");
	put_text(row->name, out);
	fprintf(out, ": %.3f ms from %.3f ms</title>\n", ms, (double)row->start_ns / 1e6);
	fprintf(out, "<text x=\"%u\" y=\"%d\"%s>", 8 + 14 * row->depth, y + 13,
		row->depth ? "" : " font-weight=\"bold\"");
	put_text(row->name, out);
	fprintf(out, "</text>\n<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>\n", x, y + 3,
		width < 0.5 ? 0.5 : width, ROW - 6, gap ? "#d0d0d0" : colours[row->depth]);
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.2f ms</text></g>\n", WIDTH - 10, y + 13, ms);
}

static void put_ticks(const struct chart *chart, int bottom, FILE *out)
{
	for (int i = 0; i <= TICKS; i++) {
		int x = LEFT + PLOT * i / TICKS;

		fprintf(out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#e4e4e4\"/>\n", x, TOP - 6, x,
			bottom);
		fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#666\">%.0f</text>\n", x, TOP - 10,
			(double)chart->whole_ns / 1e6 * i / TICKS);
	}
}

static bool is_shown(const struct chart_row *row, int64_t min_ns)
{
	return !row->depth || row->end_ns - row->start_ns >= min_ns;
}

void chart_print_svg(const struct chart *chart, int64_t min_ns, FILE *out)
{
	int rows = 0, y = TOP, bottom;

	for (size_t i = 0; i < chart->count; i++)
		rows += is_shown(&chart->rows[i], min_ns);
	bottom = TOP + rows * ROW;
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		WIDTH, bottom + 10, WIDTH, bottom + 10);
	fprintf(out, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n");
	fprintf(out, "<text x=\"8\" y=\"20\" font-size=\"15\">Boot of ");
	put_text(chart->program, out);
	fprintf(out, ": %.2f ms until ", (double)chart->whole_ns / 1e6);
	put_text(chart->until, out);
	fprintf(out, "%s; to within %.2g ms</text>\n", chart->is_reached ? "" : " (not reached)",
		chart->clock_error_ns / 1e6);
	put_ticks(chart, bottom, out);
	for (size_t i = 0; i < chart->count; i++)
		if (is_shown(&chart->rows[i], min_ns)) {
			put_row(chart, &chart->rows[i], y, out);
			y += ROW;
		}
	fprintf(out, "</svg>\n");
}
