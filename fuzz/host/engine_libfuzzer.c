/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine libFuzzer: runs in a fork of saki-fuzz, with the machine's counters handed over as if they were a module
 * of this program. The machine is another process, so a crash of the kernel is a return value here: the input is kept
 * out of the corpus (it was written down as a finding), and the engine goes on.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "campaign.h"
#include "cpus.h"
#include "engine_compares.h"
#include "mutate.h"
#include "store.h"

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop);

static struct worker *worker;
static uint8_t *counters;	/* what libFuzzer reads; its address must not change when a machine is replaced */
static size_t counter_count;

static int run_one(const uint8_t *data, size_t size)
{
	enum worker_result result = worker_run(worker, data, size);
	size_t count;

	if (result == WORKER_GIVE_UP) {
		worker_close(worker);
		_exit(0);
	}
	/* The executor looked already, by the same classes: counters that show nothing new may stay at zero. */
	if (result == WORKER_NEW_COVERAGE)
		memcpy(counters, executor_counters(worker_executor(worker), &count), counter_count);
	compares_publish(worker_executor(worker));
	return result == WORKER_FINDING ? -1 : 0;
}

static size_t hear(uint8_t *data, size_t max)
{
	return worker_hear(worker, data, max);
}

/* A table as the compiler would have made it: libFuzzer wants one entry {pc, flags} for each counter. */
static void register_counters(void)
{
	struct executor *executor = worker_executor(worker);
	const uint64_t *pcs = executor_pcs(executor);
	uintptr_t *table;

	executor_counters(executor, &counter_count);
	counters = aligned_alloc(4096, (counter_count + 4095) & ~(size_t)4095);
	table = calloc(counter_count, 2 * sizeof(*table));
	if (!counters || !table)
		abort();
	for (size_t i = 0; i < counter_count; i++)
		table[2 * i] = pcs[i];
	__sanitizer_cov_8bit_counters_init(counters, counters + counter_count);
	__sanitizer_cov_pcs_init(table, table + 2 * counter_count);
}

static void redirect_output(const struct campaign *campaign)
{
	char path[PATH_MAX + 16];

	if (campaign->verbose)
		return;
	if (campaign->clone)
		snprintf(path, sizeof(path), "%s/engine-%u.log", campaign->work, campaign->clone);
	else
		snprintf(path, sizeof(path), "%s/engine.log", campaign->work);
	if (!freopen(path, "w", stderr) || dup2(2, 1) < 0)
		_exit(1);
}

struct list {
	FILE *file;
	unsigned clone, clones;
	size_t seen, listed;
};

/* Each engine has its share, and hears of the others' that brought something. */
static int list_file(const char *path, const char *name, void *context)
{
	struct list *list = context;

	(void)name;
	if (list->seen++ % list->clones != list->clone)
		return 0;
	list->listed++;
	return fprintf(list->file, "%s,", path) < 0 ? -1 : 0;
}

static int list_files(struct list *list, const char *seeds, const char *corpus)
{
	list->seen = 0;
	return folder_foreach(seeds, list_file, list) || folder_foreach(corpus, list_file, list) ? -1 : 0;
}

/*
 * What to start from. It is listed, not given as libFuzzer's corpus folder: that would be written to at each input that
 * is a byte shorter than another, while what brings new coverage is stored by the worker anyway.
 */
static void write_list(const struct campaign *campaign, const char *seeds, char argument[PATH_MAX + 40])
{
	struct list list = { .clone = campaign->clone, .clones = campaign->clones };
	char path[PATH_MAX + 16];
	int err;

	snprintf(path, sizeof(path), "%s/inputs-%u", campaign->work, campaign->clone);
	list.file = fopen(path, "we");
	err = list.file ? list_files(&list, seeds, campaign->corpus) : -1;
	if (!err && !list.listed) {
		/* More engines than inputs. */
		list.clone = 0, list.clones = 1;
		err = list_files(&list, seeds, campaign->corpus);
	}
	if (err || fclose(list.file)) {
		snprintf(campaign->shared->error, MACHINE_ERROR, "%.180s: %s", path, strerror(errno));
		_exit(3);
	}
	snprintf(argument, PATH_MAX + 40, "-seed_inputs=@%s", path);
}

void engine_libfuzzer(struct campaign *campaign, const char *seeds)
{
	char time[40], runs[40], seed[40], max_len[40], artifacts[PATH_MAX + 40], inputs[PATH_MAX + 40];
	char *argv[] = { "saki-fuzz", time, runs, seed, max_len, artifacts, "-len_control=0", "-timeout=0",
			 "-rss_limit_mb=0", "-malloc_limit_mb=0", "-detect_leaks=0", "-reload=0", "-print_funcs=0",
			 "-handle_abrt=0", "-handle_bus=0", "-handle_fpe=0", "-handle_ill=0", "-handle_int=0",
			 "-handle_segv=0", "-handle_term=0", "-handle_xfsz=0", "-handle_usr1=0", "-handle_usr2=0",
			 "-report_slow_units=1000", "-entropic=0", "-reduce_inputs=0", inputs,
			 campaign->verbose ? "-verbosity=1" : "-verbosity=0", NULL };
	char **args = argv;
	int count = sizeof(argv) / sizeof(argv[0]) - 1;

	/* --runs are those of all engines together. */
	uint64_t share = campaign->runs / campaign->clones + (campaign->clone < campaign->runs % campaign->clones);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	redirect_output(campaign);
	cpus_claim();
	worker = worker_open(campaign);
	if (!worker)
		_exit(3);
	write_list(campaign, seeds, inputs);
	compares_open(campaign->work);
	mutate_for_libfuzzer(campaign->harness, campaign->clones > 1 ? hear : NULL);
	register_counters();
	snprintf(time, sizeof(time), "-max_total_time=%llu", (unsigned long long)campaign->seconds);
	snprintf(runs, sizeof(runs), "-runs=%lld", campaign->runs ? (long long)share : -1LL);
	snprintf(seed, sizeof(seed), "-seed=%u", campaign->seed + campaign->clone);
	snprintf(max_len, sizeof(max_len), "-max_len=%zu", executor_max_size(worker_executor(worker)));
	snprintf(artifacts, sizeof(artifacts), "-artifact_prefix=%s/", campaign->work);
	LLVMFuzzerRunDriver(&count, &args, run_one);
	worker_close(worker);
	_exit(0);
}
