/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz inject HARNESS": flips random bits in a machine's memory while it runs inputs, as a campaign would run
 * them, and counts what came of each. What every input does was recorded before, on a sound machine. Half of the flips
 * hit live memory (kernel, heap, page tables, stacks, descriptor tables), half anything: pristine copies, the tracker,
 * the channel, free memory.
 *
 *	detected	an audit saw it: what ran since the last clean one was run again on a new machine
 *	rebooted	the machine crashed, hung or could not reset: it was replaced
 *	harmless	every result was right
 *	silently wrong	a wrong result or coverage was accepted: the figure to bring to 0
 *
 * Of the last, those are counted again of which a campaign would have kept something: a corpus entry or a finding.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "inputs.h"
#include "json.h"
#include "store.h"

#define DEFAULT_COUNT 1000
#define INPUTS 300
#define WINDOW 40		/* inputs after a flip */
#define SEED 20260104
#define PAGE 4096
#define FLIP_WITHIN_US 2000
#define TRIES 100 /* Xen's machines have holes */
#define TIMEOUT_NS UINT64_C(300000000)

enum outcome { DETECTED, REBOOTED, HARMLESS, SILENT, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = { "detected", "rebooted", "harmless", "silently_wrong" };

/* What an input does on a sound machine. */
struct expected {
	uint64_t counters, results;
	uint32_t kind;
	uint32_t pad;
};

/* One flip, made by a thread beside the running machine; it keeps its own view of the memory file. */
struct flip {
	uint8_t *page;
	size_t frame, offset;
	uint8_t bit;
	unsigned delay_us;
};

struct inject {
	struct executor *executor;
	struct inputs inputs;
	struct expected expected[INPUTS];
	uint64_t random;
	uint64_t outcomes[OUTCOMES];
	uint64_t silent_kept;
	bool kept;		/* the last input brought new coverage or a finding */
	bool verbose;
};

static uint64_t next_random(struct inject *inject)
{
	inject->random ^= inject->random << 13;
	inject->random ^= inject->random >> 7;
	inject->random ^= inject->random << 17;
	return inject->random;
}

static int run_one(struct inject *inject, size_t index, struct expected *seen)
{
	const struct input *input = &inject->inputs.items[index];
	struct verdict verdict;
	const uint8_t *counters;
	size_t count;

	if (executor_run(inject->executor, input->data, input->size, &verdict))
		return -1;
	counters = executor_counters(inject->executor, &count);
	memset(seen, 0, sizeof(*seen));
	seen->counters = hash_bytes(counters, count);
	seen->results = verdict.results_hash;
	seen->kind = verdict.crash.kind;
	inject->kept = verdict.new_coverage || verdict.kind == VERDICT_FINDING;
	return 0;
}

/* A bit of live memory, or of any; at any moment of an input, a reset or a wait. */
static int choose_flip(struct inject *inject, struct flip *flip)
{
	const struct machine *machine = executor_machine(inject->executor);
	const struct machine_view *view = &machine->view;
	bool any = next_random(inject) >> 40 & 1;

	flip->page = NULL;
	for (int i = 0; !flip->page && i < TRIES; i++) {
		do
			flip->frame = next_random(inject) % view->frame_limit;
		while (!any && !(view->live[flip->frame / 8] >> flip->frame % 8 & 1));
		flip->page = machine_page(machine, flip->frame);
	}
	flip->offset = next_random(inject) % PAGE;
	flip->bit = (uint8_t)(1u << (next_random(inject) % 8));
	flip->delay_us = (unsigned)(next_random(inject) % FLIP_WITHIN_US);
	return flip->page ? 0 : -1;
}

static void *flip_later(void *context)
{
	struct flip *flip = context;

	usleep(flip->delay_us);
	__atomic_fetch_xor(flip->page + flip->offset, flip->bit, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Runs inputs while the bit flips and after. *wrong: a result was accepted that is not the sound machine's. */
static int run_window(struct inject *inject, bool *wrong, bool *kept)
{
	for (int i = 0; i < WINDOW; i++) {
		size_t index = next_random(inject) % inject->inputs.count;
		struct expected seen;

		if (run_one(inject, index, &seen))
			return -1;
		if (!memcmp(&seen, &inject->expected[index], sizeof(seen)))
			continue;
		*wrong = true;
		*kept |= inject->kept;
	}
	return 0;
}

static enum outcome judge(const struct executor_stats *before, const struct executor_stats *after, bool dirty,
			  bool wrong)
{
	if (dirty || after->mismatches != before->mismatches)
		return DETECTED;
	if (wrong)
		return SILENT;
	return after->reboots != before->reboots ? REBOOTED : HARMLESS;
}

/* A flip, its window, and the audit that ends every window of a campaign: what that finds wrong is run again there. */
static int inject_one(struct inject *inject)
{
	struct executor_stats before = *executor_stats(inject->executor);
	struct flip flip;
	pthread_t thread;
	bool wrong = false, kept = false, dirty;
	enum outcome outcome;
	int err;

	if (choose_flip(inject, &flip) || pthread_create(&thread, NULL, flip_later, &flip))
		return -1;
	err = run_window(inject, &wrong, &kept);
	pthread_join(thread, NULL);
	machine_page_release(flip.page);
	if (err)
		return -1;
	dirty = executor_audit(inject->executor, NULL) != 0;
	outcome = judge(&before, executor_stats(inject->executor), dirty, wrong);
	inject->outcomes[outcome]++;
	inject->silent_kept += outcome == SILENT && kept;
	if (outcome == SILENT && inject->verbose)
		fprintf(stderr, "silently wrong: bit %#x of byte %#zx\n", flip.bit, flip.frame * PAGE + flip.offset);
	return dirty ? executor_reset_hard(inject->executor) : 0;
}

static void report(const struct options *options, const struct inject *inject)
{
	const struct executor_stats *stats = executor_stats(inject->executor);
	struct json json = { .out = stdout };

	if (!options->campaign.json) {
		for (int i = 0; i < OUTCOMES; i++)
			printf("%s %llu%s", outcome_names[i], (unsigned long long)inject->outcomes[i],
			       i + 1 < OUTCOMES ? ", " : "\n");
		return;
	}
	json_open(&json, NULL, '{');
	json_string(&json, "harness", options->campaign.harness);
	json_string(&json, "world", world_names[options->campaign.world]);
	json_string(&json, "tracker", tracker_names[options->campaign.tracker]);
	for (int i = 0; i < OUTCOMES; i++)
		json_number(&json, outcome_names[i], inject->outcomes[i]);
	json_number(&json, "silently_wrong_kept", inject->silent_kept);
	json_number(&json, "execs", stats->execs);
	json_number(&json, "reboots", stats->reboots);
	json_close(&json, '}');
	putchar('\n');
}

/* What is right is what a machine says that resets itself, whatever is tried. */
static int expect(struct inject *inject, const struct options *options)
{
	for (size_t i = 0; i < inject->inputs.count; i++) {
		if (run_one(inject, i, &inject->expected[i]))
			return -1;
	}
	return 0;
}

static int inject_all(struct inject *inject, const struct options *options)
{
	uint64_t count = options->count ? options->count : DEFAULT_COUNT;

	for (uint64_t i = 0; i < count; i++) {
		if (inject_one(inject))
			return -1;
		if (isatty(2) && i % 10 == 0)
			fprintf(stderr, "\r%llu of %llu flips", (unsigned long long)i, (unsigned long long)count);
	}
	if (isatty(2))
		fputs("\r\033[K", stderr);
	report(options, inject);
	return 0;
}

/* A machine with that tracker, and what is done with it. */
static int with_machine(struct inject *inject, const struct options *options, enum tracker tracker,
			int (*work)(struct inject *inject, const struct options *options))
{
	struct executor_options executor_options = {
		.machine = { .world = options->campaign.world, .preset = options_preset(options, true),
			     .harness = options->campaign.harness, .tracker = tracker },
		.timeout_ns = TIMEOUT_NS,
	};
	char error[MACHINE_ERROR];
	int err;

	inject->executor = executor_open(&executor_options, error);
	if (!inject->executor) {
		fprintf(stderr, "saki-fuzz: %s\n", error);
		return -1;
	}
	err = work(inject, options);
	if (err)
		fprintf(stderr, "saki-fuzz: %s\n", executor_error(inject->executor));
	executor_close(inject->executor);
	return err;
}

int cmd_inject(struct options *options)
{
	static struct inject inject = { .random = SEED };
	enum tracker tracker = options->campaign.tracker;
	int err;

	inject.verbose = options->campaign.verbose;
	if (inputs_make(&inject.inputs, options->campaign.harness, INPUTS, SEED))
		return EXIT_ENVIRONMENT;
	/* One that booted for its input is no copy, and may take another way than those that are. */
	err = with_machine(&inject, options, tracker == TRACKER_BOOT ? TRACKER_BOOT : TRACKER_GUEST, expect);
	err = err ? err : with_machine(&inject, options, tracker, inject_all);
	inputs_free(&inject.inputs);
	if (err)
		return EXIT_ENVIRONMENT;
	return inject.outcomes[SILENT] ? EXIT_FINDINGS : EXIT_DONE;
}
