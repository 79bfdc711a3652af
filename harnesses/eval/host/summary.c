/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the trials come to: see matrix.h.
 */
#include "matrix.h"

#include <string.h>

const char *const expected_names[EXPECTATIONS] = { "succeeds",     "stopped",        "prevented",
						   "seldom",       "not-applicable", "passes" };

/* ---- one cell ---- */

static bool nearly_always(unsigned count, unsigned trials)
{
	return trials && count >= SUCCESS_RATE * trials;
}

double cell_success_rate(const struct cell *cell)
{
	return cell->trials ? (double)cell->outcomes[OUTCOME_SUCCEEDED] / cell->trials : 0;
}

struct interval cell_interval(const struct cell *cell)
{
	return wilson(cell->outcomes[OUTCOME_SUCCEEDED], cell->trials);
}

enum outcome cell_outcome(const struct cell *cell)
{
	enum outcome most = OUTCOMES;

	if (nearly_always(cell->outcomes[OUTCOME_SUCCEEDED], cell->trials))
		return OUTCOME_SUCCEEDED;
	/* What went wrong here is not to be hidden by what went well. */
	if (cell->outcomes[OUTCOME_ERROR])
		return OUTCOME_ERROR;
	for (enum outcome o = 0; o < OUTCOMES; o++)
		if (o != OUTCOME_SUCCEEDED && cell->outcomes[o] &&
		    (most == OUTCOMES || cell->outcomes[o] > cell->outcomes[most]))
			most = o;
	return most;
}

bool cell_is_mixed(const struct cell *cell)
{
	return cell->outcomes[OUTCOME_SUCCEEDED] && cell_outcome(cell) != OUTCOME_SUCCEEDED;
}

bool cell_is_stopped(const struct cell *cell)
{
	return nearly_always(cell->outcomes[OUTCOME_STOPPED], cell->trials);
}

enum defence cell_defence(const struct cell *cell)
{
	enum defence most = DEFENCES;

	for (enum defence d = 0; d < DEFENCES; d++)
		if (cell->by[d] && (most == DEFENCES || cell->by[d] > cell->by[most]))
			most = d;
	return most;
}

const char *cell_report(const struct cell *cell)
{
	enum outcome outcome = cell_outcome(cell);

	return outcome < OUTCOMES && cell->reports[outcome] ? cell->reports[outcome] : "";
}

/* ---- expectations ---- */

/* The defences of a preset that should stop it. An adaptive variant has found out where things are before. */
static uint32_t stops_of(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant)
{
	uint32_t stops = matrix->attacks.list[attack].stopped_by & matrix->presets.list[preset].on;

	return variant == VARIANT_ADAPTIVE ? stops & ~defence_probabilistic() : stops;
}

enum expected matrix_expected(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant)
{
	const struct attack *a = &matrix->attacks.list[attack];
	uint32_t on = matrix->presets.list[preset].on, stops = stops_of(matrix, attack, preset, variant);

	if (variant == VARIANT_BENIGN)
		return EXPECT_PASS;
	if (a->aims_at && !(a->aims_at & on))
		return EXPECT_ABSENT;
	if (!stops)
		return EXPECT_SUCCESS;
	if (stops & defence_reporting())
		return EXPECT_STOP;
	return stops & defence_probabilistic() ? EXPECT_RARELY : EXPECT_PREVENTION;
}

/* Seldom succeeds; of trials that are too few for an interval, never. */
static bool is_held(const struct cell *cell)
{
	return !cell->outcomes[OUTCOME_SUCCEEDED] || cell_interval(cell).high < RARE_RATE;
}

static bool stopped_as_named(const struct cell *cell, uint32_t named)
{
	unsigned count = 0;

	for (enum defence d = 0; d < DEFENCES; d++)
		count += named & DEFENCE_BIT(d) ? cell->by[d] : 0;
	return nearly_always(count, cell->trials);
}

