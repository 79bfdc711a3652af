/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Campaigns: start the engine process, watch it, name and confirm what it finds, end in a report. See campaign.h.
 */
#include "campaign.h"

#include <errno.h>
#include <fuzz/abi/planted.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "finding.h"
#include "json.h"
#include "last_events.h"
#include "progress.h"
#include "seeds.h"
#include "store.h"

#define FINDINGS_MAX 256
#define TICK_US 200000
#define CONFIRM_NS UINT64_C(3000000000) /* ten times a worker's limit */
#define STOP_TICKS 25			/* an engine that was asked to stop gets five seconds */
#define GRACE_S 20			/* beyond the time limit: start-up and the engine's own end */
#define GRACE_CLONE_S 5			/* of each further clone, which all may share one CPU */

const char *const engine_names[ENGINES] = { "libfuzzer", "afl" };

/* What the campaign knows of one title. */
struct known {
	struct finding finding;
	bool confirmed;
};

struct state {
	struct campaign *campaign;
	pid_t engines[CLONES_MAX];	/* each leads a process group; 0: ended */
	struct known known[FINDINGS_MAX];
	size_t known_count;
	size_t unconfirmed;		/* raw findings that a fresh machine did not show */
	struct symbols *symbols;
	uint64_t start_ns;
	double seconds;
	bool stopping;			/* engines were told to end */
	bool failed;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* ---- findings ---- */

static struct known *find_known(struct state *state, const char *title)
{
	for (size_t i = 0; i < state->known_count; i++) {
		if (!strcmp(state->known[i].finding.title, title))
			return &state->known[i];
	}
	return NULL;
}

static struct executor_options confirmer_options(const struct campaign *campaign)
{
	return (struct executor_options){
		.machine = { .world = campaign->world, .tracker = campaign->tracker, .preset = campaign->preset,
			     .harness = campaign->harness, .crowded = campaign->clones > 1 },
		.timeout_ns = CONFIRM_NS * campaign->clones,
		.no_novelty = true,
	};
}

/* A fresh machine, for one input: one that waits idle in between would spin on a CPU that the engine needs. */
static struct executor *open_confirmer(struct state *state)
{
	struct executor_options options = confirmer_options(state->campaign);
	char error[MACHINE_ERROR];
	struct executor *confirmer = executor_open(&options, error);

	if (!confirmer)
		fprintf(stderr, "saki-fuzz: cannot confirm findings: %s\n", error);
	else if (!state->symbols)
		state->symbols = symbols_open(executor_image(confirmer), error);
	return confirmer;
}

/* Runs the input alone on a fresh machine; a hang gets ten times the limit. */
static void confirm(struct state *state, struct finding *finding)
{
	struct executor *confirmer = open_confirmer(state);
	struct verdict verdict;
	int err;

	finding->alone_fine = true;
	if (!confirmer)
		return;
	err = executor_run(confirmer, finding->input, finding->size, &verdict);
	executor_close(confirmer);
	if (err)
		return;
	finding->alone_fine = verdict.kind != VERDICT_FINDING;
	if (finding->alone_fine)
		return;
	finding->verdict = verdict;
	finding->confirmed = true;
	finding_name(finding, state->symbols);
}

static void get_events(const struct state *state, struct finding *finding)
{
	struct executor_options options = confirmer_options(state->campaign);
	char error[MACHINE_ERROR];

	/* Machines with another command line are clones of another parent: the one that there is is the engines'. */
	if (interrupted || !finding->confirmed || state->campaign->world == WORLD_XEN)
		return;
	if (last_events_get(finding, &options, state->campaign->events, state->symbols, error))
		fprintf(stderr, "\rsaki-fuzz: no trace events of %s: %s\n", finding->title, error);
}

static void take_finding(struct state *state, uint8_t *input, size_t size, const struct verdict *verdict)
{
	struct campaign *campaign = state->campaign;
	struct finding finding = { .harness = campaign->harness, .preset = campaign->preset, .world = campaign->world,
				   .input = input, .size = size, .verdict = *verdict };
	struct known *known;

	if (!state->symbols)
		executor_close(open_confirmer(state));
	finding_name(&finding, state->symbols);
	known = find_known(state, finding.title);
	if (known && known->confirmed) {
		known->finding.verdict.canary_fired |= verdict->canary_fired;
		free(input);
		return;
	}
	confirm(state, &finding);
	state->unconfirmed += !finding.confirmed;
	/* What a fresh machine ends within ten times the limit was slow, or the machine was busy: no finding. */
	if (!finding.confirmed && verdict->crash.kind == CRASH_HANG) {
		free(input);
		return;
	}
	known = find_known(state, finding.title);
	if (!known && state->known_count < FINDINGS_MAX)
		known = &state->known[state->known_count++];
	if (!known || known->confirmed) {
		free(input);
		return;
	}
	get_events(state, &finding);
	free((void *)known->finding.input);
	known->finding = finding;
	known->confirmed = finding.confirmed;
	if (finding_save(&finding, state->symbols, campaign->out) &&
	    (!reserve_spend(campaign->work) || finding_save(&finding, state->symbols, campaign->out)))
		fprintf(stderr, "\rsaki-fuzz: finding %s cannot be written to %s: %s\n", finding.title, campaign->out,
			strerror(errno));
	progress_finding(campaign->out, &finding);
}

static void take_findings(struct state *state)
{
	struct verdict verdict;
	uint8_t *input;
	size_t size;

	while (!interrupted && raw_finding_take(state->campaign->work, &input, &size, &verdict))
		take_finding(state, input, size, &verdict);
}

/* ---- the engine processes ---- */

static int start_engine(struct state *state, unsigned clone, const char *seeds)
{
	struct campaign *campaign = state->campaign;
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		campaign->clone = clone;
		if (campaign->engine == ENGINE_AFL)
			engine_afl(campaign, seeds);
		engine_libfuzzer(campaign, seeds);
	}
	state->engines[clone] = pid > 0 ? pid : 0;
	return pid > 0 ? 0 : -1;
}

