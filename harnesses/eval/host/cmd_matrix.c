/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki eval: the matrix of attacks and presets, and what it comes to.
 */
#include <limits.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "pool.h"
#include "report.h"

#define PAGE_BOOTS 200	/* and with --boots as many, but not so few that they say nothing */
#define PAGE_BOOTS_LEAST 50
#define EXPLAINED "harnesses/eval/explained.txt"

static int read_explained(struct matrix *matrix)
{
	const char *root = getenv("SAKI_ROOT");
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s%s" EXPLAINED, root ? root : "", root ? "/" : "") >= sizeof(path))
		return run_fail(EVAL_ENVIRONMENT, "%.100s...: too long a name", root);
	return explained_read(&matrix->explained, path);
}

/* The list of the first image: all have the same attacks. */
static int find_attacks(struct matrix *matrix, const struct eval_options *o)
{
	size_t first = 0;
	int status;

	while (first < matrix->presets.count && !matrix->presets.list[first].image)
		first++;
	status = attacks_ask(&matrix->attacks, matrix->presets.list[first].image, o->limit_s);
	if (status)
		return status;
	attacks_filter(&matrix->attacks, o->attacks);
	if (!matrix->attacks.count)
		return run_fail(EVAL_USAGE, "--attacks %.60s: no attack has such a name; see: saki eval list",
				o->attacks);
	return matrix_make(matrix) ? 0 : run_fail(EVAL_ENVIRONMENT, "no memory");
}

/* For the page: of the hardened image, or else of one that draws its layout. Quietly none, where none says it. */
static int measure_entropy(struct regions *regions, const struct matrix *matrix, const struct eval_options *o)
{
	struct eval_options few = *o;
	size_t p = matrix_preset(matrix, "hardened");

	if (p == matrix->presets.count)
		for (p = 0; p < matrix->presets.count; p++)
			if (matrix->presets.list[p].on & DEFENCE_BIT(DEFENCE_LAYOUT))
				break;
	if (p == matrix->presets.count || !matrix->presets.list[p].image ||
	    !(matrix->presets.list[p].on & DEFENCE_BIT(DEFENCE_LAYOUT)))
		return 0;
	few.boots = !o->boots ? PAGE_BOOTS : o->boots > PAGE_BOOTS_LEAST ? o->boots : PAGE_BOOTS_LEAST;
	return regions_measure(regions, matrix->presets.list[p].image, matrix->presets.list[p].name, &few);
}

static bool some_not_built(const struct presets *presets)
{
	for (size_t i = 0; i < presets->count; i++)
		if (!presets->list[i].image)
			return true;
	return false;
}

int cmd_matrix(const struct eval_options *o)
{
	static struct matrix matrix;
	static struct costs costs[PRESETS_MAX];
	static struct regions regions;
	struct report report = { .matrix = &matrix };
	struct summary summary;
	int status = presets_choose(&matrix.presets, o->presets);

	if (!status)
		status = read_explained(&matrix);
	if (!status)
		status = presets_build(&matrix.presets);
	if (!status)
		status = find_attacks(&matrix, o);
	if (!status)
		status = matrix_run(&matrix, o->boots, o->jobs, o->limit_s);
	if (!status && o->costs) {
		status = costs_measure(costs, &matrix.presets);
		report.costs = costs;
	}
	if (!status && o->out) {
		status = measure_entropy(&regions, &matrix, o);
		report.regions = regions.boots ? &regions : NULL;
	}
	if (status)
		goto out;
	if (o->json)
		report_json(&report, stdout);
	else
		report_text(&report, stdout);
	if (o->out)
		status = report_write(&report, o->out);
	summary = matrix_summary(&matrix);
	if (!status && (!summary_is_fine(&summary) || some_not_built(&matrix.presets)))
		status = EVAL_UNEXPECTED;
out:
	regions_free(&regions);
	matrix_free(&matrix);
	return status;
}
