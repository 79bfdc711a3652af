/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replays a corpus and adds the counters up. They lie in the machine's memory, outside of its snapshot; after each
 * input they are taken and cleared, so that a machine that has to be replaced takes nothing along but its last input.
 */
#include "cov.h"

#include <errno.h>
#include <fuzz/host/executor.h>
#include <fuzz/host/seeds.h>
#include <fuzz/host/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT_NS UINT64_C(10000000000)
#define AUDIT_NEVER 1000000000u

struct run {
	struct replay *replay;
	struct executor *executor;
	uint64_t reboots; /* when the counters were last cleared */
	int deep;  /* folders above */
};

static uint64_t *live_counters(struct run *run)
{
	const struct image_tables *tables = &run->replay->tables;
	const struct machine *machine = executor_machine(run->executor);

	if (tables->counters_phys + tables->counter_count * sizeof(uint64_t) > machine->memory_size)
		return NULL;
	return (uint64_t *)(machine->memory + tables->counters_phys);
}

/* What boot counted is nobody's input's. */
static int start_counting(struct run *run)
{
	uint64_t *live = live_counters(run);

	if (!live)
		return -1;
	memset(live, 0, run->replay->tables.counter_count * sizeof(*live));
	run->reboots = executor_stats(run->executor)->reboots;
	return 0;
}

static void collect(struct run *run)
{
	uint64_t *live = live_counters(run);

	if (executor_stats(run->executor)->reboots == run->reboots) {
		for (size_t i = 0; i < run->replay->tables.counter_count; i++)
			run->replay->counters[i] += live[i];
	}
	start_counting(run);
}

static int run_file(struct run *run, const char *path)
{
	struct verdict verdict;
	size_t size;
	uint8_t *data = input_load(path, &size);
	int err;

	if (!data)
		return -1;
	err = executor_run(run->executor, data, size, &verdict);
	free(data);
	if (err) {
		fprintf(stderr, "saki-cov: %s: %s\n", path, executor_error(run->executor));
		return -1;
	}
	collect(run);
	run->replay->inputs++;
	run->replay->findings += verdict.kind == VERDICT_FINDING;
	if (run->replay->inputs % 1000 == 0)
		fprintf(stderr, "saki-cov: %zu inputs\n", run->replay->inputs);
	return 0;
}

static int visit_file(const char *path, const char *name, void *context)
{
	const char *dot = strrchr(name, '.');

	if (dot && (!strcmp(dot, ".md") || !strcmp(dot, ".json") || !strcmp(dot, ".c")))
		return 0;
	return run_file(context, path);
}

static int run_path(struct run *run, const char *path)
{
	char inside[4096];
	struct stat status;

	if (stat(path, &status)) {
		fprintf(stderr, "saki-cov: %s: %s\n", path, strerror(errno));
		return -1;
	}
	snprintf(inside, sizeof(inside), "%.4000s/input", path);
	if (S_ISDIR(status.st_mode) && stat(inside, &status))
		return folder_foreach(path, visit_file, run);
	return run_file(run, path);
}

static struct executor *open_executor(const struct replay_options *options)
{
	const struct executor_options how = {
		.machine = {
			.world = (enum world)world_parse(options->world),
			.preset = options->preset,
			.harness = options->harness,
		},
		.timeout_ns = TIMEOUT_NS,
		.audit_every = AUDIT_NEVER,
		.no_novelty = true,
	};
	char error[MACHINE_ERROR];
	struct executor *executor = executor_open(&how, error);

	if (!executor)
		fprintf(stderr, "saki-cov: %s\n", error);
	return executor;
}

static int replay_all(struct run *run, const struct replay_options *options)
{
	struct replay *replay = run->replay;
	char error[COV_ERROR];

	snprintf(replay->image, sizeof(replay->image), "%s", executor_image(run->executor));
	if (image_tables_read(&replay->tables, replay->image, error)) {
		fprintf(stderr, "saki-cov: %s\n", error);
		return -1;
	}
	replay->counters = calloc(replay->tables.counter_count, sizeof(*replay->counters));
	if (!replay->counters || start_counting(run)) {
		fprintf(stderr, "saki-cov: %s: its counters cannot be read\n", replay->image);
		return -1;
	}
	for (int i = 0; i < options->corpus_count; i++) {
		if (run_path(run, options->corpus[i]))
			return -1;
	}
	return 0;
}

int corpus_replay(struct replay *replay, const struct replay_options *options)
{
	struct run run = { .replay = replay, .executor = open_executor(options) };
	int err;

	memset(replay, 0, sizeof(*replay));
	if (!run.executor)
		return -1;
	err = replay_all(&run, options);
	executor_close(run.executor);
	return err;
}
