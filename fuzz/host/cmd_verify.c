/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz verify HARNESS": does a machine that resets itself behave as a fresh one? Seeds and mutants run twice on
 * one machine in different orders, and a sample once more each on a machine of its own: coverage counters and results
 * must be identical, and after every run all live memory must be what it was, as the host's own copy tells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "inputs.h"
#include "json.h"
#include "program_folder.h"
#include "store.h"
#include "symbols.h"

#define DEFAULT_COUNT 1000
#define FRESH_SAMPLE 50
#define SEED 20260101

/* What a run is remembered by. */
struct trace {
	uint64_t counters, results;
	uint32_t kind, blocked;
	int32_t run_result;
	uint32_t word_count;
	uint64_t words[CHANNEL_RESULTS];	/* the first results themselves */
};

struct verify {
	struct executor *executor;
	struct inputs inputs;
	struct trace *first;
	uint8_t *first_counters;	/* of each input's first run */
	struct symbols *symbols;
	uint64_t runs, identical, pages_differing;
	size_t shown;
};

static int run_one(struct verify *verify, size_t index, struct trace *trace)
{
	const struct input *input = &verify->inputs.items[index];
	struct verdict verdict;
	const uint8_t *counters;
	size_t count;

	if (executor_run(verify->executor, input->data, input->size, &verdict))
		return -1;
	counters = executor_counters(verify->executor, &count);
	memset(trace, 0, sizeof(*trace));
	trace->counters = hash_bytes(counters, count);
	trace->results = verdict.results_hash;
	trace->kind = verdict.crash.kind;
	trace->blocked = verdict.blocked_calls;
	trace->run_result = verdict.run_result;
	trace->word_count = verdict.result_count;
	memcpy(trace->words, verdict.results, verdict.result_count * sizeof(trace->words[0]));
	return 0;
}

static void audit(struct verify *verify, size_t index)
{
	size_t first = 0, differ = executor_audit(verify->executor, &first);

	verify->pages_differing += differ;
	if (differ && verify->shown++ < 10)
		fprintf(stderr, "input %zu: %zu pages differ after the reset, the first at %#zx\n", index, differ,
			first * 4096);
}

/* Where the runs took different ways. */
static void show_counters(struct verify *verify, size_t index)
{
	const uint64_t *pcs = executor_pcs(verify->executor);
	struct symbol_frame frame;
	const uint8_t *now, *then;
	size_t count, shown = 0;

	now = executor_counters(verify->executor, &count);
	then = verify->first_counters + index * count;
	for (size_t i = 0; i < count && shown < 5; i++) {
		if (now[i] == then[i] || !verify->symbols)
			continue;
		symbols_lookup(verify->symbols, pcs[i], &frame, 1);
		fprintf(stderr, "    %s (%s:%d) counted %u, then %u\n", frame.function, frame.file ? frame.file : "?",
			frame.line, then[i], now[i]);
		shown++;
	}
}

/* The first result that is another one. */
static void show_results(const struct verify *verify, size_t index, const struct trace *now)
{
	const struct trace *then = &verify->first[index];
	const struct input *input = &verify->inputs.items[index];
	struct verdict verdict = { .result_count = now->word_count };
	uint32_t i = 0;

	while (i < now->word_count && i < then->word_count && now->words[i] == then->words[i])
		i++;
	fprintf(stderr, "    result %u was %#llx, then %#llx\n", i,
		(unsigned long long)then->words[i % CHANNEL_RESULTS],
		(unsigned long long)now->words[i % CHANNEL_RESULTS]);
	memcpy(verdict.results, now->words, sizeof(now->words));
	program_show(stderr, input->data, input->size, &verdict);
}

static void compare(struct verify *verify, size_t index, const struct trace *trace, const char *when)
{
	const struct trace *first = &verify->first[index];

	verify->runs++;
	if (!memcmp(first, trace, sizeof(*trace))) {
		verify->identical++;
		return;
	}
	if (verify->shown++ >= 10)
		return;
	fprintf(stderr, "input %zu differs %s: %s%s\n", index, when,
		first->counters != trace->counters ? "counters " : "",
		first->results != trace->results ? "results" : "");
	show_counters(verify, index);
	if (first->results != trace->results)
		show_results(verify, index, trace);
}

