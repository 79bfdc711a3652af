/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Showing what an evaluation has found: as text, as JSON, as a page.
 */
#pragma once

#include <stdio.h>

#include "costs.h"
#include "entropy.h"
#include "matrix.h"

struct report {
	const struct matrix *matrix;
	const struct costs *costs;	/* one for each preset; NULL: not measured */
	const struct regions *regions;	/* NULL: not measured */
};

void report_text(const struct report *report, FILE *out);
void report_json(const struct report *report, FILE *out);
/* One file, which needs nothing else. */
void report_page(const struct report *report, FILE *out);

/*
 * Writes results.json and index.html into a folder, which is made.
 *
 * @return 0, or an exit status after a line of error
 */
int report_write(const struct report *report, const char *folder);

/* Parts of it that others write too. */
struct json;
void defences_json(struct json *json, const char *key, uint32_t set);
void attacks_json(struct json *json, const struct attacks *attacks);
