/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The executor of every world: see executor.h. What differs between worlds is in machine_*.c.
 */
#include "executor_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_NS UINT64_C(1000000000)
#define REPORT_NS UINT64_C(1000000000)	/* for a machine that stops its input to say where that was */
#define DEFAULT_AUDIT_EVERY 1000
#define START_TRIES 3

/* ---- machines ---- */

/* Where nobody resets, or each input has a machine of its own, there is nothing to compare with the snapshot. */
bool executor_is_audited(const struct executor *executor)
{
	enum tracker tracker = executor->options.machine.tracker;

	return tracker == TRACKER_GUEST || tracker == TRACKER_LOGDIRTY;
}

static int start_machine(struct executor *executor)
{
	for (int i = 0; i < START_TRIES; i++) {
		if (machine_start(&executor->machine, &executor->options.machine, executor->error))
			continue;
		executor->resetting = false;
		if (!executor_is_audited(executor) || !audit_init(&executor->audit, &executor->machine))
			return 0;
		snprintf(executor->error, sizeof(executor->error), "out of memory for the copy of the snapshot");
		machine_stop(&executor->machine);
	}
	return -1;
}

int executor_replace_machine(struct executor *executor)
{
	size_t counters = executor->machine.view.counter_count;
	unsigned phase = profile_hold(executor->profile, PROFILE_REBOOT);
	int err;

	audit_free(&executor->audit);
	machine_stop(&executor->machine);
	executor->stats.reboots++;
	err = start_machine(executor);
	profile_release(executor->profile, phase);
	if (err)
		return -1;
	if (counters && executor->machine.view.counter_count != counters) {
		snprintf(executor->error, sizeof(executor->error), "the image changed while it was in use");
		return -1;
	}
	return 0;
}

struct executor *executor_open(const struct executor_options *options, char *error)
{
	struct executor *executor = calloc(1, sizeof(*executor));
	char *image;

	if (!executor) {
		snprintf(error, MACHINE_ERROR, "out of memory");
		return NULL;
	}
	executor->options = *options;
	executor->machine.memory_fd = executor->machine.log_fd = -1;
	if (!executor->options.timeout_ns)
		executor->options.timeout_ns = DEFAULT_TIMEOUT_NS;
	if (!executor->options.audit_every)
		executor->options.audit_every = DEFAULT_AUDIT_EVERY;
	/* Built, or found missing, once: a machine that does not start is another matter, and tried again. */
	image = image_path(options->machine.world, options->machine.preset, error);
	if (!image) {
		free(executor);
		return NULL;
	}
	free(image);
	executor->recent.bytes = malloc(EXECUTOR_RECENT_BYTES);
	if (!executor->recent.bytes || start_machine(executor) ||
	    novelty_init(&executor->novelty, executor->machine.view.counter_count)) {
		snprintf(error, MACHINE_ERROR, "%s", executor->error[0] ? executor->error : "out of memory");
		executor_close(executor);
		return NULL;
	}
	return executor;
}

void executor_close(struct executor *executor)
{
	if (!executor)
		return;
	audit_free(&executor->audit);
	novelty_free(&executor->novelty);
	machine_stop(&executor->machine);
	free(executor->recent.bytes);
	free(executor);
}

int executor_reset_hard(struct executor *executor)
{
	if (executor->recent.news)
		novelty_distrust(&executor->novelty);
	executor_forget_recent(executor, false);
	return executor_replace_machine(executor);
}

/* ---- one request ---- */

void executor_machine_end(struct executor *executor)
{
	executor->resetting = false;
	machine_kill(&executor->machine);
}

static int reset_from_outside(struct executor *executor)
{
	size_t pages;

	if (machine_reset(&executor->machine, &pages)) {
		executor_machine_end(executor);
		return -1;
	}
	executor->stats.resets++;
	executor->stats.dirty_pages += pages;
	return 0;
}

static int finish_any_reset(struct executor *executor)
{
	struct machine *machine = &executor->machine;
	uint32_t dirty;

	if (!executor->resetting)
		return 0;
	executor->resetting = false;
	if (tracker_replaces(machine->options.tracker) && !executor->nothing_ran) {
		executor_machine_end(executor);
		return -1;
	}
	if (machine->options.tracker == TRACKER_LOGDIRTY && !executor->nothing_ran)
		return reset_from_outside(executor);
	if (machine_wait(machine, &machine->channel->ready_seq, DEFAULT_TIMEOUT_NS) != MACHINE_ANSWERED) {
		executor_machine_end(executor);
		return -1;
	}
	if (executor->nothing_ran || machine->options.tracker == TRACKER_NONE)
		return 0;
	dirty = machine->channel->dirty_pages;
	executor->stats.resets++;
	executor->stats.dirty_pages += dirty;
	profile_reset(executor->profile, &machine->channel->profile);
	profile_enter(executor->profile, PROFILE_RESTORE);
	if (machine->view.runner_restores)
		audit_restore_frames(&executor->audit, machine->channel->dirty_frames,
				     executor_at_most(dirty, CHANNEL_DIRTY_FRAMES));
	return 0;
}

