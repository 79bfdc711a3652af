/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the results of trials are kept: see matrix.h.
 */
#include <stdlib.h>
#include <string.h>

#include "matrix.h"

bool matrix_make(struct matrix *matrix)
{
	matrix->cells = calloc(matrix->attacks.count * matrix->presets.count * VARIANTS, sizeof(*matrix->cells));
	return matrix->cells != NULL;
}

void matrix_free(struct matrix *matrix)
{
	size_t count = matrix->attacks.count * matrix->presets.count * VARIANTS;

	for (size_t i = 0; matrix->cells && i < count; i++)
		for (enum outcome o = 0; o < OUTCOMES; o++)
			free(matrix->cells[i].reports[o]);
	free(matrix->cells);
	matrix->cells = NULL;
	explained_free(&matrix->explained);
	presets_free(&matrix->presets);
}

struct cell *matrix_cell(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant)
{
	return &matrix->cells[(attack * matrix->presets.count + preset) * VARIANTS + variant];
}

void cell_add(struct cell *cell, const struct verdict *verdict)
{
	cell->trials++;
	cell->outcomes[verdict->outcome]++;
	if (verdict->outcome == OUTCOME_STOPPED && verdict->defence < DEFENCES)
		cell->by[verdict->defence]++;
	cell->primitive += verdict->primitive;
	if (!cell->reports[verdict->outcome])
		cell->reports[verdict->outcome] = strdup(verdict->report);
}
