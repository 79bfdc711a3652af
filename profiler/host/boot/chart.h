/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of a boot went: rows, each with its place in time and the row that it is a part of. The rows of depth
 * 0 follow each other without gaps from 0 to the whole time; each other row lies inside the one that it is a part of.
 *
 * What is put in may be a lie (the machine tells it): names are made ASCII, times are cut to where they can be, and
 * rows beyond CHART_ROWS_MAX are counted and left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CHART_NAME_MAX 80
#define CHART_ROWS_MAX 2000
#define CHART_DEPTH_MAX 4
#define CHART_UNACCOUNTED "(unaccounted)"

struct chart_row {
	char name[CHART_NAME_MAX];
	const char *kind;	/* "phase", "init call", ...; constant */
	int64_t start_ns, end_ns;	/* since the start */
	unsigned depth;
	size_t order;		/* in which it was put in */
};

struct chart {
	struct chart_row rows[CHART_ROWS_MAX];
	size_t count, dropped;
	int64_t whole_ns;
	/* What there is to say beside. */
	const char *program, *until;
	bool is_reached;	/* it got as far as until */
	double clock_error_ns;	/* how wrong the machine's times can be */
	double clock_rate;	/* our seconds in one of the machine's */
	int status;
};

/* A row: of depth 0, or a part of whatever it begins in. */
void chart_add(struct chart *chart, const char *kind, const char *name, int64_t start_ns, int64_t end_ns,
	       bool is_phase);
/* All were added: puts them in order, and fills the gaps up to whole_ns. */
void chart_finish(struct chart *chart, int64_t whole_ns);

/* text.c: rows that last at least min_ns, 80 columns. */
void chart_print(const struct chart *chart, int64_t min_ns, FILE *out);
/* json.c: one object on one line. */
void chart_print_json(const struct chart *chart, FILE *out);
/* svg.c */
void chart_print_svg(const struct chart *chart, int64_t min_ns, FILE *out);
