/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz compare HARNESS": every seed, on a machine of each world: results must be equal. A difference is a finding
 * of its own kind, divergence: one of the two worlds is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "inputs.h"
#include "json.h"
#include "program_folder.h"

#define SEEDS_MAX 100000
#define SEED 20260103
#define SHOWN_MAX 10

struct compare {
	struct executor *executors[2];
	enum world worlds[2];
	uint64_t inputs, equal;
};

static bool same(const struct verdict *a, const struct verdict *b)
{
	return a->results_hash == b->results_hash && a->run_result == b->run_result && a->crash.kind == b->crash.kind &&
	       a->blocked_calls == b->blocked_calls && a->console_len == b->console_len &&
	       !memcmp(a->console, b->console, a->console_len);
}

/* Where the first difference is: the results of call i are words 2i and 2i + 1. */
static void show_difference(const struct compare *compare, const struct input *input, size_t index,
			    const struct verdict verdicts[2])
{
	const struct verdict *a = &verdicts[0], *b = &verdicts[1];
	uint32_t i = 0;

	while (i < a->result_count && i < b->result_count && a->results[i] == b->results[i])
		i++;
	fprintf(stderr, "input %zu differs at call %u: %s %#llx, %s %#llx%s\n", index, i / 2,
		world_names[compare->worlds[0]], (unsigned long long)a->results[i], world_names[compare->worlds[1]],
		(unsigned long long)b->results[i], i % 2 ? " (what it wrote)" : " (its result)");
	program_show(stderr, input->data, input->size, a);
}

static int compare_one(struct compare *compare, const struct input *input, size_t index)
{
	static struct verdict verdicts[2];

	for (int world = 0; world < 2; world++) {
		if (!executor_run(compare->executors[world], input->data, input->size, &verdicts[world]))
			continue;
		fprintf(stderr, "saki-fuzz: %s\n", executor_error(compare->executors[world]));
		return -1;
	}
	compare->inputs++;
	if (same(&verdicts[0], &verdicts[1]))
		compare->equal++;
	else if (compare->inputs - compare->equal <= SHOWN_MAX)
		show_difference(compare, input, index, verdicts);
	return 0;
}

static void report(const struct options *options, const struct compare *compare)
{
	struct json json = { .out = stdout };

	if (!options->campaign.json) {
		printf("%llu of %llu inputs give the same results in %s and %s\n", (unsigned long long)compare->equal,
		       (unsigned long long)compare->inputs, world_names[compare->worlds[0]],
		       world_names[compare->worlds[1]]);
		return;
	}
	json_open(&json, NULL, '{');
	json_string(&json, "harness", options->campaign.harness);
	json_number(&json, "inputs", compare->inputs);
	json_number(&json, "equal", compare->equal);
	json_close(&json, '}');
	putchar('\n');
}

int cmd_compare(struct options *options)
{
	struct compare compare = {
		.worlds = { WORLD_HOST, options->campaign.world == WORLD_XEN ? WORLD_XEN : WORLD_VM },
	};
	struct inputs inputs;
	int err = 0;

	if (options->count ? inputs_make(&inputs, options->campaign.harness, options->count, SEED)
			   : inputs_seeds(&inputs, options->campaign.harness))
		return EXIT_ENVIRONMENT;
	for (int world = 0; !err && world < 2; world++) {
		options->campaign.world = compare.worlds[world];
		compare.executors[world] = options_executor(options, options_preset(options, true), 0);
		err = !compare.executors[world];
	}
	for (size_t i = 0; !err && i < inputs.count; i++)
		err = compare_one(&compare, &inputs.items[i], i);
	if (!err)
		report(options, &compare);
	for (int world = 0; world < 2; world++)
		executor_close(compare.executors[world]);
	inputs_free(&inputs);
	if (err)
		return EXIT_ENVIRONMENT;
	return compare.equal == compare.inputs ? EXIT_DONE : EXIT_FINDINGS;
}
