/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An evaluation as tables that fit a terminal of 80 columns.
 */
#include <string.h>

#include "report.h"

#define NAME_WIDTH 30
#define WORDS 2		/* presets up to which cells are words of this width */
#define WORD_WIDTH 18
#define ROW_CELLS 48	/* columns of presets that fit beside the names, at one character each */

/* By enum outcome. */
static const char letters[OUTCOMES + 1] = "!Scdf-+E";

static char letter_of(const struct cell *cell)
{
	if (!cell->trials)
		return ' ';
	return cell_is_mixed(cell) ? '%' : letters[cell_outcome(cell)];
}

/* Names of presets from top to bottom. */
static void put_names(const struct matrix *matrix, size_t from, size_t to, FILE *out)
{
	size_t height = 0;

	for (size_t p = from; p < to; p++)
		if (strlen(matrix->presets.list[p].name) > height)
			height = strlen(matrix->presets.list[p].name);
	for (size_t row = 0; row < height; row++) {
		fprintf(out, "%-*s", NAME_WIDTH, "");
		for (size_t p = from; p < to; p++) {
			const char *name = matrix->presets.list[p].name;
			size_t gap = height - strlen(name);

			fputc(row < gap ? ' ' : name[row - gap], out);
		}
		fputc('\n', out);
	}
}

static bool any_trials(const struct matrix *matrix, size_t attack, enum variant variant)
{
	for (size_t p = 0; p < matrix->presets.count; p++)
		if (matrix_cell(matrix, attack, p, variant)->trials)
			return true;
	return false;
}

static void put_rows(const struct matrix *matrix, enum variant variant, size_t from, size_t to, FILE *out)
{
	const char *family = "";

	for (size_t a = 0; a < matrix->attacks.count; a++) {
		const struct attack *attack = &matrix->attacks.list[a];

		if (!any_trials(matrix, a, variant))
			continue;
		if (strcmp(family, attack->family))
			fprintf(out, "%s\n", attack->family);
		family = attack->family;
		fprintf(out, "  %-*.*s", NAME_WIDTH - 2, NAME_WIDTH - 3, attack->name);
		for (size_t p = from; p < to; p++)
			fputc(letter_of(matrix_cell(matrix, a, p, variant)), out);
		fputc('\n', out);
	}
}

/* ---- few presets: there is room for words ---- */

static void put_word(const struct cell *cell, FILE *out)
{
	enum defence defence = cell_defence(cell);
	char text[24] = "";

	if (!cell->trials)
		;
	else if (cell_is_mixed(cell))
		snprintf(text, sizeof(text), "%% %.1f %%", cell_success_rate(cell) * 100);
	else if (cell_outcome(cell) == OUTCOME_STOPPED && defence < DEFENCES)
		snprintf(text, sizeof(text), "%c %s", letter_of(cell), defences[defence].name);
	else
		snprintf(text, sizeof(text), "%c", letter_of(cell));
	fprintf(out, " %-*s", WORD_WIDTH - 1, text);
}

static void put_words(const struct matrix *matrix, enum variant variant, FILE *out)
{
	fprintf(out, "%-*s", NAME_WIDTH, "");
	for (size_t p = 0; p < matrix->presets.count; p++)
		fprintf(out, " %-*.*s", WORD_WIDTH - 1, WORD_WIDTH - 2, matrix->presets.list[p].name);
	fputc('\n', out);
	for (size_t a = 0; a < matrix->attacks.count; a++) {
		if (!any_trials(matrix, a, variant))
			continue;
		fprintf(out, "  %-*.*s", NAME_WIDTH - 2, NAME_WIDTH - 3, matrix->attacks.list[a].name);
		for (size_t p = 0; p < matrix->presets.count; p++)
			put_word(matrix_cell(matrix, a, p, variant), out);
		fputc('\n', out);
	}
}

static void put_matrix(const struct matrix *matrix, enum variant variant, FILE *out)
{
	bool any = false;

	for (size_t a = 0; a < matrix->attacks.count; a++)
		any |= any_trials(matrix, a, variant);
	if (!any)
		return;
	fprintf(out, "%s\n",
		variant == VARIANT_ADAPTIVE ? "adaptive variants: the attacker knows this build's symbols" : "attacks");
	if (matrix->presets.count <= WORDS)
		put_words(matrix, variant, out);
	for (size_t from = 0; matrix->presets.count > WORDS && from < matrix->presets.count; from += ROW_CELLS) {
		size_t to = from + ROW_CELLS < matrix->presets.count ? from + ROW_CELLS : matrix->presets.count;

		put_names(matrix, from, to, out);
		put_rows(matrix, variant, from, to, out);
	}
	fputs("\n  ! succeeded   S stopped, as a defence reports   c crash that no defence claims\n"
	      "  d hangs or gone   f failed   - not applicable   % succeeded at times   E error\n\n",
	      out);
}

