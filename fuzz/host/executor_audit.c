/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the executor's machine is still what it was at the snapshot, and what becomes of inputs where it was not.
 */
#include "executor_internal.h"

#include <string.h>

#include "profile.h"
#include "store.h"

#define NEWS_PER_AUDIT_IN_XEN 16

size_t executor_audit(struct executor *executor, size_t *first)
{
	unsigned phase;
	size_t differ;

	if (!executor->machine.pid || !executor_is_audited(executor))
		return 0;
	if (executor_finish_reset(executor))
		return 1;
	executor->stats.audits++;
	phase = profile_enter(executor->profile, PROFILE_AUDIT);
	differ = audit_compare(&executor->audit, first);
	profile_enter(executor->profile, phase);
	executor->stats.mismatches += differ != 0;
	return differ;
}

void executor_forget_recent(struct executor *executor, bool audited)
{
	if (audited)
		executor->stats.audited_execs += executor->recent.count;
	executor->recent.used = executor->recent.count = executor->recent.news = 0;
}

void executor_remember(struct executor *executor, const void *data, size_t size)
{
	struct recent *recent = &executor->recent;
	uint32_t len = (uint32_t)size;

	memcpy(recent->bytes + recent->used, &len, sizeof(len));
	memcpy(recent->bytes + recent->used + sizeof(len), data, size);
	recent->used += sizeof(len) + size;
	recent->count++;
}

bool executor_recent_is_full(const struct executor *executor)
{
	return executor->recent.count >= executor->options.audit_every ||
	       executor->recent.used + EXECUTOR_RECENT_ROOM > EXECUTOR_RECENT_BYTES;
}

/* A machine went wrong at some point since the last clean audit: all of that is run again, each input audited. */
static int rerun_each(struct executor *executor)
{
	uint8_t *bytes = executor->recent.bytes;
	size_t used = executor->recent.used;
	struct verdict verdict;

	for (size_t at = 0; at < used;) {
		uint32_t size;

		memcpy(&size, bytes + at, sizeof(size));
		at += sizeof(size);
		if (!executor_machine_usable(executor) && executor_replace_machine(executor))
			return -1;
		executor_run_once(executor, bytes + at, size, &verdict);
		executor->stats.reruns++;
		/* Right until then, whatever it has left: what it has shown has been seen, but is not told. */
		verdict.new_coverage = novelty_check(&executor->novelty, executor->machine.view.counters);
		if (executor_audit(executor, NULL))
			machine_kill(&executor->machine);
		else if (executor->on_rerun && (verdict.new_coverage || verdict.kind == VERDICT_FINDING))
			executor->on_rerun(bytes + at, size, &verdict, executor->on_rerun_context);
		at += size;
	}
	novelty_trust(&executor->novelty);
	executor_forget_recent(executor, true);
	return 0;
}

int executor_rerun_recent(struct executor *executor)
{
	unsigned phase = profile_hold(executor->profile, PROFILE_AUDIT);
	int err;

	if (executor->recent.news)
		novelty_distrust(&executor->novelty);
	err = rerun_each(executor);

	profile_release(executor->profile, phase);
	return err;
}

/*
 * Memory that was wrong for one input only leaves nothing for an audit to see. So what matters, new coverage or a
 * finding, has to show itself twice; where a finding ends the machine, the campaign does that.
 */
static bool run_again(struct executor *executor, const void *data, size_t size, const struct verdict *verdict)
{
	static struct verdict again;
	size_t count = executor->machine.view.counter_count;
	uint64_t counters = hash_bytes(executor->machine.view.counters, count);

	/* An endless loop never counts the same twice, and takes its time: it is confirmed once, by the campaign. */
	if ((!verdict->new_coverage && verdict->kind == VERDICT_OK) || verdict->crash.kind == CRASH_HANG)
		return true;
	executor_run_once(executor, data, size, &again);
	return hash_bytes(executor->machine.view.counters, count) == counters && again.kind == verdict->kind &&
	       again.results_hash == verdict->results_hash && again.crash.kind == verdict->crash.kind &&
	       executor_machine_usable(executor);
}

static bool repeats(struct executor *executor, const void *data, size_t size, const struct verdict *verdict)
{
	unsigned phase = profile_hold(executor->profile, PROFILE_AUDIT);
	bool same = executor_machine_usable(executor) && run_again(executor, data, size, verdict);

	profile_release(executor->profile, phase);
	return same;
}

/*
 * To look at all of a machine's memory takes a dom0 as long as six inputs, and new coverage is most of what a campaign
 * begins with. So it is told before its audit there; if one of the next few finds memory wrong, all of them are run
 * again, as if the machine that went wrong had told nothing.
 */
static bool audit_is_due(const struct executor *executor, const struct verdict *verdict)
{
	unsigned news = executor->machine.options.world == WORLD_XEN ? NEWS_PER_AUDIT_IN_XEN : 1;

	return verdict->kind == VERDICT_FINDING || executor->recent.news >= news || executor_recent_is_full(executor);
}

/* True when the machine may have been wrong. */
static bool is_doubtful(struct executor *executor, const void *data, size_t size, struct verdict *verdict)
{
	bool due = audit_is_due(executor, verdict);

	if (!executor->machine.pid || (due && executor_audit(executor, NULL)) ||
	    !repeats(executor, data, size, verdict))
		return true;
	if (due) {
		verdict->audited = true;
		novelty_trust(&executor->novelty);
		executor_forget_recent(executor, true);
	}
	return false;
}

int executor_check(struct executor *executor, const void *data, size_t size, struct verdict *verdict)
{
	executor->recent.news += verdict->new_coverage;
	if (!verdict->new_coverage && !audit_is_due(executor, verdict))
		return 0;
	if (!executor->machine.pid && (executor->machine.options.world == WORLD_HOST || executor->recent.count == 1)) {
		/* Died with its finding, as it does; a confirmation runs it alone, or this was it. */
		novelty_trust(&executor->novelty);
		executor_forget_recent(executor, false);
		return 0;
	}
	if (!is_doubtful(executor, data, size, verdict))
		return 0;
	if (executor_replace_machine(executor) || executor_rerun_recent(executor))
		return -1;
	/* The input itself was among them; its verdict comes from a clean machine now. */
	if (!executor_machine_usable(executor) && executor_replace_machine(executor))
		return -1;
	executor_run_once(executor, data, size, verdict);
	verdict->new_coverage = true;
	return 0;
}

int executor_settle(struct executor *executor)
{
	if (!executor->recent.news || !executor->machine.pid)
		return 0;
	if (executor_audit(executor, NULL))
		return executor_replace_machine(executor) || executor_rerun_recent(executor) ? -1 : 0;
	novelty_trust(&executor->novelty);
	executor_forget_recent(executor, true);
	return 0;
}
