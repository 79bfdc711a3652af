/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz compare HARNESS [--world W] [--against W]": every seed, on a machine of each world: results must be equal,
 * and so must be the lines that were covered where the image is the same. A difference in results is a finding of its
 * own kind, divergence: one of the two worlds is wrong. Each world's half is recorded ("saki fuzz record", which does
 * that alone, in the lab where Xen is there only), and the records are compared.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "inputs.h"
#include "json.h"
#include "lines.h"
#include "program_folder.h"
#include "record.h"
#include "store.h"
#include "symbols.h"
#include "xen_lab.h"

#define SEED 20260103
#define SHOWN_MAX 10

struct compare {
	enum world worlds[2];
	struct record records[2];
	struct symbols *symbols[2];
	struct lines *lines;
	uint64_t inputs, equal;		/* in results */
	uint64_t equal_lines;
	size_t both, only[2];		/* lines, over all inputs */
};

static void record_path(const struct options *options, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.3900s/record-%s", options->campaign.out, world_names[options->campaign.world]);
}

static int make_inputs(const struct options *options, struct inputs *inputs)
{
	return options->count ? inputs_make(inputs, options->campaign.harness, options->count, SEED)
			      : inputs_seeds(inputs, options->campaign.harness);
}

static int record_here(const struct options *options, const struct inputs *inputs)
{
	char path[PATH_MAX];
	struct executor *executor = options_executor(options, options_preset(options, true), 0);
	int err;

	if (!executor)
		return -1;
	record_path(options, path);
	err = record_make(path, executor, inputs);
	executor_close(executor);
	return err;
}