/* ---- attacks that succeed at times ---- */

static void put_rates(const struct matrix *matrix, FILE *out)
{
	bool any = false;

	for (size_t a = 0; a < matrix->attacks.count; a++)
		for (size_t p = 0; p < matrix->presets.count; p++)
			for (enum variant v = 0; v < VARIANTS; v++) {
				const struct cell *cell = matrix_cell(matrix, a, p, v);
				struct interval interval = cell_interval(cell);

				if (cell->trials < 2 || v == VARIANT_BENIGN)
					continue;
				if (!any)
					fputs("success rates, with their 95 % intervals (Wilson)\n", out);
				any = true;
				fprintf(out, "  %-28.28s %-18.18s %-2s %4u of %-4u %3.0f-%.0f %%\n",
					matrix->attacks.list[a].name, matrix->presets.list[p].name,
					v == VARIANT_ADAPTIVE ? "ad" : "", cell->outcomes[OUTCOME_SUCCEEDED],
					cell->trials, interval.low * 100, interval.high * 100);
			}
	if (any)
		fputc('\n', out);
}

/* ---- shares ---- */

static void put_share(struct share share, FILE *out)
{
	char text[24];

	if (share.of)
		snprintf(text, sizeof(text), "%3.0f %% (%u/%u)", 100.0 * share.count / share.of, share.count, share.of);
	else
		snprintf(text, sizeof(text), "-");
	fprintf(out, "  %-15s", text);
}

static void put_families(const struct matrix *matrix, FILE *out)
{
	struct family families[ATTACKS_MAX];
	size_t count = matrix_families(matrix, families, ATTACKS_MAX);

	fprintf(out, "%-28s  %-15s  %-15s  %s\n", "family", "succeed on none", "stopped on", "not succeeding");
	fprintf(out, "%-28s  %-15s  %-15s  %s\n", "", "", "hardened", "on hardened");
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%-28.28s", families[i].name);
		put_share(families[i].none, out);
		put_share(families[i].stopped, out);
		put_share(families[i].held, out);
		fputc('\n', out);
	}
	fputc('\n', out);
}

static void put_defences(const struct matrix *matrix, FILE *out)
{
	fprintf(out, "%-28s  %-15s  %-15s  %s\n", "defence, of those it names", "stopped alone", "not succeeding",
		"succeed without");
	for (enum defence d = 0; d < DEFENCES; d++) {
		struct by_defence by = matrix_by_defence(matrix, d);

		if (!by.held.of && !by.missed.of)
			continue;
		fprintf(out, "%-15s%-13s", defences[d].name, defences[d].reports ? "" : " (silent)");
		put_share(defences[d].reports ? by.stopped : (struct share){ 0 }, out);
		put_share(by.held, out);
		put_share(by.missed, out);
		fputc('\n', out);
	}
	fputc('\n', out);
}

/* ---- costs ---- */

static double percent_over(double value, double base)
{
	return base > 0 ? 100 * (value - base) / base : 0;
}

static void put_costs(const struct report *report, FILE *out)
{
	const struct presets *presets = &report->matrix->presets;
	const struct preset *base = &presets->list[0];

	fprintf(out, "%-20s %9s %7s", "preset", "text KiB", "");
	if (report->costs)
		fprintf(out, " %8s %9s %9s %8s", "boot ms", "calls/s", "ins/call", "nginx/s");
	fputc('\n', out);
	for (size_t i = 0; i < presets->count; i++) {
		const struct preset *p = &presets->list[i];
		const struct costs *c = report->costs ? &report->costs[i] : NULL;

		if (!p->image)
			continue;
		fprintf(out, "%-20.20s %9llu %+6.1f%%", p->name, (unsigned long long)(p->text_bytes >> 10),
			percent_over((double)p->text_bytes, (double)base->text_bytes));
		if (c)
			fprintf(out, " %8.1f %9.0f %9.1f %8.0f", c->boot_ms, c->syscalls_per_s, c->syscall_instructions,
				c->requests_per_s);
		fputc('\n', out);
	}
	fputc('\n', out);
}

/* ---- what was not as expected ---- */

