/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attacks against presets: what came of each boot, what had been expected, and where these differ.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attacks.h"
#include "defences.h"
#include "explained.h"
#include "judge.h"
#include "presets.h"
#include "statistics.h"

#define SUCCESS_RATE 0.99 /* from here on an attack counts as one that succeeds, or is stopped */
#define RARE_RATE 0.5	  /* the interval of an attack that randomization should stop ends below */

struct cell {
	unsigned trials;	/* 0: not asked for */
	unsigned boots;
	unsigned outcomes[OUTCOMES];
	unsigned by[DEFENCES];	/* of OUTCOME_STOPPED: whose report it was */
	unsigned primitive;	/* trials in which the vulnerability was used */
	char *reports[OUTCOMES];	/* the first report of each */
};

enum expected {
	EXPECT_SUCCESS,		/* nothing that is on should stop it */
	EXPECT_STOP,		/* by a defence that reports it */
	EXPECT_PREVENTION,	/* by one that does not report */
	EXPECT_RARELY,		/* randomization: seldom */
	EXPECT_ABSENT,		/* not applicable: what it aims at is not on */
	EXPECT_PASS,		/* a benign twin */
	EXPECTATIONS
};
extern const char *const expected_names[EXPECTATIONS];

struct matrix {
	struct attacks attacks;
	struct presets presets;
	struct cell *cells;
	struct explained explained;
	uint64_t boots;
	double seconds;
};

/* Room for the results of attacks and presets that are known. False without memory. */
bool matrix_make(struct matrix *matrix);
void matrix_free(struct matrix *matrix);
struct cell *matrix_cell(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant);
void cell_add(struct cell *cell, const struct verdict *verdict);

/**
 * Runs all.
 *
 * @param boots	trials of each; 0: as many as its defences need
 * @return 0, or an exit status
 */
int matrix_run(struct matrix *matrix, unsigned boots, unsigned jobs, double limit_s);

/* ---- what it comes to ---- */

/* The outcome of nearly all trials; OUTCOME_SUCCEEDED only if it succeeded nearly always. OUTCOMES: no trials. */
enum outcome cell_outcome(const struct cell *cell);
/* Succeeded at times, but not nearly always. */
bool cell_is_mixed(const struct cell *cell);
double cell_success_rate(const struct cell *cell);
struct interval cell_interval(const struct cell *cell);
/* Stopped nearly always, by a defence that says so. */
bool cell_is_stopped(const struct cell *cell);
/* The defence that stopped it most often; DEFENCES: none. */
enum defence cell_defence(const struct cell *cell);
/* The report of its outcome, "" when there is none. */
const char *cell_report(const struct cell *cell);

enum expected matrix_expected(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant);
/* True when a cell is as it was expected, or has no trials. */
bool matrix_as_expected(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant);
/* Why a cell that is not as expected is so; NULL: nobody has explained it. */
const char *matrix_explanation(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant);

struct share {
	unsigned count, of;
};
/* The preset of a short name; presets.count when it is not there. */
size_t matrix_preset(const struct matrix *matrix, const char *name);

struct summary {
	struct share none;		/* applicable there, and succeed nearly always */
	struct share stopped, stopped_adaptive;	/* hardened: what a reporting defence that is on should stop */
	struct share held, held_adaptive;	/* hardened: what any defence should stop does not succeed */
	struct share controls;		/* hardened: attacks that nothing should stop succeed */
	struct share benign;		/* everywhere */
	struct share aimed;		/* attacks on a defence show their primitive where it alone is on */
	unsigned errors;		/* cells with a harness-error */
	unsigned unexpected, explained;	/* cells */
};
struct summary matrix_summary(const struct matrix *matrix);
/* True where all is as it was expected, but for what is explained, and attacks on a defence come as far as that. */
bool summary_is_fine(const struct summary *summary);

struct family {
	const char *name;
	struct share none;	/* succeed there */
	struct share stopped;	/* on hardened, of those that a reporting defence should stop */
	struct share held;	/* do not succeed on hardened, of those that any should stop */
};
/* @return how many, at most max */
size_t matrix_families(const struct matrix *matrix, struct family *families, size_t max);

struct by_defence {
	struct share stopped;	/* of the attacks that name it: stopped by it where it is alone */
	struct share held;	/* and do not succeed there */
	struct share missed;	/* of the same: succeed where only it is missing */
};
struct by_defence matrix_by_defence(const struct matrix *matrix, enum defence defence);
