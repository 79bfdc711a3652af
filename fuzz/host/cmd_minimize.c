/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz minimize FILE": the smallest input that still shows the same title. Programs lose calls and simplify
 * arguments; other inputs lose bytes, and some become zeros. The result replaces nothing: it is written beside the
 * input, as minimized (and its texts).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "finding.h"
#include "minimize.h"
#include "program_folder.h"
#include "seeds.h"
#include "store.h"

#define TIMEOUT_NS UINT64_C(2000000000)
#define RUNS_MAX 20000

struct minimizing {
	struct executor *executor;
	struct symbols *symbols;
	const char *title;
	struct verdict verdict;
	unsigned runs;
	bool broken;
};

static bool still_fails(const uint8_t *data, size_t size, void *context)
{
	struct minimizing *minimizing = context;
	struct finding finding = { .input = data, .size = size };

	if (minimizing->broken || minimizing->runs++ > RUNS_MAX)
		return false;
	if (executor_run(minimizing->executor, data, size, &finding.verdict)) {
		minimizing->broken = true;
		return false;
	}
	if (finding.verdict.kind != VERDICT_FINDING)
		return false;
	finding_name(&finding, minimizing->symbols);
	if (strcmp(finding.title, minimizing->title))
		return false;
	minimizing->verdict = finding.verdict;
	return true;
}

/* Next to the input: FOLDER/minimized, and for programs minimized.txt and reproducer.c. */
static int save(const struct options *options, const char *path, const uint8_t *data, size_t size,
		const struct verdict *verdict, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t len;
	uint8_t *inside;

	snprintf(folder, sizeof(folder), "%s/input", path);
	inside = load_file(folder, &len, CHANNEL_INPUT_MAX);
	if (inside)
		snprintf(folder, sizeof(folder), "%s", path);
	else
		snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	free(inside);
	snprintf(out, PATH_MAX, "%.4000s/minimized", folder);
	if (store_file(out, data, size))
		return -1;
	return strcmp(options->campaign.harness, "syscall") ? 0 : program_save_texts(folder, data, size, verdict);
}

static int first_run(struct minimizing *minimizing, const uint8_t *data, size_t size, char title[TITLE_MAX])
{
	struct finding finding = { .input = data, .size = size };

	if (executor_run(minimizing->executor, data, size, &finding.verdict)) {
		fprintf(stderr, "saki-fuzz: %s\n", executor_error(minimizing->executor));
		return EXIT_ENVIRONMENT;
	}
	if (finding.verdict.kind != VERDICT_FINDING) {
		fprintf(stderr, "saki-fuzz: the input shows no finding: nothing to minimize\n");
		return EXIT_USAGE;
	}
	finding_name(&finding, minimizing->symbols);
	memcpy(title, finding.title, TITLE_MAX);
	minimizing->title = title;
	minimizing->verdict = finding.verdict;
	return 0;
}

int cmd_minimize(struct options *options)
{
	struct minimizing minimizing = { 0 };
	char title[TITLE_MAX], out[PATH_MAX], error[MACHINE_ERROR];
	size_t size, before;
	uint8_t *data;
	int status;

	options_from_finding(options, options->words[0]);
	data = input_load(options->words[0], &size);
	if (!data)
		return EXIT_ENVIRONMENT;
	minimizing.executor = options_executor(options, options_preset(options, false), TIMEOUT_NS);
	if (!minimizing.executor)
		return EXIT_ENVIRONMENT;
	minimizing.symbols = symbols_open(executor_image(minimizing.executor), error);
	status = first_run(&minimizing, data, size, title);
	if (status)
		return status;
	before = size;
	size = minimize_input(options->campaign.harness, data, size, still_fails, &minimizing);
	if (!still_fails(data, size, &minimizing) && !minimizing.broken)
		fprintf(stderr, "saki-fuzz: the minimized input does not repeat: it depends on earlier ones\n");
	if (save(options, options->words[0], data, size, &minimizing.verdict, out)) {
		fprintf(stderr, "saki-fuzz: %s: %s\n", out, strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	fprintf(stderr, "%s: %zu bytes to %zu in %u runs: %s\n", title, before, size, minimizing.runs, out);
	if (!strcmp(options->campaign.harness, "syscall"))
		program_show(stdout, data, size, &minimizing.verdict);
	symbols_close(minimizing.symbols);
	executor_close(minimizing.executor);
	free(data);
	return EXIT_DONE;
}
