/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An executor runs inputs on a machine and tells what they did. Engines know only this: open, run, coverage, reset,
 * close.
 *
 * It also keeps the machine honest. The guest resets itself by a fast tracker; at every input that brings new coverage
 * (in the xen world at every sixteenth of these) or a finding, and every audit_every inputs, all live memory is
 * compared with the executor's own copy of the snapshot. On a mismatch the machine is replaced, and what ran since the
 * last clean audit is run again on the new one. A machine that crashed for good, hangs or dies is replaced too; no
 * input is lost by it.
 */
#pragma once

#include "machine.h"
#include "profile.h"

struct executor;

struct executor_options {
	struct machine_options machine;
	uint64_t timeout_ns;	/* of an input; 0: one second */
	unsigned audit_every;	/* inputs; 0: 1000 */
	unsigned compare_every; /* record the comparisons of one input in so many; 0: of none */
	bool no_novelty;	/* no look for new coverage, no audit for it: the engine or the caller does that */
};

enum verdict_kind {
	VERDICT_OK,
	VERDICT_FINDING,	/* crash.kind says which */
};

/* What one input did. Copied and checked: nothing in it is the guest's any more. */
struct verdict {
	enum verdict_kind kind;
	struct crash_record crash;
	bool new_coverage;		/* reached what no input of this executor had */
	bool audited;			/* memory after it was compared, and right */
	int run_result;
	uint32_t result_count;
	uint64_t results[CHANNEL_RESULTS];
	uint64_t results_hash;
	uint64_t virtual_ns;
	uint32_t blocked_calls;
	uint32_t canary_reached, canary_fired;
	uint32_t history_count;
	struct channel_call history[CHANNEL_HISTORY];
	uint32_t console_len;
	char console[CHANNEL_CONSOLE];
	bool unreported;		/* the crash is the host's account of it: the machine could give none */
	uint32_t events_len;
	char events[CHANNEL_EVENTS];	/* the last trace events, a line each, of a machine that is to tell them */
};

struct executor_stats {
	uint64_t execs;
	uint64_t resets;		/* by the guest itself */
	uint64_t reboots;		/* machines started, but for the first */
	uint64_t audits, audited_execs, mismatches;
	uint64_t reruns;		/* inputs run again after a mismatch */
	uint64_t dirty_pages;		/* sum over all resets */
	uint64_t edges_found;		/* counters that were ever not zero, as far as audits go */
};

/* NULL with one line in error (MACHINE_ERROR bytes). */
struct executor *executor_open(const struct executor_options *options, char *error);

/**
 * Runs one input, which is cut at the harness's largest size.
 * @return 0; -1 when the machine is gone and no other can be started (executor_error()).
 */
int executor_run(struct executor *executor, const void *data, size_t size, struct verdict *verdict);

struct executor_input {
	const void *data;
	size_t size;
};

/* What one input of many did: its counters that are not zero, or hits NULL: executor_counters() shows them. */
typedef void executor_told_t(void *context, size_t index, const struct verdict *verdict,
			     const struct channel_hits *hits, size_t hit_count);

/**
 * Runs inputs as executor_run() does, with one hand-over for as many as the channel holds, and tells of each in their
 * order, before an audit. Of those that ended well there are no results, history or console. The executor has
 * options.no_novelty, the tracker guest, and "batch" appended to its machine's command line; what it takes is in no
 * profile.
 * @return 0; -1 as executor_run().
 */
int executor_run_batch(struct executor *executor, const struct executor_input *inputs, size_t count,
		       executor_told_t *fn, void *context);

/* The counters of the last run, until the next one; the size never changes. */
uint8_t *executor_counters(struct executor *executor, size_t *count);
/* Which counters were ever not zero, as far as audits go: a byte each, until the executor is closed. */
const uint8_t *executor_seen(struct executor *executor, size_t *count);
/* The PC of each counter. */
const uint64_t *executor_pcs(struct executor *executor);
/* Comparisons of the last run, none where they were not recorded: copied into out, at most max. @return how many. */
size_t executor_compares(struct executor *executor, struct channel_compare *out, size_t max);
size_t executor_max_size(struct executor *executor);
const char *executor_image(struct executor *executor);

/* Called for an input that was run again after a mismatch and turned out to be new or a finding. */
void executor_on_rerun(struct executor *executor,
		       void (*fn)(const void *data, size_t size, const struct verdict *, void *), void *context);

/* Audits what has been told without it: before the statistics are read for the last time. 0, or -1. */
int executor_settle(struct executor *executor);

/* A fresh machine. 0, or -1 with executor_error(). */
int executor_reset_hard(struct executor *executor);
/* From the next input on. */
void executor_set_timeout(struct executor *executor, uint64_t timeout_ns);

/**
 * Compares all live memory with the snapshot, now.
 * @return the number of pages that differ; *first is the first one's frame when there is one.
 */
size_t executor_audit(struct executor *executor, size_t *first);

/* Low-level requests for measuring; see enum channel_request. 0 or -1. */
int executor_request(struct executor *executor, enum channel_request request, uint32_t argument);
/*
 * From the next profile_start() on, executor_run() notes there where its time goes, and requests are asked to be
 * profiled. It outlives the executor; NULL: no more.
 */
void executor_set_profile(struct executor *executor, struct profile *profile);
/* The machine's memory and live map, for fault injection. */
const struct machine *executor_machine(struct executor *executor);

const struct executor_stats *executor_stats(struct executor *executor);
const char *executor_error(struct executor *executor);
void executor_close(struct executor *executor);