bool matrix_as_expected(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant)
{
	const struct cell *cell = matrix_cell(matrix, attack, preset, variant);
	uint32_t stops = stops_of(matrix, attack, preset, variant);
	unsigned absent = cell->outcomes[OUTCOME_NOT_APPLICABLE];

	if (!cell->trials)
		return true;
	if (cell->outcomes[OUTCOME_ERROR])
		return false;
	switch (matrix_expected(matrix, attack, preset, variant)) {
	case EXPECT_PASS: return cell->outcomes[OUTCOME_PASSED] + absent == cell->trials;
	case EXPECT_ABSENT: return absent == cell->trials;
	case EXPECT_SUCCESS:
		return nearly_always(cell->outcomes[OUTCOME_SUCCEEDED], cell->trials - absent) ||
		       absent == cell->trials;
	case EXPECT_STOP:
		/* Where it does not find what it attacks, no other defence comes to say anything. */
		return stopped_as_named(cell, stops) || (stops & defence_probabilistic() && is_held(cell)) ||
		       absent == cell->trials;
	case EXPECT_RARELY: return is_held(cell) || absent == cell->trials;
	default: return !cell->outcomes[OUTCOME_SUCCEEDED];
	}
}

const char *matrix_explanation(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant)
{
	const struct cell *cell = matrix_cell(matrix, attack, preset, variant);
	enum outcome outcome = cell_outcome(cell);

	if (outcome == OUTCOMES)
		return NULL;
	return explained_find(&matrix->explained, matrix->attacks.list[attack].name, variant_names[variant],
			      matrix->presets.list[preset].name, outcome_names[outcome]);
}

size_t matrix_preset(const struct matrix *matrix, const char *name)
{
	size_t i = 0;

	while (i < matrix->presets.count && strcmp(matrix->presets.list[i].name, name))
		i++;
	return i;
}

/* ---- shares ---- */

static void count_share(struct share *share, bool counted, bool is)
{
	share->of += counted;
	share->count += counted && is;
}

/* The attack was run there, and had what it attacks. */
static bool is_applicable(const struct cell *cell)
{
	return cell->trials && cell->outcomes[OUTCOME_NOT_APPLICABLE] < cell->trials;
}

static void summarise_hardened(const struct matrix *matrix, size_t attack, size_t preset, struct summary *summary)
{
	const struct attack *a = &matrix->attacks.list[attack];
	uint32_t stops = stops_of(matrix, attack, preset, VARIANT_PLAIN);
	uint32_t stops_adaptive = stops_of(matrix, attack, preset, VARIANT_ADAPTIVE);
	const struct cell *plain = matrix_cell(matrix, attack, preset, VARIANT_PLAIN);
	const struct cell *adaptive = matrix_cell(matrix, attack, preset, VARIANT_ADAPTIVE);
	bool reports = stops & defence_reporting();

	count_share(&summary->stopped, reports && is_applicable(plain), cell_is_stopped(plain));
	count_share(&summary->held, stops && is_applicable(plain), is_held(plain));
	count_share(&summary->stopped_adaptive, reports && is_applicable(adaptive), cell_is_stopped(adaptive));
	count_share(&summary->held_adaptive, stops_adaptive && is_applicable(adaptive), is_held(adaptive));
	count_share(&summary->controls, !a->stopped_by && is_applicable(plain),
		    cell_outcome(plain) == OUTCOME_SUCCEEDED);
}

static void summarise_cell(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant,
			   struct summary *summary)
{
	const struct cell *cell = matrix_cell(matrix, attack, preset, variant);
	const struct attack *a = &matrix->attacks.list[attack];
	const struct preset *p = &matrix->presets.list[preset];

