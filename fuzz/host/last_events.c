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

/* By the same way: nothing that tracing itself may have brought about. */
static bool is_same_end(const struct finding *finding, const struct verdict *verdict, struct symbols *symbols)
{
	struct finding other = *finding;

	other.verdict = *verdict;
	if (verdict->kind != finding->verdict.kind)
		return false;
	if (verdict->kind != VERDICT_FINDING)
		return verdict->results_hash == finding->verdict.results_hash;
	finding_name(&other, symbols);
	return !strcmp(other.title, finding->title);
}

int last_events_get(struct finding *finding, const struct executor_options *options, const char *list,
		    struct symbols *symbols, char *error)
{
	struct executor_options traced = *options;
	char *words = last_events_words(list, error);
	struct executor *executor;
	struct verdict verdict;
	int err;

	if (!words)
		return -1;
	traced.machine.append = words;
	executor = executor_open(&traced, error);
	if (!executor) {
		free(words);
		return -1;
	}
	err = executor_run(executor, finding->input, finding->size, &verdict);
	if (err) {
		snprintf(error, MACHINE_ERROR, "%s", executor_error(executor));
	} else if (is_same_end(finding, &verdict, symbols)) {
		finding->verdict.events_len = verdict.events_len;
		memcpy(finding->verdict.events, verdict.events, verdict.events_len);
	}
	executor_close(executor);
	free(words);
	return err;
}