static bool same_story(const struct matrix *matrix, size_t attack, enum variant variant, size_t p, size_t q)
{
	const struct cell *a = matrix_cell(matrix, attack, p, variant), *b = matrix_cell(matrix, attack, q, variant);
	const char *why_a = matrix_explanation(matrix, attack, p, variant);
	const char *why_b = matrix_explanation(matrix, attack, q, variant);

	return b->trials && !matrix_as_expected(matrix, attack, q, variant) && cell_outcome(a) == cell_outcome(b) &&
	       matrix_expected(matrix, attack, p, variant) == matrix_expected(matrix, attack, q, variant) &&
	       why_a == why_b;
}

static void put_exception(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant, FILE *out)
{
	const struct cell *cell = matrix_cell(matrix, attack, preset, variant);
	const char *why = matrix_explanation(matrix, attack, preset, variant);
	enum defence defence = cell_defence(cell);
	int column;

	for (size_t p = 0; p < preset; p++)
		if (matrix_cell(matrix, attack, p, variant)->trials &&
		    !matrix_as_expected(matrix, attack, p, variant) && same_story(matrix, attack, variant, p, preset))
			return;
	fprintf(out, "  %s, %s: %s%s%s", matrix->attacks.list[attack].name, variant_names[variant],
		cell_is_mixed(cell) ? "at times " : "", outcome_names[cell_outcome(cell)],
		cell_outcome(cell) == OUTCOME_STOPPED && defence < DEFENCES ? " by " : "");
	fprintf(out, "%s, expected: %s\n",
		cell_outcome(cell) == OUTCOME_STOPPED && defence < DEFENCES ? defences[defence].name : "",
		expected_names[matrix_expected(matrix, attack, preset, variant)]);
	column = fprintf(out, "    on");
	for (size_t p = preset; p < matrix->presets.count; p++) {
		if (!same_story(matrix, attack, variant, preset, p))
			continue;
		if (column + strlen(matrix->presets.list[p].name) > 78)
			column = fprintf(out, "\n      ") - 1;
		column += fprintf(out, " %s", matrix->presets.list[p].name);
	}
	fprintf(out, "\n    %s: %.*s\n", why ? "known" : "report", why ? 600 : 66, why ? why : cell_report(cell));
}

static void put_exceptions(const struct matrix *matrix, const struct summary *summary, FILE *out)
{
	if (!summary->unexpected && !summary->explained) {
		fputs("no exceptions\n", out);
		return;
	}
	fprintf(out, "exceptions: %u without an explanation, %u with one\n", summary->unexpected, summary->explained);
	for (size_t a = 0; a < matrix->attacks.count; a++)
		for (enum variant v = 0; v < VARIANTS; v++)
			for (size_t p = 0; p < matrix->presets.count; p++)
				if (!matrix_as_expected(matrix, a, p, v))
					put_exception(matrix, a, p, v, out);
}

static void put_line(const char *what, struct share share, FILE *out)
{
	if (!share.of)
		return;
	fprintf(out, "  %-58s", what);
	put_share(share, out);
	fputc('\n', out);
}

static void put_summary(const struct summary *s, FILE *out)
{
	put_line("none: applicable attacks succeed", s->none, out);
	put_line("hardened: stopped, of what reporting defences should stop", s->stopped, out);
	put_line("the same, adaptive variants", s->stopped_adaptive, out);
	put_line("hardened: not succeeding, of what any defence should stop", s->held, out);
	put_line("the same, adaptive variants", s->held_adaptive, out);
	put_line("hardened: negative controls succeed", s->controls, out);
	put_line("benign twins pass", s->benign, out);
	put_line("attacks on a defence show their primitive there", s->aimed, out);
	if (s->errors)
		fprintf(out, "  %-58s  %u\n", "harness errors", s->errors);
	fputc('\n', out);
}

void report_text(const struct report *report, FILE *out)
{
	const struct matrix *matrix = report->matrix;
	struct summary summary = matrix_summary(matrix);

	put_matrix(matrix, VARIANT_PLAIN, out);
	put_matrix(matrix, VARIANT_ADAPTIVE, out);
	put_rates(matrix, out);
	put_families(matrix, out);
	put_defences(matrix, out);
	put_costs(report, out);
	put_summary(&summary, out);
	put_exceptions(matrix, &summary, out);
	fprintf(out, "\n%zu attacks, %zu presets, %llu boots in %.0f s: %s\n", matrix->attacks.count,
		matrix->presets.count, (unsigned long long)matrix->boots, matrix->seconds,
		summary_is_fine(&summary) ? "as expected" : "not as expected");
}