/* The lab ends the process that starts it. */
static int record_in_lab(struct options *options)
{
	const char *tracker = tracker_names[options->campaign.tracker];
	char count[24], *argv[] = { "saki-fuzz", "record", (char *)options->campaign.harness, "--world", "xen",
				    "--tracker",
				    (char *)tracker, "--preset",
				    (char *)options_preset(options, true), "--count", count, NULL };
	int status = -1;
	pid_t pid;

	snprintf(count, sizeof(count), "%llu", (unsigned long long)options->count);
	pid = fork();
	if (!pid) {
		options->fetches = true;
		_exit(xen_lab_run(options, true, sizeof(argv) / sizeof(argv[0]) - 1, argv));
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -1 : 0;
}

int cmd_record(struct options *options)
{
	struct inputs inputs;
	int err;

	if (make_folders(options->campaign.out) || make_inputs(options, &inputs))
		return EXIT_ENVIRONMENT;
	err = record_here(options, &inputs);
	inputs_free(&inputs);
	return err ? EXIT_ENVIRONMENT : EXIT_DONE;
}

/* ---- results ---- */

static bool same(const struct record_entry *a, const struct record_entry *b)
{
	return a->results_hash == b->results_hash && a->run_result == b->run_result && a->crash_kind == b->crash_kind &&
	       a->blocked_calls == b->blocked_calls && a->console_hash == b->console_hash;
}

/* Where the first difference is: the results of call i are words 2i and 2i + 1. */
static void show_difference(const struct compare *compare, const struct input *input, size_t index)
{
	const struct record_entry *a = &compare->records[0].entries[index], *b = &compare->records[1].entries[index];
	static struct verdict verdict;
	uint32_t i = 0;

	while (i < a->result_count && i < b->result_count && a->results[i] == b->results[i])
		i++;
	fprintf(stderr, "input %zu differs at call %u: %s %#llx, %s %#llx%s\n", index, i / 2,
		world_names[compare->worlds[0]], (unsigned long long)a->results[i % CHANNEL_RESULTS],
		world_names[compare->worlds[1]], (unsigned long long)b->results[i % CHANNEL_RESULTS],
		i % 2 ? " (what it wrote)" : " (its result)");
	verdict.result_count = a->result_count;
	memcpy(verdict.results, a->results, sizeof(verdict.results));
	program_show(stderr, input->data, input->size, &verdict);
}

/* ---- lines ---- */

static bool same_lines(struct compare *compare, size_t index, uint32_t *numbers[2])
{
	size_t count[2];

	for (int side = 0; side < 2; side++) {
		count[side] = lines_of(compare->lines, compare->symbols[side], side, compare->records[side].pcs[index],
				       compare->records[side].entries[index].pc_count, numbers[side]);
		lines_mark(compare->lines, side, numbers[side], count[side]);
	}
	return count[0] == count[1] && !memcmp(numbers[0], numbers[1], count[0] * sizeof(*numbers[0]));
}

static void show_lines(const struct compare *compare)
{
	for (int side = 0; side < 2; side++) {
		int shown = 0;

		for (uint32_t at = 0; shown < SHOWN_MAX && lines_next_only(compare->lines, side, &at); at++, shown++)
			fprintf(stderr, "only in %s: %s\n", world_names[compare->worlds[side]],
				lines_name(compare->lines, at));
	}
}

static int compare_all(struct compare *compare, const struct inputs *inputs)
{
	uint32_t *numbers[2] = { malloc(MACHINE_COUNTERS_MAX * sizeof(uint32_t)),
				 malloc(MACHINE_COUNTERS_MAX * sizeof(uint32_t)) };
	int err = numbers[0] && numbers[1] ? 0 : -1;

	for (size_t i = 0; !err && i < inputs->count; i++) {
		compare->inputs++;
		compare->equal_lines += same_lines(compare, i, numbers);
		if (same(&compare->records[0].entries[i], &compare->records[1].entries[i]))
			compare->equal++;
		else if (compare->inputs - compare->equal <= SHOWN_MAX)
			show_difference(compare, &inputs->items[i], i);
	}
	free(numbers[0]);
	free(numbers[1]);
	if (!err)
		lines_count(compare->lines, &compare->both, compare->only);
	return err;
}

static void report(const struct options *options, const struct compare *compare)
{
	const char *a = world_names[compare->worlds[0]], *b = world_names[compare->worlds[1]];
	struct json json = { .out = stdout };

	if (!options->campaign.json) {
		printf("%llu of %llu inputs give the same results in %s and %s\n", (unsigned long long)compare->equal,
		       (unsigned long long)compare->inputs, a, b);
		printf("%llu cover the same lines outside arch/ and plat/; in all %zu lines in both, %zu only in %s, "
		       "%zu only in %s\n",
		       (unsigned long long)compare->equal_lines, compare->both, compare->only[0], a, compare->only[1],
		       b);
		return;
	}
	json_open(&json, NULL, '{');
	json_string(&json, "harness", options->campaign.harness);
	json_string(&json, "a", a);
	json_string(&json, "b", b);
	json_number(&json, "inputs", compare->inputs);
	json_number(&json, "equal", compare->equal);
	json_number(&json, "equal_lines", compare->equal_lines);
	json_number(&json, "lines_both", compare->both);
	json_number(&json, "lines_only_a", compare->only[0]);
	json_number(&json, "lines_only_b", compare->only[1]);
	json_close(&json, '}');
	putchar('\n');
}

/* One world's half: made, and read back. */
static int take_half(struct options *options, struct compare *compare, int side, const struct inputs *inputs)
{
	char path[PATH_MAX], error[MACHINE_ERROR], *image;
	int err;

	options->campaign.world = compare->worlds[side];
	record_path(options, path);
	unlink(path);
	err = options->campaign.world == WORLD_XEN && !machine_xen_possible() ? record_in_lab(options)
									      : record_here(options, inputs);
	if (err || record_load(path, &compare->records[side]))
		return -1;
	unlink(path);
	if (compare->records[side].count != inputs->count)
		return fprintf(stderr, "saki-fuzz: the record of %s is of other inputs\n", path), -1;
	image = image_path(options->campaign.world, options_preset(options, true), error);
	compare->symbols[side] = image ? symbols_open(image, error) : NULL;
	free(image);
	if (!compare->symbols[side])
		fprintf(stderr, "saki-fuzz: %s\n", error);
	return compare->symbols[side] ? 0 : -1;
}

int cmd_compare(struct options *options)
{
	static struct compare compare;
	struct inputs inputs;
	int err = 0;

	compare.worlds[0] = options->against_given ? options->against : WORLD_HOST;
	compare.worlds[1] = options->world_given ? options->campaign.world : WORLD_VM;
	if (compare.worlds[0] == compare.worlds[1])
		return usage_error("%s is compared with itself", world_names[compare.worlds[0]]);
	compare.lines = lines_open();
	if (!compare.lines || make_folders(options->campaign.out) || make_inputs(options, &inputs))
		return EXIT_ENVIRONMENT;
	for (int side = 0; !err && side < 2; side++)
		err = take_half(options, &compare, side, &inputs);
	err = err ? err : compare_all(&compare, &inputs);
	if (!err) {
		show_lines(&compare);
		report(options, &compare);
	}
	for (int side = 0; side < 2; side++) {
		record_free(&compare.records[side]);
		symbols_close(compare.symbols[side]);
	}
	lines_close(compare.lines);
	inputs_free(&inputs);
	if (err)
		return EXIT_ENVIRONMENT;
	return compare.equal == compare.inputs ? EXIT_DONE : EXIT_FINDINGS;
}
