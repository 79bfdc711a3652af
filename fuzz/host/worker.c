/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine's half of a campaign: runs inputs, keeps the shared statistics, and writes each finding down at once,
 * before the engine sees it, so that nothing is lost however the process ends. Raw findings are only thinned by a cheap
 * key (kind and innermost frames); names and merging are the campaign's business.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign.h"
#include "finding.h"
#include "news.h"
#include "store.h"

#define COMPARE_EVERY 32	/* recording costs; a mutator needs a sample */
#define TIMEOUT_NS UINT64_C(300000000) /* the campaign confirms a hang at ten times this */
#define TIMEOUT_MIN_NS UINT64_C(10000000)
#define USUAL_OF 64 /* inputs that a mean is made of */
#define RAW_KEYS 1024
#define RAW_PER_KEY 4		/* kept of equal ones: one may fail to confirm */

struct worker {
	struct campaign *campaign;
	struct campaign_counts *counts; /* in campaign->shared */
	struct executor *executor;
	struct news *news;	/* where there are other workers */
	uint64_t edges;		/* that are in campaign->shared */
	char corpus[PATH_MAX];
	unsigned hangs;
	uint64_t usual_ns; /* what an input takes */
	struct {
		uint64_t key;
		unsigned count;
	} raw[RAW_KEYS];
};

