/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An evaluation as one JSON object.
 */
#include <fuzz/host/json.h>

#include "report.h"

void defences_json(struct json *json, const char *key, uint32_t set)
{
	json_open(json, key, '[');
	for (enum defence d = 0; d < DEFENCES; d++)
		if (set & DEFENCE_BIT(d))
			json_string(json, NULL, defences[d].name);
	json_close(json, ']');
}

void attacks_json(struct json *json, const struct attacks *attacks)
{
	json_open(json, "attacks", '[');
	for (size_t i = 0; i < attacks->count; i++) {
		const struct attack *a = &attacks->list[i];

		json_open(json, NULL, '{');
		json_string(json, "name", a->name);
		json_string(json, "family", a->family);
		json_string(json, "primitive", a->primitive);
		json_string(json, "knowledge", a->knowledge);
		json_number(json, "tries", a->tries);
		defences_json(json, "stopped_by", a->stopped_by);
		defences_json(json, "aims_at", a->aims_at);
		json_bool(json, "benign", a->has_benign);
		json_bool(json, "adaptive", a->has_adaptive);
		json_string(json, "about", a->about);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void share_json(struct json *json, const char *key, struct share share)
{
	json_open(json, key, '{');
	json_number(json, "count", share.count);
	json_number(json, "of", share.of);
	json_close(json, '}');
}

static void costs_json(struct json *json, const struct costs *costs)
{
	json_number(json, "boot_instructions", costs->boot_instructions);
	json_real(json, "boot_ms", costs->boot_ms);
	json_real(json, "syscall_instructions", costs->syscall_instructions);
	json_real(json, "syscalls_per_s", costs->syscalls_per_s);
	json_real(json, "nginx_requests_per_s", costs->requests_per_s);
}

static void presets_json(struct json *json, const struct report *report)
{
	json_open(json, "presets", '[');
	for (size_t i = 0; i < report->matrix->presets.count; i++) {
		const struct preset *p = &report->matrix->presets.list[i];

		json_open(json, NULL, '{');
		json_string(json, "name", p->name);
		json_string(json, "preset", p->full);
		json_bool(json, "built", p->image != NULL);
		defences_json(json, "defences", p->on);
		json_number(json, "text_bytes", p->text_bytes);
		json_number(json, "data_bytes", p->data_bytes);
		if (report->costs && p->image)
			costs_json(json, &report->costs[i]);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void cell_json(struct json *json, const struct matrix *matrix, size_t attack, size_t preset,
		      enum variant variant)
{
	const struct cell *cell = matrix_cell(matrix, attack, preset, variant);
	struct interval interval = cell_interval(cell);
	enum defence defence = cell_defence(cell);

	if (!cell->trials)
		return;
	json_open(json, NULL, '{');
	json_string(json, "attack", matrix->attacks.list[attack].name);
	json_string(json, "preset", matrix->presets.list[preset].name);
	json_string(json, "variant", variant_names[variant]);
	json_string(json, "outcome", outcome_names[cell_outcome(cell)]);
	json_string(json, "defence", defence < DEFENCES ? defences[defence].name : NULL);
	json_number(json, "trials", cell->trials);
	json_number(json, "boots", cell->boots);
	json_open(json, "outcomes", '{');
	for (enum outcome o = 0; o < OUTCOMES; o++)
		if (cell->outcomes[o])
			json_number(json, outcome_names[o], cell->outcomes[o]);
	json_close(json, '}');
	json_real(json, "success_rate", cell_success_rate(cell));
	json_open(json, "success_interval", '[');
	json_real(json, NULL, interval.low);
	json_real(json, NULL, interval.high);
	json_close(json, ']');
	json_number(json, "primitive_shown", cell->primitive);
	json_string(json, "expected", expected_names[matrix_expected(matrix, attack, preset, variant)]);
	json_bool(json, "as_expected", matrix_as_expected(matrix, attack, preset, variant));
	if (!matrix_as_expected(matrix, attack, preset, variant))
		json_string(json, "explanation", matrix_explanation(matrix, attack, preset, variant));
	json_string(json, "report", cell_report(cell));
	json_close(json, '}');
}

static void sums_json(struct json *json, const struct matrix *matrix)
{
	struct summary s = matrix_summary(matrix);
	struct family families[ATTACKS_MAX];
	size_t count = matrix_families(matrix, families, ATTACKS_MAX);

	json_open(json, "families", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", families[i].name);
		share_json(json, "succeed_on_none", families[i].none);
		share_json(json, "stopped_on_hardened", families[i].stopped);
		share_json(json, "held_on_hardened", families[i].held);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "defences", '[');
	for (enum defence d = 0; d < DEFENCES; d++) {
		struct by_defence by = matrix_by_defence(matrix, d);

		json_open(json, NULL, '{');
		json_string(json, "name", defences[d].name);
		json_bool(json, "reports", defences[d].reports);
		share_json(json, "stopped_alone", by.stopped);
		share_json(json, "held_alone", by.held);
		share_json(json, "succeed_without", by.missed);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "summary", '{');
	share_json(json, "succeed_on_none", s.none);
	share_json(json, "hardened_stopped", s.stopped);
	share_json(json, "hardened_stopped_adaptive", s.stopped_adaptive);
	share_json(json, "hardened_held", s.held);
	share_json(json, "hardened_held_adaptive", s.held_adaptive);
	share_json(json, "controls_succeed", s.controls);
	share_json(json, "benign_pass", s.benign);
	share_json(json, "aimed_show_primitive", s.aimed);
	json_number(json, "harness_errors", s.errors);
	json_number(json, "unexpected", s.unexpected);
	json_number(json, "explained", s.explained);
	json_bool(json, "as_expected", summary_is_fine(&s));
	json_close(json, '}');
}

void report_json(const struct report *report, FILE *out)
{
	const struct matrix *matrix = report->matrix;
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	json_number(&json, "boots", matrix->boots);
	json_real(&json, "seconds", matrix->seconds);
	attacks_json(&json, &matrix->attacks);
	presets_json(&json, report);
	json_open(&json, "cells", '[');
	for (size_t a = 0; a < matrix->attacks.count; a++)
		for (size_t p = 0; p < matrix->presets.count; p++)
			for (enum variant v = 0; v < VARIANTS; v++)
				cell_json(&json, matrix, a, p, v);
	json_close(&json, ']');
	sums_json(&json, matrix);
	if (report->regions) {
		json_open(&json, "entropy", '{');
		regions_json(report->regions, &json);
		json_close(&json, '}');
	}
	json_close(&json, '}');
	fputc('\n', out);
}