static void keep_first(struct verify *verify, size_t index, const struct trace *trace)
{
	size_t count;
	const uint8_t *counters = executor_counters(verify->executor, &count);

	verify->first[index] = *trace;
	memcpy(verify->first_counters + index * count, counters, count);
}

/* One pass over all inputs; the first is what the others are compared with. */
static int pass(struct verify *verify, const size_t *order, bool first)
{
	struct trace trace;

	for (size_t i = 0; i < verify->inputs.count; i++) {
		if (run_one(verify, order[i], &trace))
			return -1;
		audit(verify, order[i]);
		if (first)
			keep_first(verify, order[i], &trace);
		else
			compare(verify, order[i], &trace, "in another order");
	}
	return 0;
}

static int fresh_pass(struct verify *verify)
{
	size_t step = verify->inputs.count / FRESH_SAMPLE + 1;
	struct trace trace;

	for (size_t i = 0; i < verify->inputs.count; i += step) {
		if (executor_reset_hard(verify->executor) || run_one(verify, i, &trace))
			return -1;
		audit(verify, i);
		compare(verify, i, &trace, "from a fresh boot");
	}
	return 0;
}

static void report(const struct options *options, const struct verify *verify)
{
	struct json json = { .out = stdout };

	if (!options->campaign.json) {
		printf("%llu of %llu runs identical, %llu pages differing\n", (unsigned long long)verify->identical,
		       (unsigned long long)verify->runs, (unsigned long long)verify->pages_differing);
		return;
	}
	json_open(&json, NULL, '{');
	json_string(&json, "harness", options->campaign.harness);
	json_string(&json, "world", world_names[options->campaign.world]);
	json_number(&json, "inputs", verify->inputs.count);
	json_number(&json, "runs", verify->runs);
	json_number(&json, "identical", verify->identical);
	json_number(&json, "pages_differing", verify->pages_differing);
	json_number(&json, "audits", executor_stats(verify->executor)->audits);
	json_number(&json, "reboots", executor_stats(verify->executor)->reboots);
	json_close(&json, '}');
	putchar('\n');
}

static int run_passes(struct verify *verify)
{
	size_t count = verify->inputs.count, counters, *order = calloc(count, sizeof(*order));
	char error[MACHINE_ERROR];
	int err;

	executor_counters(verify->executor, &counters);
	verify->first = calloc(count, sizeof(*verify->first));
	verify->first_counters = malloc(count * counters + 1);
	if (!order || !verify->first || !verify->first_counters)
		return -1;
	verify->symbols = symbols_open(executor_image(verify->executor), error);
	inputs_shuffle(order, count, 0);
	err = pass(verify, order, true);
	inputs_shuffle(order, count, SEED);
	err = err ? err : pass(verify, order, false);
	err = err ? err : fresh_pass(verify);
	free(order);
	free(verify->first);
	free(verify->first_counters);
	symbols_close(verify->symbols);
	return err;
}

int cmd_verify(struct options *options)
{
	struct verify verify = { 0 };
	size_t count = options->count ? options->count : DEFAULT_COUNT;
	int err;

	if (inputs_make(&verify.inputs, options->campaign.harness, count, SEED))
		return EXIT_ENVIRONMENT;
	verify.executor = options_executor(options, options_preset(options, false), 0);
	if (!verify.executor)
		return EXIT_ENVIRONMENT;
	err = run_passes(&verify);
	if (err)
		fprintf(stderr, "saki-fuzz: %s\n", executor_error(verify.executor));
	else
		report(options, &verify);
	executor_close(verify.executor);
	inputs_free(&verify.inputs);
	if (err)
		return EXIT_ENVIRONMENT;
	return verify.identical == verify.runs && !verify.pages_differing ? EXIT_DONE : EXIT_FINDINGS;
}