int executor_finish_reset(struct executor *executor)
{
	unsigned phase = profile_enter(executor->profile, PROFILE_RESET);
	int err = finish_any_reset(executor);

	profile_enter(executor->profile, phase);
	return err;
}

bool executor_machine_usable(struct executor *executor)
{
	return executor->machine.pid && !executor_finish_reset(executor);
}

/* A record the host itself makes, when the machine cannot: but for the canaries nothing of an answer is there. */
static void set_crash(const struct machine *machine, struct verdict *verdict, enum crash_kind kind, const char *text)
{
	bool new_coverage = verdict->new_coverage;

	memset(verdict, 0, sizeof(*verdict));
	verdict->new_coverage = new_coverage;
	verdict->canary_reached = machine->channel->canary_reached;
	verdict->canary_fired = machine->channel->canary_fired;
	verdict->kind = VERDICT_FINDING;
	verdict->unreported = true;
	verdict->crash.kind = kind;
	verdict->crash.call_index = UINT32_MAX;
	snprintf(verdict->crash.text, sizeof(verdict->crash.text), "%s", text);
}

/* Copies the guest's status, each count cut to what its array holds. */
static void read_status(struct machine *machine, struct verdict *verdict)
{
	const struct channel *channel = machine->channel;

	verdict->kind = channel->status == STATUS_CRASH ? VERDICT_FINDING : VERDICT_OK;
	verdict->run_result = channel->run_result;
	verdict->results_hash = channel->results_hash;
	verdict->virtual_ns = channel->virtual_ns;
	verdict->blocked_calls = channel->blocked_calls;
	verdict->canary_reached = channel->canary_reached;
	verdict->canary_fired = channel->canary_fired;
	verdict->result_count = executor_at_most(channel->result_count, CHANNEL_RESULTS);
	memcpy(verdict->results, channel->results, verdict->result_count * sizeof(verdict->results[0]));
	verdict->console_len = executor_at_most(channel->console_len, CHANNEL_CONSOLE);
	memcpy(verdict->console, channel->console, verdict->console_len);
	verdict->history_count = executor_at_most(channel->history_count, CHANNEL_HISTORY);
	memcpy(verdict->history, channel->history, verdict->history_count * sizeof(verdict->history[0]));
	verdict->unreported = false;
	verdict->events_len = machine->options.tells_events ? executor_at_most(channel->events_len, CHANNEL_EVENTS) : 0;
	memcpy(verdict->events, channel->events, verdict->events_len);
	verdict->crash.kind = CRASH_NONE;
	if (verdict->kind == VERDICT_OK)
		return;
	verdict->crash = channel->crash;
	verdict->crash.kind = verdict->crash.kind < CRASH_KINDS ? verdict->crash.kind : CRASH_PANIC;
	verdict->crash.frame_count = executor_at_most(verdict->crash.frame_count, CRASH_FRAMES);
	verdict->crash.text[CRASH_TEXT - 1] = '\0';
}

/* Waits for the answer; in the host world a time-out first asks the machine to stop the input itself, as others do. */
enum machine_wait executor_wait_done(struct executor *executor, unsigned inputs)
{
	struct machine *machine = &executor->machine;
	uint32_t *done = &machine->channel->done_seq;
	uint64_t timeout = inputs * executor->options.timeout_ns;
	uint64_t report = timeout < REPORT_NS ? timeout : REPORT_NS;
	enum machine_wait result;

	if (machine->options.world != WORLD_HOST)
		return machine_wait(machine, done, timeout + report);
	result = machine_wait(machine, done, timeout);
	if (result != MACHINE_TIMED_OUT)
		return result;
	machine_interrupt(machine);
	return machine_wait(machine, done, report);
}

void executor_run_once(struct executor *executor, const void *data, size_t size, struct verdict *verdict)
{
	struct machine *machine = &executor->machine;
	struct channel *channel = machine->channel;
	enum machine_wait result;

	profile_enter(executor->profile, PROFILE_COVERAGE);
	memset(machine->view.counters, 0, machine->view.counter_count);
	profile_enter(executor->profile, PROFILE_INPUT);
	memcpy(channel->input, data, size);
	channel->input_size = (uint32_t)size;
	channel->request = REQUEST_RUN;
	channel->compare_on = executor->options.compare_every &&
			      executor->stats.execs % executor->options.compare_every == 0;
	/* Ours goes by the time that a process has had, which a machine in a VM cannot know. */
	channel->deadline_ns = machine->options.world == WORLD_HOST ? 0 : executor->options.timeout_ns;
	channel->profile_on = profile_is_on(executor->profile);
	profile_asked(executor->profile);
	machine_request(machine);
	result = executor_wait_done(executor, 1);
	profile_answered(executor->profile, &channel->profile, result == MACHINE_ANSWERED);
	executor->stats.execs++;
	executor->resetting = true;
	executor->nothing_ran = false;
	if (result == MACHINE_ANSWERED)
		read_status(machine, verdict);
	else if (result == MACHINE_DIED)
		set_crash(machine, verdict, CRASH_PANIC, "the machine ended without a report");
	else
		set_crash(machine, verdict, CRASH_HANG, "the input did not end, and nothing could end it");
	/* A reset from outside brings back what does not answer; any other needs the machine. */
	if (machine->options.tracker == TRACKER_LOGDIRTY)
		return;
	/* In the host world a crash is the end of the process, sooner or later. */
	if (result != MACHINE_ANSWERED || (verdict->kind == VERDICT_FINDING && verdict->crash.kind != CRASH_LEAK &&
					   machine->options.world == WORLD_HOST))
		executor_machine_end(executor);
}