/* Looks after those that ended by themselves. @return how many are left. */
static unsigned engines_left(struct state *state)
{
	struct campaign *campaign = state->campaign;
	unsigned left = 0;
	int status;

	for (unsigned i = 0; i < campaign->clones; i++) {
		pid_t engine = state->engines[i];

		if (!engine)
			continue;
		if (waitpid(engine, &status, WNOHANG) != engine) {
			left++;
			continue;
		}
		state->engines[i] = 0;
		/* And what it started: it leads a process group of its own. */
		kill(-engine, SIGKILL);
		if (status && !state->stopping && !campaign->shared->error[0])
			snprintf(campaign->shared->error, MACHINE_ERROR, "it gave up; see %.180s/engine.log",
				 campaign->work);
	}
	return left;
}

static void stop_engines(struct state *state)
{
	state->stopping = true;
	__atomic_store_n(&state->campaign->shared->stopped, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < CLONES_MAX && state->campaign->engine == ENGINE_AFL; i++)
		if (state->engines[i])
			kill(state->engines[i], SIGINT);
	for (int i = 0; i < STOP_TICKS && engines_left(state); i++)
		usleep(TICK_US);
	for (unsigned i = 0; i < CLONES_MAX; i++) {
		if (!state->engines[i])
			continue;
		kill(-state->engines[i], SIGKILL);
		waitpid(state->engines[i], NULL, 0);
		state->engines[i] = 0;
	}
}

static void watch(struct state *state)
{
	struct campaign *campaign = state->campaign;
	double limit = (double)(campaign->seconds + GRACE_S + (campaign->clones - 1) * GRACE_CLONE_S);
	unsigned left = campaign->clones;

	while (left && !interrupted) {
		usleep(TICK_US);
		left = engines_left(state);
		state->seconds = (double)(now_ns() - state->start_ns) / 1e9;
		progress_show(campaign, state->seconds, state->known_count);
		take_findings(state);
		if (campaign->seconds && state->seconds > limit)
			break;
	}
	if (left)
		stop_engines(state);
	state->seconds = (double)(now_ns() - state->start_ns) / 1e9;
	if (!interrupted)
		take_findings(state);
}

/* ---- the end ---- */

