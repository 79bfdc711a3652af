/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last trace events before a finding: see last_events.h.
 */
#include "last_events.h"

#include <instrumentation/trace/description.h>
#include <instrumentation/trace/host/pattern.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The newest stay, as nobody takes them; a small ring holds more than a report tells. */
#define RING_WORDS "trace.overwrite trace.ring=64K"

char *last_events_words(const char *list, char *error)
{
	struct stream_events events;
	char reason[STREAM_ERROR], *word = NULL, *words = NULL;

	if (!stream_events_parse(&events, trace_description, trace_description_size, reason)) {
		if (!pattern_check(&events, list ? list : LAST_EVENTS_DEFAULT, &word, reason) &&
		    asprintf(&words, "trace=%s " RING_WORDS, word) < 0) {
			words = NULL;
			snprintf(reason, sizeof(reason), "out of memory");
		}
		free(word);
		stream_events_free(&events);
	}
	if (!words)
		snprintf(error, MACHINE_ERROR, "%s", reason);
	return words;
}

/* Nothing that tracing itself may have brought about. Where a loop was when its time was up is chance. */
static bool is_same_end(const struct finding *finding, const struct verdict *verdict, struct symbols *symbols)
{
	struct finding other = *finding;

	if (verdict->kind != finding->verdict.kind)
		return false;
	if (verdict->kind != VERDICT_FINDING)
		return verdict->results_hash == finding->verdict.results_hash;
	if (verdict->crash.kind == CRASH_HANG && finding->verdict.crash.kind == CRASH_HANG)
		return true;
	other.verdict = *verdict;
	finding_name(&other, symbols);
	return !strcmp(other.title, finding->title);
}

static int run(struct finding *finding, struct executor *executor, struct symbols *symbols, char *error)
{
	struct verdict verdict;

	if (executor_run(executor, finding->input, finding->size, &verdict)) {
		snprintf(error, MACHINE_ERROR, "%s", executor_error(executor));
		return -1;
	}
	if (!is_same_end(finding, &verdict, symbols)) {
		snprintf(error, MACHINE_ERROR, "the run that was to tell them ended in another way");
		return -1;
	}
	finding->verdict.events_len = verdict.events_len;
	memcpy(finding->verdict.events, verdict.events, verdict.events_len);
	if (verdict.events_len)
		return 0;
	snprintf(error, MACHINE_ERROR, "there were none of these, or %s has no trace hooks", finding->preset);
	return -1;
}

int last_events_get(struct finding *finding, const struct executor_options *options, const char *list,
		    struct symbols *symbols, char *error)
{
	struct executor_options traced = *options;
	struct executor *executor;
	char *words;
	int err = -1;

	if (finding->verdict.unreported) {
		snprintf(error, MACHINE_ERROR, "the machine could report nothing");
		return -1;
	}
	words = last_events_words(list, error);
	if (!words)
		return -1;
	traced.machine.append = words;
	traced.machine.tells_events = true;
	executor = executor_open(&traced, error);
	if (executor)
		err = run(finding, executor, symbols, error);
	executor_close(executor);
	free(words);
	return err;
}
