/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A campaign: one harness in one world under one engine, with a corpus and findings that survive it. The campaign
 * process watches, an engine process works: libFuzzer in a fork of this program, or afl-fuzz with this program as its
 * target. They share a page of statistics (struct campaign_shared, a file in the output folder) and a folder of raw
 * findings, which the campaign names, merges and confirms.
 *
 *	OUT/corpus/HARNESS/		inputs that brought coverage, by content hash: where the next campaign starts
 *	OUT/TITLE/			a finding: input, input.txt, report.json, reproducer.c (see finding.h)
 *	OUT/.work/			raw findings, engine log, AFL++'s folder, statistics
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "executor.h"

#define CLONES_MAX 64		/* engine processes of one campaign */

enum engine { ENGINE_LIBFUZZER, ENGINE_AFL, ENGINES };
extern const char *const engine_names[ENGINES];

struct campaign {
	const char *harness;
	enum world world;
	enum tracker tracker;
	enum engine engine;
	unsigned clones;		/* that fuzz at once, each under an engine process of its own */
	unsigned clone;			/* in such a process: which one, from 0 */
	const char *preset;
	uint64_t seconds;		/* 0: no limit */
	uint64_t runs;			/* 0: no limit */
	uint32_t seed;
	const char *events;		/* that the reports of findings are to tell; NULL: LAST_EVENTS_DEFAULT */
	const char *out;
	char corpus[PATH_MAX];		/* folder, absolute */
	char work[PATH_MAX];		/* folder, absolute */
	bool json;
	bool verbose;
	struct campaign_shared *shared;
};

/* Of one engine process. Plain counters; a torn read only shows on a progress line. */
struct campaign_counts {
	uint64_t execs, resets, reboots, audits, mismatches, dirty_pages;
	uint64_t raw_findings;		/* found, those not kept included */
};

/* Written by engine processes, read by the campaign. Where several may write the same, they do it atomically. */
struct campaign_shared {
	struct campaign_counts counts[CLONES_MAX];
	uint64_t edges_found;		/* bits set in edges */
	uint64_t edges_total;
	uint32_t canary_reached, canary_fired;
	uint32_t stopped;		/* the campaign wants the engines to end */
	char error[MACHINE_ERROR];	/* why an engine process gave up */
	uint8_t edges[MACHINE_COUNTERS_MAX / 8]; /* a bit a counter: some engine's machine had it */
};

/* The engine's half: an executor with the campaign's book-keeping around it. NULL after writing shared->error. */
struct worker;
struct worker *worker_open(struct campaign *campaign);
enum worker_result { WORKER_GIVE_UP, WORKER_NOTHING, WORKER_NEW_COVERAGE, WORKER_FINDING };
/* Runs one input, keeps statistics, stores findings and what brings new coverage. */
enum worker_result worker_run(struct worker *worker, const uint8_t *data, size_t size);
/* An input that another worker has stored since, at most max bytes. @return its size; 0 when there is none. */
size_t worker_hear(struct worker *worker, uint8_t *data, size_t max);
struct executor *worker_executor(struct worker *worker);
void worker_close(struct worker *worker);

/* The engine process: does not return. */
void engine_libfuzzer(struct campaign *campaign, const char *seeds) __attribute__((noreturn));
void engine_afl(struct campaign *campaign, const char *seeds) __attribute__((noreturn));
/* What afl-fuzz starts: "saki-fuzz afl-runner ...". Exit status. */
int afl_runner(struct campaign *campaign);

/* Maps the statistics of a work folder. NULL with a message on stderr. */
struct campaign_shared *shared_open(const char *work, bool create);
/* Over all engine processes. */
struct campaign_counts shared_sum(const struct campaign_shared *shared);
/* Adds counters that are not zero to the edges that were found. */
void shared_add_edges(struct campaign_shared *shared, const uint8_t *counters, size_t count);

/* Runs the whole campaign. Exit status: 0 done, 1 findings, 3 environment, 130 interrupted. */
int campaign_run(struct campaign *campaign);
