/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From steps, in whatever order and however wrong, to rows that add up. See chart.h.
 */
#include "chart.h"

#include <stdlib.h>
#include <string.h>

/* Phases that follow each other are told as starts and durations, each of which is rounded. */
#define ROUNDING_NS 100

/* What a terminal or a viewer could take for something else does not get there. */
static void copy_name(char to[CHART_NAME_MAX], const char *from)
{
	size_t i;

	for (i = 0; i < CHART_NAME_MAX - 1 && from[i]; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

void chart_add(struct chart *chart, const char *kind, const char *name, int64_t start_ns, int64_t end_ns, bool is_phase)
{
	struct chart_row *row = &chart->rows[chart->count];

	/* Each phase may need a row for the gap before it, and there is one at the end. */
	if (chart->count >= CHART_ROWS_MAX / 2 - 1) {
		chart->dropped++;
		return;
	}
	*row = (struct chart_row){
		.kind = kind, .start_ns = start_ns, .end_ns = end_ns, .depth = is_phase ? 0 : 1, .order = chart->count
	};
	copy_name(row->name, name);
	chart->count++;
}

/* By start; phases first, of them those without length; what contains comes before what it contains. */
static int compare(const void *a, const void *b)
{
	const struct chart_row *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (!x->depth != !y->depth)
		return x->depth ? 1 : -1;
	if (x->end_ns != y->end_ns)
		return (x->end_ns > y->end_ns) == (x->depth > 0) ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void cut(struct chart_row *row, int64_t from, int64_t to)
{
	row->start_ns = row->start_ns < from ? from : row->start_ns > to ? to : row->start_ns;
	row->end_ns = row->end_ns < row->start_ns ? row->start_ns : row->end_ns > to ? to : row->end_ns;
}

static struct chart_row *put_gap(struct chart_row *at, int64_t from, int64_t to)
{
	*at = (struct chart_row){ .name = CHART_UNACCOUNTED, .kind = "phase", .start_ns = from, .end_ns = to };
	return at + 1;
}

/* Phases one behind the other: each begins where the last has ended, or there is a row for what is between. */
static size_t lay_phases(const struct chart *chart, struct chart_row *to)
{
	struct chart_row *at = to;
	int64_t now = 0;

	for (size_t i = 0; i < chart->count; i++) {
		struct chart_row row = chart->rows[i];

		if (row.depth || row.start_ns >= chart->whole_ns)
			continue;
		cut(&row, now, chart->whole_ns);
		if (row.start_ns - now < ROUNDING_NS)
			row.start_ns = now;
		if (row.start_ns > now)
			at = put_gap(at, now, row.start_ns);
		now = row.end_ns;
		*at++ = row;
	}
	if (at > to && chart->whole_ns - now < ROUNDING_NS)
		at[-1].end_ns = chart->whole_ns;
	else if (now < chart->whole_ns)
		at = put_gap(at, now, chart->whole_ns);
	return (size_t)(at - to);
}

/* A part belongs to the innermost row before it that it begins in. */
static void place(struct chart_row *row, const struct chart_row *stack[], size_t *depth)
{
	while (*depth > 1 && (row->start_ns >= stack[*depth - 1]->end_ns || *depth > CHART_DEPTH_MAX))
		(*depth)--;
	cut(row, stack[*depth - 1]->start_ns, stack[*depth - 1]->end_ns);
	row->depth = (unsigned)*depth;
	stack[(*depth)++] = row;
}

static void lay_parts(struct chart *chart)
{
	const struct chart_row *stack[CHART_DEPTH_MAX + 2] = { NULL };
	size_t depth = 0;

	for (size_t i = 0; i < chart->count; i++) {
		struct chart_row *row = &chart->rows[i];

		if (!row->depth) {
			stack[0] = row;
			depth = 1;
		} else if (depth) {
			place(row, stack, &depth);
		}
	}
}

void chart_finish(struct chart *chart, int64_t whole_ns)
{
	struct chart_row *phases = calloc(CHART_ROWS_MAX, sizeof(*phases));
	size_t count, parts = 0;

	chart->whole_ns = whole_ns > 0 ? whole_ns : 0;
	if (!phases)
		abort();
	qsort(chart->rows, chart->count, sizeof(*chart->rows), compare);
	count = lay_phases(chart, phases);
	for (size_t i = 0; i < chart->count; i++)
		if (count && chart->rows[i].depth && chart->rows[i].start_ns < chart->whole_ns) {
			cut(&chart->rows[i], 0, chart->whole_ns);
			chart->rows[parts++] = chart->rows[i];
		}
	memcpy(chart->rows + parts, phases, count * sizeof(*phases));
	chart->count = parts + count;
	free(phases);
	qsort(chart->rows, chart->count, sizeof(*chart->rows), compare);
	lay_parts(chart);
}
