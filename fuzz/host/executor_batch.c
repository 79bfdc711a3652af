/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inputs handed over together (fuzz/abi/channel.h, "Batch"). The machine only tells by itself what is dull: an input
 * that does not end well is run once more, alone, as if there were no batches.
 */
#include "executor_internal.h"

#include <stdio.h>
#include <string.h>

struct told {
	executor_told_t *fn;
	void *context;
};

static size_t align_up(size_t n)
{
	return (n + CHANNEL_BATCH_ALIGN - 1) / CHANNEL_BATCH_ALIGN * CHANNEL_BATCH_ALIGN;
}

static size_t cut(const struct executor *executor, size_t size)
{
	return size < executor->machine.view.max_size ? size : executor->machine.view.max_size;
}

/* Writes as many as fit into the channel. */
static unsigned put(struct executor *executor, const struct executor_input *inputs, size_t count)
{
	struct channel_batch *batch = executor->machine.view.batch;
	size_t at = 0;
	unsigned n;

	for (n = 0; n < count && n < CHANNEL_BATCH_MAX; n++) {
		size_t size = cut(executor, inputs[n].size);

		if (at + size > CHANNEL_INPUT_MAX)
			break;
		memcpy(executor->machine.channel->input + at, inputs[n].data, size);
		batch->sizes[n] = (uint32_t)size;
		batch->answers[n].dirty_pages = 0;
		at += align_up(size);
	}
	batch->count = n;
	return n;
}

/* Returns how many are done. */
static unsigned hand_over(struct executor *executor, unsigned count)
{
	struct machine *machine = &executor->machine;
	struct channel *channel = machine->channel;
	unsigned done, run;

	memset(machine->view.counters, 0, machine->view.counter_count);
	channel->request = REQUEST_BATCH;
	channel->compare_on = channel->profile_on = 0;
	channel->deadline_ns = machine->options.world == WORLD_HOST ? 0 : executor->options.timeout_ns;
	machine->view.batch->done = 0;
	machine_request(machine);
	executor->resetting = true;
	executor->nothing_ran = false;
	if (executor_wait_done(executor, count) != MACHINE_ANSWERED)
		executor_machine_end(executor);
	done = executor_at_most(__atomic_load_n(&machine->view.batch->done, __ATOMIC_RELAXED), count);
	executor->stats.execs += done;
	/* Of all that ran: the reset after the last is none of the batch's. */
	run = done < count ? done + 1 : done;
	for (unsigned i = 0; i + 1 < run; i++) {
		executor->stats.resets++;
		executor->stats.dirty_pages += machine->view.batch->answers[i].dirty_pages;
	}
	return done;
}

/* In the host world a crash is the end of the process: what went before it cannot be audited, as ever there. */
static bool has_ended(const struct executor *executor)
{
	const struct machine *machine = &executor->machine;

	return machine->options.world == WORLD_HOST && (!machine->pid || machine->channel->status == STATUS_CRASH);
}

static void read_answer(const struct channel_batch_answer *answer, struct verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->kind = VERDICT_OK;
	verdict->results_hash = answer->results_hash;
	verdict->virtual_ns = answer->virtual_ns;
	verdict->run_result = answer->run_result;
	verdict->blocked_calls = answer->blocked_calls;
	verdict->canary_reached = answer->canary_reached;
	verdict->canary_fired = answer->canary_fired;
}

static void tell(const struct executor *executor, unsigned done, const struct told *told, size_t first)
{
	const struct channel_batch *batch = executor->machine.view.batch;
	static struct verdict verdict;
	uint32_t at = 0, hits;

	for (unsigned i = 0; i < done; i++) {
		read_answer(&batch->answers[i], &verdict);
		hits = executor_at_most(__atomic_load_n(&batch->answers[i].hit_count, __ATOMIC_RELAXED),
					CHANNEL_BATCH_HITS - at);
		told->fn(told->context, first + i, &verdict, batch->hits + at, hits);
		at += hits;
	}
}

static int run_alone(struct executor *executor, const struct executor_input *input, const struct told *told,
		     size_t index)
{
	static struct verdict verdict;

	if (executor_run(executor, input->data, input->size, &verdict))
		return -1;
	told->fn(told->context, index, &verdict, NULL, 0);
	return 0;
}

/* Returns how many are done, or -1. */
static int run_some(struct executor *executor, const struct executor_input *inputs, size_t count,
		    const struct told *told, size_t first)
{
	static struct verdict verdict;
	unsigned n, done;

	if (executor_make_usable(executor))
		return -1;
	if (!executor->machine.view.batch) {
		snprintf(executor->error, sizeof(executor->error), "the machine takes no inputs at once");
		return -1;
	}
	n = put(executor, inputs, count);
	done = hand_over(executor, n);
	for (unsigned i = 0; i < done; i++)
		executor_remember(executor, inputs[i].data, cut(executor, inputs[i].size));
	tell(executor, done, told, first);
	memset(&verdict, 0, sizeof(verdict));
	if (done < n && has_ended(executor)) {
		executor_machine_end(executor);
		executor_forget_recent(executor, false);
	} else if (done &&
		   executor_check(executor, inputs[done - 1].data, cut(executor, inputs[done - 1].size), &verdict)) {
		return -1;
	}
	if (done == n)
		return (int)done;
	return run_alone(executor, &inputs[done], told, first + done) ? -1 : (int)done + 1;
}

int executor_run_batch(struct executor *executor, const struct executor_input *inputs, size_t count,
		       executor_told_t *fn, void *context)
{
	struct told told = { fn, context };
	int n;

	for (size_t i = 0; i < count; i += (size_t)n) {
		n = run_some(executor, inputs + i, count - i, &told, i);
		if (n < 0)
			return -1;
	}
	return 0;
}