int executor_make_usable(struct executor *executor)
{
	/* Gone since the last input: by its own finding (nothing is left to run again), or found wrong just now. */
	if (!executor_machine_usable(executor) &&
	    (executor_replace_machine(executor) || executor_rerun_recent(executor)))
		return -1;
	return executor_machine_usable(executor) ? 0 : executor_replace_machine(executor);
}

static int run_audited(struct executor *executor, const void *data, size_t size, struct verdict *verdict)
{
	if (size > executor->machine.view.max_size)
		size = executor->machine.view.max_size;
	if (executor_make_usable(executor))
		return -1;
	verdict->audited = false;
	if (executor_is_audited(executor))
		executor_remember(executor, data, size);
	executor_run_once(executor, data, size, verdict);
	profile_enter(executor->profile, PROFILE_COVERAGE);
	verdict->new_coverage = !executor->options.no_novelty &&
				novelty_check(&executor->novelty, executor->machine.view.counters);
	return executor_is_audited(executor) ? executor_check(executor, data, size, verdict) : 0;
}

int executor_run(struct executor *executor, const void *data, size_t size, struct verdict *verdict)
{
	unsigned phase = profile_enter(executor->profile, PROFILE_INPUT);
	int err = run_audited(executor, data, size, verdict);

	profile_enter(executor->profile, phase);
	return err;
}

/* ---- the rest ---- */

void executor_set_timeout(struct executor *executor, uint64_t timeout_ns)
{
	executor->options.timeout_ns = timeout_ns;
}

int executor_request(struct executor *executor, enum channel_request request, uint32_t argument)
{
	struct machine *machine = &executor->machine;

	if (!executor_machine_usable(executor) && executor_replace_machine(executor))
		return -1;
	machine->channel->request = request;
	machine->channel->input_size = argument;
	machine->channel->profile_on = executor->profile != NULL;
	machine_request(machine);
	executor->resetting = true;
	executor->nothing_ran = request != REQUEST_RUN && request != REQUEST_DIRTY;
	/* A reset from outside would come before the request has been seen. */
	if (machine_wait(machine, &machine->channel->done_seq, DEFAULT_TIMEOUT_NS) != MACHINE_ANSWERED) {
		snprintf(executor->error, sizeof(executor->error), "the machine does not answer");
		executor_machine_end(executor);
		return -1;
	}
	if (executor_finish_reset(executor))
		return tracker_replaces(machine->options.tracker) ? 0 : -1;
	return 0;
}

void executor_set_profile(struct executor *executor, struct profile *profile)
{
	executor->profile = profile;
}

uint8_t *executor_counters(struct executor *executor, size_t *count)
{
	*count = executor->machine.view.counter_count;
	return executor->machine.view.counters;
}

const uint8_t *executor_seen(struct executor *executor, size_t *count)
{
	*count = executor->novelty.count;
	return executor_is_audited(executor) ? executor->novelty.sound : executor->novelty.seen;
}

const uint64_t *executor_pcs(struct executor *executor)
{
	return executor->machine.view.pcs;
}

size_t executor_compares(struct executor *executor, struct channel_compare *out, size_t max)
{
	const struct channel *channel = executor->machine.channel;
	size_t n = channel->compare_on ? executor_at_most(channel->compare_count, CHANNEL_COMPARES) : 0;

	n = n < max ? n : max;
	memcpy(out, channel->compares, n * sizeof(*out));
	return n;
}

size_t executor_max_size(struct executor *executor)
{
	return executor->machine.view.max_size;
}

const char *executor_image(struct executor *executor)
{
	return executor->machine.image;
}

void executor_on_rerun(struct executor *executor, void (*fn)(const void *, size_t, const struct verdict *, void *),
		       void *context)
{
	executor->on_rerun = fn;
	executor->on_rerun_context = context;
}

const struct machine *executor_machine(struct executor *executor)
{
	return &executor->machine;
}

const struct executor_stats *executor_stats(struct executor *executor)
{
	executor->stats.edges_found = executor_is_audited(executor) ? executor->novelty.sound_found
								    : executor->novelty.found;
	return &executor->stats;
}

const char *executor_error(struct executor *executor)
{
	return executor->error;
}