static uint64_t raw_key(const struct verdict *verdict)
{
	const struct crash_record *crash = &verdict->crash;
	uint64_t key = crash->kind + 1;

	for (size_t i = 0; i < 4 && i < crash->frame_count; i++)
		key = (key ^ crash->frames[i]) * UINT64_C(0x100000001b3);
	if (!crash->frame_count)
		for (const char *c = crash->text; *c; c++)
			key = (key ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	return key;
}

/* True for the first few of a key. */
static bool raw_wanted(struct worker *worker, uint64_t key)
{
	for (size_t i = 0; i < RAW_KEYS; i++) {
		size_t at = (key + i) % RAW_KEYS;

		if (worker->raw[at].count && worker->raw[at].key != key)
			continue;
		worker->raw[at].key = key;
		return worker->raw[at].count++ < RAW_PER_KEY;
	}
	return true;
}

/* Nothing in hand is lost to a full disk: there is room put by for it, but the campaign ends. */
static int save(struct worker *worker, int (*write)(struct worker *, const void *, size_t, const struct verdict *),
		const void *data, size_t size, const struct verdict *verdict)
{
	struct campaign *campaign = worker->campaign;
	int saved;

	if (!write(worker, data, size, verdict))
		return 0;
	saved = errno;
	snprintf(campaign->shared->error, MACHINE_ERROR, "cannot write to %.150s: %s", campaign->out, strerror(saved));
	campaign->shared->stopped = 1;
	return reserve_spend(campaign->work) ? write(worker, data, size, verdict) : -1;
}

/* Clones may have one CPU for all of them, and their time is real time. */
static uint64_t patience_ns(const struct campaign *campaign)
{
	return TIMEOUT_NS * campaign->clones;
}

/*
 * Where one input hangs, its mutants do: waiting for them would be all that a campaign does. So patience shrinks with
 * each, down to a hundred times what an input takes; what only seemed to hang is not confirmed.
 */
static void note_hang(struct worker *worker)
{
	uint64_t timeout_ns = patience_ns(worker->campaign) / (1 + ++worker->hangs / 4);
	uint64_t least_ns = 100 * worker->usual_ns;

	if (least_ns < TIMEOUT_MIN_NS)
		least_ns = TIMEOUT_MIN_NS;
	executor_set_timeout(worker->executor, timeout_ns > least_ns ? timeout_ns : least_ns);
}

static int write_finding(struct worker *worker, const void *data, size_t size, const struct verdict *verdict)
{
	return raw_finding_save(worker->campaign->work, data, size, verdict);
}

static int write_corpus(struct worker *worker, const void *data, size_t size, const struct verdict *verdict)
{
	(void)verdict;
	if (store_by_hash(worker->corpus, data, size))
		return -1;
	if (worker->news)
		news_tell(worker->news, data, size);
	return 0;
}

static void note_finding(struct worker *worker, const void *data, size_t size, const struct verdict *verdict)
{
	worker->counts->raw_findings++;
	if (verdict->crash.kind == CRASH_HANG)
		note_hang(worker);
	if (raw_wanted(worker, raw_key(verdict)))
		save(worker, write_finding, data, size, verdict);
}

static void on_rerun(const void *data, size_t size, const struct verdict *verdict, void *context)
{
	struct worker *worker = context;

	if (verdict->kind == VERDICT_FINDING)
		note_finding(worker, data, size, verdict);
	else if (verdict->new_coverage)
		save(worker, write_corpus, data, size, verdict);
}

struct worker *worker_open(struct campaign *campaign)
{
	struct executor_options options = {
		.machine = { .world = campaign->world, .tracker = campaign->tracker, .preset = campaign->preset,
			     .harness = campaign->harness,
			     .crowded = campaign->clones > 1,
			     .verbose = campaign->verbose },
		.compare_every = COMPARE_EVERY,
		.timeout_ns = patience_ns(campaign),
	};
	struct worker *worker = calloc(1, sizeof(*worker));
	size_t count;

	if (!worker)
		return NULL;
	worker->campaign = campaign;
	worker->counts = &campaign->shared->counts[campaign->clone];
	snprintf(worker->corpus, sizeof(worker->corpus), "%s", campaign->corpus);
	worker->executor = executor_open(&options, campaign->shared->error);
	if (!worker->executor) {
		free(worker);
		return NULL;
	}
	if (campaign->clones > 1 && !(worker->news = news_open(campaign->work, campaign->corpus, campaign->clone))) {
		snprintf(campaign->shared->error, MACHINE_ERROR, "no news in %.180s: %s", campaign->work,
			 strerror(errno));
		worker_close(worker);
		return NULL;
	}
	executor_on_rerun(worker->executor, on_rerun, worker);
	executor_counters(worker->executor, &count);
	campaign->shared->edges_total = count;
	return worker;
}

static void keep_edges(struct worker *worker, uint64_t found)
{
	size_t count;
	const uint8_t *seen = executor_seen(worker->executor, &count);

	if (found == worker->edges)
		return;
	worker->edges = found;
	shared_add_edges(worker->campaign->shared, seen, count);
}

static void keep_canaries(uint32_t *word, uint32_t canaries)
{
	if (canaries & ~*word)
		__atomic_fetch_or(word, canaries, __ATOMIC_RELAXED);
}

static void keep_statistics(struct worker *worker, const struct verdict *verdict)
{
	struct campaign_counts *counts = worker->counts;
	const struct executor_stats *stats = executor_stats(worker->executor);

	counts->execs = stats->execs;
	counts->resets = stats->resets;
	counts->reboots = stats->reboots;
	counts->audits = stats->audits;
	counts->mismatches = stats->mismatches;
	counts->dirty_pages = stats->dirty_pages;
	keep_edges(worker, stats->edges_found);
	keep_canaries(&worker->campaign->shared->canary_reached, verdict->canary_reached);
	keep_canaries(&worker->campaign->shared->canary_fired, verdict->canary_fired);
}

enum worker_result worker_run(struct worker *worker, const uint8_t *data, size_t size)
{
	struct campaign *campaign = worker->campaign;
	struct verdict verdict;
	uint64_t start_ns;

	if (__atomic_load_n(&campaign->shared->stopped, __ATOMIC_RELAXED))
		return WORKER_GIVE_UP;
	start_ns = now_ns();
	if (executor_run(worker->executor, data, size, &verdict)) {
		snprintf(campaign->shared->error, MACHINE_ERROR, "%s", executor_error(worker->executor));
		return WORKER_GIVE_UP;
	}
	if (verdict.kind == VERDICT_OK)
		worker->usual_ns += (now_ns() - start_ns) / USUAL_OF - worker->usual_ns / USUAL_OF;
	keep_statistics(worker, &verdict);
	if (verdict.kind == VERDICT_FINDING) {
		note_finding(worker, data, size, &verdict);
		return WORKER_FINDING;
	}
	if (!verdict.new_coverage)
		return WORKER_NOTHING;
	save(worker, write_corpus, data, size, &verdict);
	return WORKER_NEW_COVERAGE;
}

size_t worker_hear(struct worker *worker, uint8_t *data, size_t max)
{
	return worker->news ? news_hear(worker->news, data, max) : 0;
}

struct executor *worker_executor(struct worker *worker)
{
	return worker->executor;
}

void worker_close(struct worker *worker)
{
	if (!worker)
		return;
	if (!executor_settle(worker->executor))
		keep_edges(worker, executor_stats(worker->executor)->edges_found);
	executor_close(worker->executor);
	news_close(worker->news);
	free(worker);
}
