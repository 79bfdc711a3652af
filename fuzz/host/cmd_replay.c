/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz replay FILE": one input on a fresh machine, and what it did. Exit status 0 without, 1 with a finding.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "finding.h"
#include "last_events.h"
#include "program_folder.h"
#include "seeds.h"

#define TIMEOUT_NS UINT64_C(10000000000)	/* a hang is confirmed at ten times the usual limit */

static void print_json(const struct finding *finding, struct symbols *symbols)
{
	const struct verdict *verdict = &finding->verdict;
	struct json json = { .out = stdout };

	if (verdict->kind == VERDICT_FINDING) {
		finding_write_report(finding, symbols, stdout);
		return;
	}
	json_open(&json, NULL, '{');
	json_string(&json, "title", NULL);
	json_string(&json, "harness", finding->harness);
	json_string(&json, "world", world_names[finding->world]);
	json_number(&json, "run_result", (uint64_t)(int64_t)verdict->run_result);
	json_hex(&json, "results_hash", verdict->results_hash);
	json_number(&json, "blocked_calls", verdict->blocked_calls);
	json_number(&json, "virtual_ns", verdict->virtual_ns);
	finding_write_events(verdict, &json);
	json_close(&json, '}');
	putchar('\n');
}

static void print_text(const struct finding *finding, struct symbols *symbols)
{
	const struct verdict *verdict = &finding->verdict;

	if (!strcmp(finding->harness, "syscall"))
		program_show(stdout, finding->input, finding->size, verdict);
	if (verdict->console_len)
		printf("console: %.*s\n", (int)verdict->console_len, verdict->console);
	if (verdict->kind == VERDICT_FINDING)
		finding_print(finding, symbols, stdout);
	else
		printf("no finding in %s: result %d%s\n", world_names[finding->world], verdict->run_result,
		       verdict->blocked_calls ? ", with calls that blocked" : "");
	if (verdict->kind != VERDICT_FINDING)
		finding_print_events(verdict, stdout);
}

/* A finding's are told in any case, those of another input where they were asked for. */
static void get_events(const struct options *options, struct finding *finding, struct symbols *symbols)
{
	struct executor_options executor_options;
	char error[MACHINE_ERROR];

	if (!options->campaign.events && finding->verdict.kind != VERDICT_FINDING)
		return;
	options_fill_executor(options, finding->preset, TIMEOUT_NS, &executor_options);
	if (last_events_get(finding, &executor_options, options->campaign.events, symbols, error))
		fprintf(stderr, "saki-fuzz: no trace events: %s\n", error);
}

int cmd_replay(struct options *options)
{
	struct finding finding = { .confirmed = true };
	struct executor *executor;
	struct symbols *symbols;
	char error[MACHINE_ERROR];
	uint8_t *input;

	options_from_finding(options, options->words[0]);
	input = input_load(options->words[0], &finding.size);
	if (!input)
		return EXIT_ENVIRONMENT;
	finding.input = input;
	finding.harness = options->campaign.harness;
	finding.world = options->campaign.world;
	finding.preset = options_preset(options, false);
	executor = options_executor(options, finding.preset, TIMEOUT_NS);
	if (!executor)
		return EXIT_ENVIRONMENT;
	if (executor_run(executor, input, finding.size, &finding.verdict)) {
		fprintf(stderr, "saki-fuzz: %s\n", executor_error(executor));
		return EXIT_ENVIRONMENT;
	}
	symbols = symbols_open(executor_image(executor), error);
	if (finding.verdict.kind == VERDICT_FINDING)
		finding_name(&finding, symbols);
	executor_close(executor);
	get_events(options, &finding, symbols);
	if (options->campaign.json)
		print_json(&finding, symbols);
	else
		print_text(&finding, symbols);
	symbols_close(symbols);
	free(input);
	return finding.verdict.kind == VERDICT_FINDING ? EXIT_FINDINGS : EXIT_DONE;
}