static void write_crashes(struct json *json, const struct state *state)
{
	json_open(json, "crashes", '[');
	for (size_t i = 0; i < state->known_count; i++) {
		const struct finding *finding = &state->known[i].finding;
		char input[PATH_MAX + TITLE_MAX];

		snprintf(input, sizeof(input), "%s/%s/input", state->campaign->out, finding->slug);
		json_open(json, NULL, '{');
		json_string(json, "title", finding->title);
		json_string(json, "kind", finding->kind);
		json_string(json, "world", world_names[finding->world]);
		json_string(json, "input", input);
		json_string(json, "canary", planted_name(finding->verdict.canary_fired));
		json_bool(json, "confirmed", finding->confirmed);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_planted(struct json *json, const struct campaign_shared *shared)
{
	json_open(json, "planted", '[');
	for (unsigned i = 0; i < PLANTED_COUNT; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", planted_name(1u << i));
		json_bool(json, "reached", shared->canary_reached >> i & 1);
		json_bool(json, "fired", shared->canary_fired >> i & 1);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_clone_execs(struct json *json, const struct campaign *campaign)
{
	json_open(json, "clone_execs", '[');
	for (unsigned i = 0; i < campaign->clones; i++)
		json_number(json, NULL, campaign->shared->counts[i].execs);
	json_close(json, ']');
}

static void write_json(const struct state *state)
{
	const struct campaign *campaign = state->campaign;
	const struct campaign_shared *shared = campaign->shared;
	struct campaign_counts sum = shared_sum(shared);
	struct json json = { .out = stdout };

	json_open(&json, NULL, '{');
	json_string(&json, "harness", campaign->harness);
	json_string(&json, "world", world_names[campaign->world]);
	json_string(&json, "engine", engine_names[campaign->engine]);
	json_number(&json, "clones", campaign->clones);
	json_number(&json, "execs", sum.execs);
	write_clone_execs(&json, campaign);
	json_real(&json, "seconds", state->seconds);
	json_real(&json, "execs_per_sec", state->seconds > 0 ? (double)sum.execs / state->seconds : 0);
	json_number(&json, "edges_found", shared->edges_found);
	json_number(&json, "edges_total", shared->edges_total);
	json_number(&json, "resets", sum.resets);
	json_number(&json, "reboots", sum.reboots);
	json_number(&json, "audits", sum.audits);
	json_number(&json, "audit_mismatches", sum.mismatches);
	json_number(&json, "unconfirmed", state->unconfirmed);
	write_crashes(&json, state);
	write_planted(&json, shared);
	json_close(&json, '}');
	putchar('\n');
}

static int report(struct state *state)
{
	const struct campaign_shared *shared = state->campaign->shared;
	uint64_t execs = shared_sum(shared).execs;

	progress_end(state->campaign, state->seconds, state->known_count);
	if (shared->error[0] && !execs) {
		fprintf(stderr, "saki-fuzz: %s\n", shared->error);
		state->failed = true;
	} else if (shared->error[0]) {
		fprintf(stderr, "saki-fuzz: the engine stopped early: %s\n", shared->error);
		state->failed = true;
	} else if (!execs && !interrupted) {
		fprintf(stderr, "saki-fuzz: the engine ran no input; see %s/engine.log\n", state->campaign->work);
		state->failed = true;
	}
	for (size_t i = 0; i < state->known_count; i++)
		progress_finding(state->campaign->out, &state->known[i].finding);
	if (state->campaign->json)
		write_json(state);
	if (interrupted)
		return 130;
	return state->failed ? 3 : state->known_count ? 1 : 0;
}

static int prepare(struct campaign *campaign, char seeds[PATH_MAX])
{
	char raw[PATH_MAX + 8], news[PATH_MAX + 8];

	snprintf(raw, sizeof(raw), "%s/raw", campaign->work);
	snprintf(news, sizeof(news), "%s/news", campaign->work);
	unlink(news);
	if (make_folders(campaign->corpus) || make_folders(raw)) {
		fprintf(stderr, "saki-fuzz: %s: %s\n", campaign->work, strerror(errno));
		return -1;
	}
	campaign->shared = shared_open(campaign->work, true);
	if (!campaign->shared)
		return -1;
	if (reserve_make(campaign->work)) {
		fprintf(stderr, "saki-fuzz: no room to put by in %s: %s\n", campaign->work, strerror(errno));
		return -1;
	}
	return seeds_prepare(campaign, seeds);
}

/*
 * What all machines share is made here, so that engine processes find it ready and their time is all fuzzing. afl-fuzz
 * starts a program anew, which makes its own.
 */
static int prepare_machines(struct campaign *campaign)
{
	struct machine_options options = { .world = campaign->world, .preset = campaign->preset,
					   .harness = campaign->harness, .verbose = campaign->verbose };
	char *image;

	if (campaign->engine == ENGINE_LIBFUZZER)
		return machine_prepare(&options, campaign->shared->error);
	image = image_path(campaign->world, campaign->preset, campaign->shared->error);
	free(image);
	return image ? 0 : -1;
}

int campaign_run(struct campaign *campaign)
{
	static struct state state;
	struct sigaction action = { .sa_handler = on_interrupt };
	char seeds[PATH_MAX];
	int status, err = 0;

	state.campaign = campaign;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	if (prepare(campaign, seeds))
		return 3;
	if (prepare_machines(campaign))
		return fprintf(stderr, "saki-fuzz: %s\n", campaign->shared->error), 3;
	setenv("SAKI_NO_BUILD", "1", 1);
	take_findings(&state);
	state.start_ns = now_ns();
	for (unsigned i = 0; !err && i < campaign->clones; i++)
		err = start_engine(&state, i, seeds);
	if (err) {
		snprintf(campaign->shared->error, MACHINE_ERROR, "cannot be started: %s", strerror(errno));
		stop_engines(&state);
	} else {
		watch(&state);
	}
	status = report(&state);
	symbols_close(state.symbols);
	return status;
}
