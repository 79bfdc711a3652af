/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inputs that were handed over together (fuzz/abi/channel.h, "Batch"): one after the other, with a reset in between.
 */
#include <fuzz/guest/guest_internal.h>
#include <instrumentation/coverage/coverage.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/string.h>

static struct channel_batch *batch; /* exempt memory; never changes after the snapshot */

int batch_init(void)
{
	char word[8];

	if (boot_option("batch", word, sizeof(word)) == -ENOENT)
		return 0;
	batch = snapshot_alloc_exempt(sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	memset(batch, 0, sizeof(*batch));
	channel->batch = arch_virt_to_phys(batch);
	return 0;
}

bool batch_possible(void)
{
	return batch;
}

/* Moves what the counters show behind the hits that there are. False: it does not fit, and is lost. */
static bool take_hits(uint32_t *hit_count)
{
	uint64_t *words = (uint64_t *)coverage_counters();
	size_t count = (channel->counter_count + CHANNEL_HITS_COUNTERS - 1) / CHANNEL_HITS_COUNTERS;
	uint32_t n = *hit_count;

	for (size_t i = 0; i < count; i++) {
		if (likely(!words[i]))
			continue;
		if (n < CHANNEL_BATCH_HITS) {
			batch->hits[n].counters = words[i];
			batch->hits[n].at = (uint32_t)i;
		}
		words[i] = 0;
		n++;
	}
	if (n > CHANNEL_BATCH_HITS)
		return false;
	*hit_count = n;
	return true;
}

static void keep_answer(struct channel_batch_answer *answer, uint32_t hit_count)
{
	answer->results_hash = channel->results_hash;
	answer->virtual_ns = channel->virtual_ns;
	answer->run_result = channel->run_result;
	answer->blocked_calls = channel->blocked_calls;
	answer->canary_reached = channel->canary_reached;
	answer->canary_fired = channel->canary_fired;
	answer->hit_count = hit_count;
}

void batch_run(void (*run)(void))
{
	uint32_t count, hit_count = 0, before;

	batch->done = 0;
	count = min(batch->count, (uint32_t)CHANNEL_BATCH_MAX);
	for (uint32_t i = 0, at = 0; i < count; i++) {
		if (i) {
			snapshot_reset();
			batch->answers[i - 1].dirty_pages = channel->dirty_pages;
		}
		channel->input_at = at;
		channel->input_size = batch->sizes[i];
		run();
		before = hit_count;
		if (!take_hits(&hit_count) || channel->status != STATUS_OK)
			break;
		keep_answer(&batch->answers[i], hit_count - before);
		batch->done = i + 1;
		at += align_up(batch->sizes[i], CHANNEL_BATCH_ALIGN);
	}
	channel->input_at = 0;
}
