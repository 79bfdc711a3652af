/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Findings: an input and what it does, with a title that merges equal ones.
 *
 *	OUT/TITLE/input		the bytes
 *	OUT/TITLE/input.txt	the text form, for programs
 *	OUT/TITLE/report.json	everything known (keys: README.md); replay and minimize read world and preset from it
 *	OUT/TITLE/reproducer.c	for programs: the same calls, for Linux
 */
#pragma once

#include <limits.h>
#include <stdio.h>

#include "executor.h"
#include "json.h"
#include "symbols.h"

#define TITLE_MAX 128

struct finding {
	char title[TITLE_MAX];
	const char *kind;		/* "heap overflow" */
	char slug[TITLE_MAX];		/* the folder's name */
	const char *harness, *preset;
	enum world world;
	bool confirmed;			/* a fresh machine shows the same title for this input alone */
	bool alone_fine;		/* on a fresh machine the input does no harm: it needed earlier ones */
	const uint8_t *input;
	size_t size;
	struct verdict verdict;
};

extern const char *const crash_kind_names[CRASH_KINDS];

/* Fills kind, title and slug from the verdict. */
void finding_name(struct finding *finding, struct symbols *symbols);
/* Writes the folder OUT/<slug>. 0 or -1 with errno. */
int finding_save(const struct finding *finding, struct symbols *symbols, const char *out);
/* The report as JSON. */
void finding_write_report(const struct finding *finding, struct symbols *symbols, FILE *out);
/* The last trace events, if there are any: as "last_trace_events" of an object, and for people. */
void finding_write_events(const struct verdict *verdict, struct json *json);
void finding_print_events(const struct verdict *verdict, FILE *out);
/* A few lines for people: title, call chain, the last trace events. */
void finding_print(const struct finding *finding, struct symbols *symbols, FILE *out);

/* ---- raw findings, between worker and campaign ---- */

/* Writes input and verdict under a fresh name into WORK/raw. 0 or -1 with errno. */
int raw_finding_save(const char *work, const void *data, size_t size, const struct verdict *verdict);
/* Takes one out (its files are removed): fills input (to be freed), size and verdict. False when there is none. */
bool raw_finding_take(const char *work, uint8_t **input, size_t *size, struct verdict *verdict);
