/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz bench HARNESS": replays a fixed set of inputs without an engine; each counts hand-over, decoding, calls,
 * teardown, reset and reading coverage. And the reset alone, with some pages dirtied by a plain store each. With
 * --profile the inputs run once more, to see where their time goes: the figures are those of runs without. With --batch
 * several are handed over at once, but for the profile; each is reset after, and its coverage read, as ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "cpus.h"
#include "inputs.h"
#include "json.h"
#include "novelty.h"
#include "profile.h"
#include "program_folder.h"
#include "store.h"

#define INPUTS 1000
#define SEED 20260102
#define SECONDS 5.0
#define RESET_SECONDS 2.0	/* at most: no longer than the programs */
#define DIRTY_PAGES 16			/* unless --dirty says otherwise */
#define REQUESTS_AT_ONCE 100
#define SLOWEST_RUNS 5
#define SLOW_NS 300000

struct bench {
	struct executor *executor;
	struct inputs inputs;
	struct novelty novelty;
	uint64_t *best_ns;		/* of each input: the shortest time it ever took */
	struct profile *profile;	/* --profile */
	struct profile_run *best_runs;	/* of each input: the one that took the least */
	char error[MACHINE_ERROR];	/* where the executor has none to tell */
	uint64_t execs, findings;
	unsigned batch;			/* inputs handed over at once; 0: each by itself */
	uint64_t results;		/* hash of what all inputs of one pass returned */
	bool slow;			/* each input has a machine of its own */
	uint64_t deadline_ns;		/* slow: also in the middle of all inputs */
	double seconds, reset_seconds, nops_per_sec, dirty_pages;
	double resets_per_sec[DIRTY_COUNTS];	/* of the pages that the options say */
};

static double seconds_since(uint64_t start)
{
	return (double)(now_ns() - start) / 1e9;
}

/* Engines read the counters after each run: so does this. */
static int run_one(struct bench *bench, const struct input *input, struct verdict *verdict)
{
	unsigned phase;
	size_t count;

	if (executor_run(bench->executor, input->data, input->size, verdict))
		return -1;
	phase = profile_enter(bench->profile, PROFILE_COVERAGE);
	novelty_check(&bench->novelty, executor_counters(bench->executor, &count));
	profile_enter(bench->profile, phase);
	return 0;
}

static void note_verdict(struct bench *bench, const struct verdict *verdict)
{
	bench->findings += verdict->kind == VERDICT_FINDING;
	bench->results = (bench->results ^ verdict->results_hash) * UINT64_C(0x100000001b3);
	bench->execs++;
}

static void on_batch(void *context, size_t index, const struct verdict *verdict, const struct channel_hits *hits,
		     size_t hit_count)
{
	struct bench *bench = context;
	size_t count;

	(void)index;
	if (hits)
		novelty_check_hits(&bench->novelty, hits, hit_count);
	else
		novelty_check(&bench->novelty, executor_counters(bench->executor, &count));
	note_verdict(bench, verdict);
}

/* Runs the inputs from number i on that go together. How many; -1. */
static int run_some(struct bench *bench, size_t i)
{
	struct executor_input together[CHANNEL_BATCH_MAX];
	static struct verdict verdict;
	int n = 0;

	if (!bench->batch) {
		if (run_one(bench, &bench->inputs.items[i], &verdict))
			return -1;
		note_verdict(bench, &verdict);
		return 1;
	}
	for (; n < (int)bench->batch && i + (size_t)n < bench->inputs.count; n++) {
		together[n].data = bench->inputs.items[i + (size_t)n].data;
		together[n].size = bench->inputs.items[i + (size_t)n].size;
	}
	return executor_run_batch(bench->executor, together, (size_t)n, on_batch, bench) ? -1 : n;
}

static int run_all(struct bench *bench)
{
	int n;

	bench->results = 0;
	for (size_t i = 0; i < bench->inputs.count; i += (size_t)n) {
		uint64_t start = now_ns(), took;

		if (bench->slow && start > bench->deadline_ns)
			return 0;
		n = run_some(bench, i);
		if (n < 0)
			return -1;
		took = (now_ns() - start) / (unsigned)n;
		for (size_t at = i; at < i + (size_t)n; at++)
			if (!bench->best_ns[at] || took < bench->best_ns[at])
				bench->best_ns[at] = took;
	}
	return 0;
}

