/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A boot chart as JSON, for scripts: all rows, phases with what they consist of.
 */
#include "chart.h"

#include <fuzz/host/json.h>

static void put_row(struct json *json, const struct chart_row *row)
{
	json_string(json, "name", row->name);
	json_string(json, "kind", row->kind);
	json_number(json, "start_ns", (uint64_t)row->start_ns);
	json_number(json, "duration_ns", (uint64_t)(row->end_ns - row->start_ns));
}

/* Opens a row inside of those that are open, which end where it is no part of them. */
static void put_rows(struct json *json, const struct chart *chart)
{
	unsigned open = 0;

	json_open(json, "phases", '[');
	for (size_t i = 0; i < chart->count; i++) {
		for (; open > chart->rows[i].depth; open--) {
			json_close(json, ']');
			json_close(json, '}');
		}
		json_open(json, NULL, '{');
		put_row(json, &chart->rows[i]);
		json_open(json, "steps", '[');
		open++;
	}
	for (; open; open--) {
		json_close(json, ']');
		json_close(json, '}');
	}
	json_close(json, ']');
}

void chart_print_json(const struct chart *chart, FILE *out)
{
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	json_string(&json, "program", chart->program);
	json_string(&json, "until", chart->until);
	json_bool(&json, "reached", chart->is_reached);
	json_number(&json, "wall_ns", (uint64_t)chart->whole_ns);
	json_number(&json, "clock_error_ns", (uint64_t)chart->clock_error_ns);
	json_real(&json, "clock_rate", chart->clock_rate);
	json_number(&json, "dropped", chart->dropped);
	json_number(&json, "status", (uint64_t)chart->status);
	put_rows(&json, chart);
	json_close(&json, '}');
	fputc('\n', out);
}