	if (variant == VARIANT_BENIGN)
		count_share(&summary->benign, is_applicable(cell), cell_outcome(cell) == OUTCOME_PASSED);
	if (variant == VARIANT_PLAIN && p->sort == PRESET_ALONE && a->aims_at & DEFENCE_BIT(p->defence))
		count_share(&summary->aimed, is_applicable(cell), cell->primitive > 0);
	summary->errors += cell->outcomes[OUTCOME_ERROR] > 0;
	if (matrix_as_expected(matrix, attack, preset, variant))
		return;
	if (matrix_explanation(matrix, attack, preset, variant))
		summary->explained++;
	else
		summary->unexpected++;
}

struct summary matrix_summary(const struct matrix *matrix)
{
	struct summary summary = { 0 };

	for (size_t a = 0; a < matrix->attacks.count; a++)
		for (size_t p = 0; p < matrix->presets.count; p++) {
			const struct cell *plain = matrix_cell(matrix, a, p, VARIANT_PLAIN);

			if (matrix->presets.list[p].sort == PRESET_NONE)
				count_share(&summary.none, is_applicable(plain),
					    cell_outcome(plain) == OUTCOME_SUCCEEDED);
			if (matrix->presets.list[p].sort == PRESET_HARDENED)
				summarise_hardened(matrix, a, p, &summary);
			for (enum variant v = 0; v < VARIANTS; v++)
				summarise_cell(matrix, a, p, v, &summary);
		}
	return summary;
}

bool summary_is_fine(const struct summary *summary)
{
	return !summary->unexpected && !summary->errors && summary->aimed.count == summary->aimed.of;
}

static struct family *family_of(struct family *families, size_t *count, size_t max, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (!strcmp(families[i].name, name))
			return &families[i];
	if (*count == max)
		return NULL;
	families[*count] = (struct family){ .name = name };
	return &families[(*count)++];
}

size_t matrix_families(const struct matrix *matrix, struct family *families, size_t max)
{
	size_t none = matrix_preset(matrix, "none"), hardened = matrix_preset(matrix, "hardened"), count = 0;

	for (size_t a = 0; a < matrix->attacks.count; a++) {
		struct family *family = family_of(families, &count, max, matrix->attacks.list[a].family);
		const struct cell *cell;

		if (family && none < matrix->presets.count) {
			cell = matrix_cell(matrix, a, none, VARIANT_PLAIN);
			count_share(&family->none, is_applicable(cell), cell_outcome(cell) == OUTCOME_SUCCEEDED);
		}
		/* Negative controls are no part of what should be stopped. */
		if (family && hardened < matrix->presets.count && matrix->attacks.list[a].stopped_by) {
			bool reports = matrix->attacks.list[a].stopped_by & defence_reporting();

			cell = matrix_cell(matrix, a, hardened, VARIANT_PLAIN);
			count_share(&family->stopped, reports && is_applicable(cell), cell_is_stopped(cell));
			count_share(&family->held, is_applicable(cell), is_held(cell));
		}
	}
	return count;
}

struct by_defence matrix_by_defence(const struct matrix *matrix, enum defence defence)
{
	struct by_defence sum = { 0 };

	for (size_t p = 0; p < matrix->presets.count; p++)
		for (size_t a = 0; a < matrix->attacks.count; a++) {
			const struct preset *preset = &matrix->presets.list[p];
			const struct cell *cell = matrix_cell(matrix, a, p, VARIANT_PLAIN);
			bool named = matrix->attacks.list[a].stopped_by & DEFENCE_BIT(defence);
			bool counted = named && preset->defence == defence && is_applicable(cell);

			count_share(&sum.stopped, counted && preset->sort == PRESET_ALONE,
				    cell_is_stopped(cell) && cell_defence(cell) == defence);
			count_share(&sum.held, counted && preset->sort == PRESET_ALONE, is_held(cell));
			count_share(&sum.missed, counted && preset->sort == PRESET_LESS_ONE,
				    cell_outcome(cell) == OUTCOME_SUCCEEDED);
		}
	return sum;
}