/* What the machine could do if nothing ever disturbed it: the same figure on a busy machine and on a quiet one. */
static double undisturbed_rate(const struct bench *bench)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bench->inputs.count; i++)
		sum += bench->best_ns[i];
	return sum ? (double)bench->inputs.count * 1e9 / (double)sum : 0;
}

static int measure_programs(struct bench *bench, double limit)
{
	uint64_t start;

	/* Nothing of a machine of its own gets warm. */
	if (!bench->slow && run_all(bench))
		return -1;
	bench->deadline_ns = now_ns() + (uint64_t)(limit * 1e9);
	bench->execs = bench->findings = 0;
	start = now_ns();
	do {
		if (run_all(bench))
			return -1;
		bench->seconds = seconds_since(start);
	} while (bench->seconds < limit);
	return 0;
}

/* ---- --profile ---- */

static int profile_all(struct bench *bench)
{
	struct verdict verdict;

	for (size_t i = 0; i < bench->inputs.count; i++) {
		if (bench->slow && now_ns() > bench->deadline_ns)
			return 0;
		profile_run(bench->profile, &bench->best_runs[i]);
		if (run_one(bench, &bench->inputs.items[i], &verdict))
			return -1;
	}
	return 0;
}

static int measure_profile(struct bench *bench, double limit)
{
	static struct profile profile;
	uint64_t start = now_ns();
	int err;

	bench->best_runs = calloc(bench->inputs.count, sizeof(*bench->best_runs));
	if (!bench->best_runs) {
		snprintf(bench->error, sizeof(bench->error), "out of memory");
		return -1;
	}
	executor_set_profile(bench->executor, &profile);
	if (profile_measure_scale(&profile, bench->executor, bench->error))
		return -1;
	bench->profile = &profile;
	bench->deadline_ns = now_ns() + (uint64_t)(limit * 1e9);
	profile_start(&profile);
	do {
		err = profile_all(bench);
	} while (!err && seconds_since(start) < limit);
	profile_stop(&profile);
	executor_set_profile(bench->executor, NULL);
	return err;
}

/* With --verbose: where an input takes long. Its best time of a few, and the program. */
static void show_slowest(struct bench *bench, const char *harness)
{
	struct verdict verdict;

	for (size_t i = 0; i < bench->inputs.count; i++) {
		const struct input *input = &bench->inputs.items[i];
		uint64_t best = UINT64_MAX, pages = executor_stats(bench->executor)->dirty_pages;

		for (int run = 0; run < SLOWEST_RUNS; run++) {
			uint64_t start = now_ns();

			if (executor_run(bench->executor, input->data, input->size, &verdict))
				return;
			best = now_ns() - start < best ? now_ns() - start : best;
		}
		pages = executor_stats(bench->executor)->dirty_pages - pages;
		if (best < SLOW_NS)
			continue;
		fprintf(stderr, "# %.0f us, %.1f pages\n", (double)best / 1e3, (double)pages / SLOWEST_RUNS);
		if (!strcmp(harness, "syscall"))
			program_show(stderr, input->data, input->size, &verdict);
	}
}

/* How often a request can be answered in a second: 0, -1. */
static int measure_request(struct bench *bench, enum channel_request request, uint32_t argument, double *per_sec)
{
	uint64_t start = now_ns(), n = 0;

	do {
		for (int i = 0; i < (bench->slow ? 1 : REQUESTS_AT_ONCE); i++, n++) {
			if (executor_request(bench->executor, request, argument))
				return -1;
		}
	} while (seconds_since(start) < bench->reset_seconds);
	*per_sec = (double)n / seconds_since(start);
	return 0;
}

static int measure_resets(struct bench *bench, const struct options *options)
{
	const struct executor_stats *stats = executor_stats(bench->executor);

	bench->dirty_pages = stats->resets ? (double)stats->dirty_pages / (double)stats->resets : 0;
	for (unsigned i = 0; i < options->dirty_count; i++)
		if (measure_request(bench, REQUEST_DIRTY, options->dirty[i], &bench->resets_per_sec[i]))
			return -1;
	return measure_request(bench, REQUEST_NOP, 0, &bench->nops_per_sec);
}

