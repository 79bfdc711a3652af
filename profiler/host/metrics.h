/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metrics of a guest, out of its memory (profiler/abi/metrics.h). The guest may be anything, and may be running:
 * all that it says is read once, and checked.
 */
#pragma once

#include <profiler/abi/metrics.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * Prints all metrics in Prometheus's text format (0.0.4). Those that only the guest can compute are named in a comment.
 *
 * @param memory	the machine's, from physical address 0 on, 8 bytes aligned; shared or a copy
 * @return 0; -ENOENT: the guest shows none; -EINVAL: what it shows makes no sense, and nothing was printed; -ENOMEM
 */
int metrics_print(const uint8_t *memory, size_t size, FILE *out);

/* The same as one JSON object on one line: values by name; where there is a label, objects of values by the label's. */
int metrics_print_json(const uint8_t *memory, size_t size, FILE *out);

/* What to say of the result of one of these. */
const char *metrics_problem(int err);

/* ---- metrics_read.c: what was found, as our own ---- */

#define METRICS_NAME_MAX 96	/* bytes, with the NUL */
#define METRICS_TEXT_MAX 256
#define METRICS_VALUES_MAX 4096	/* of one metric */

struct metric_found {
	char name[METRICS_NAME_MAX], label[METRICS_NAME_MAX], help[METRICS_TEXT_MAX];
	enum metric_type type;
	enum metric_source source;
	enum metric_unit unit;
	size_t count;
	uint64_t *values;
	char **labels;		/* NULL: it has none; an entry that is NULL: not to be shown */
};

struct metrics_found {
	struct metric_found *metrics;	/* in order of their names, of which no two are equal */
	size_t count;
};

/* Results as above. What is found is freed by metrics_release(), in any case. */
int metrics_read(const uint8_t *memory, size_t size, struct metrics_found *found);
void metrics_release(struct metrics_found *found);