static void report(const struct options *options, const char *preset, const struct bench *bench)
{
	const struct executor_stats *stats = executor_stats(bench->executor);
	double rate = (double)bench->execs / bench->seconds;
	struct profile_best best = { 0 };
	struct json json = { .out = stdout };

	if (bench->profile)
		best = profile_sum_best(bench->best_runs, bench->inputs.count);
	if (!options->campaign.json) {
		printf("%s in %s (%s): %.0f programs/s", options->campaign.harness,
		       world_names[options->campaign.world], preset, rate);
		for (unsigned i = 0; i < options->dirty_count; i++)
			printf("; reset of %u pages %.0f/s", options->dirty[i], bench->resets_per_sec[i]);
		printf("; hand-over %.0f/s; %.1f pages written back a reset; %llu findings\n", bench->nops_per_sec,
		       bench->dirty_pages, (unsigned long long)bench->findings);
		if (bench->profile)
			profile_print(stdout, bench->profile, &best);
		return;
	}
	json_open(&json, NULL, '{');
	json_string(&json, "harness", options->campaign.harness);
	json_string(&json, "world", world_names[options->campaign.world]);
	json_string(&json, "engine", NULL);
	json_string(&json, "preset", preset);
	json_number(&json, "execs", bench->execs);
	json_real(&json, "seconds", bench->seconds);
	json_real(&json, "execs_per_sec", rate);
	json_real(&json, "undisturbed_per_sec", undisturbed_rate(bench));
	json_number(&json, "batch", bench->batch ? bench->batch : 1);
	json_number(&json, "results_hash", bench->results);
	json_string(&json, "tracker", tracker_names[options->campaign.tracker]);
	json_number(&json, "memory_mib", options->memory_mib ? options->memory_mib : MACHINE_MEMORY_MIB);
	json_real(&json, "resets_per_sec", bench->resets_per_sec[0]);
	json_open(&json, "resets_of", '[');
	for (unsigned i = 0; i < options->dirty_count; i++) {
		json_open(&json, NULL, '{');
		json_number(&json, "pages", options->dirty[i]);
		json_real(&json, "per_sec", bench->resets_per_sec[i]);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_real(&json, "audited_per_sec", (double)stats->audits / bench->seconds);
	json_real(&json, "handovers_per_sec", bench->nops_per_sec);
	json_real(&json, "dirty_pages_mean", bench->dirty_pages);
	json_number(&json, "edges_found", bench->novelty.found);
	json_number(&json, "edges_total", bench->novelty.count);
	json_number(&json, "resets", stats->resets);
	json_number(&json, "reboots", stats->reboots);
	json_number(&json, "findings", bench->findings);
	if (bench->profile)
		profile_json(&json, bench->profile, &best);
	/* A bench keeps no findings, it only counts them: the lists are there because every report has them. */
	json_open(&json, "crashes", '[');
	json_close(&json, ']');
	json_open(&json, "planted", '[');
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}

int cmd_bench(struct options *options)
{
	const char *preset = options_preset(options, true);
	struct bench bench = { 0 };
	double limit = options->campaign.seconds ? (double)options->campaign.seconds : SECONDS;
	size_t counters;
	int err;

	err = options->corpus ? inputs_load(&bench.inputs, options->corpus)
			      : inputs_make_bench(&bench.inputs, options->campaign.harness, INPUTS, SEED);
	if (err)
		return EXIT_ENVIRONMENT;
	if (!options->dirty_count)
		options->dirty[options->dirty_count++] = DIRTY_PAGES;
	bench.batch = options->batch;
	bench.slow = tracker_replaces(options->campaign.tracker);
	bench.reset_seconds = limit < RESET_SECONDS ? limit : RESET_SECONDS;
	cpus_claim();
	bench.executor = options_executor(options, preset, 0);
	if (!bench.executor)
		return EXIT_ENVIRONMENT;
	executor_counters(bench.executor, &counters);
	bench.best_ns = calloc(bench.inputs.count, sizeof(*bench.best_ns));
	err = bench.best_ns ? novelty_init(&bench.novelty, counters) : -1;
	err = err ? err : measure_programs(&bench, limit);
	err = err ? err : measure_resets(&bench, options);
	if (!err && options->profile)
		err = measure_profile(&bench, limit);
	if (!err) {
		report(options, preset, &bench);
		if (options->campaign.verbose)
			show_slowest(&bench, options->campaign.harness);
	} else {
		fprintf(stderr, "saki-fuzz: %s\n", bench.error[0] ? bench.error : executor_error(bench.executor));
	}
	executor_close(bench.executor);
	novelty_free(&bench.novelty);
	free(bench.best_ns);
	free(bench.best_runs);
	inputs_free(&bench.inputs);
	return err ? EXIT_ENVIRONMENT : EXIT_DONE;
}
