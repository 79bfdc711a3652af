/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's end of the channel (fuzz/abi/channel.h): makes it, shows it to the host, waits for requests. It lies
 * outside the snapshot; nothing in it is trusted by the host.
 */
#include <fuzz/guest/guest_internal.h>
#include <instrumentation/coverage/coverage.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <plat/plat.h>

#define SPINS_BEFORE_WAIT 20000

struct channel *channel;

static void fill_coverage(void)
{
	size_t source_size;
	void *source = coverage_source_counters(&source_size);

	channel->source_counters = source_size ? arch_virt_to_phys(source) : 0;
	channel->source_size = source_size;
	channel->counter_count = (uint32_t)coverage_counter_count();
	if (!channel->counter_count)
		return;
	channel->counters = arch_virt_to_phys(coverage_counters());
	channel->pcs = arch_virt_to_phys(coverage_pcs());
}

int channel_create(const struct harness *harness)
{
	channel = snapshot_alloc_exempt(sizeof(*channel));
	if (!channel)
		return -ENOMEM;
	memset(channel, 0, sizeof(*channel));
	channel->magic = CHANNEL_MAGIC;
	channel->version = CHANNEL_VERSION;
	channel->size = sizeof(*channel);
	channel->frame_limit = page_frame_limit();
	channel->max_size = min(harness->max_size, (size_t)CHANNEL_INPUT_MAX);
	format(channel->harness, sizeof(channel->harness), "%s", harness->name);
	fill_coverage();
	return 0;
}

void channel_publish(enum channel_state state)
{
	struct channel_beacon *beacon = arch_phys_to_virt(CHANNEL_BEACON);

	atomic_store(&channel->state, (uint32_t)state);
	beacon->channel = arch_virt_to_phys(channel);
	atomic_store(&beacon->magic, CHANNEL_MAGIC);
}

uint32_t channel_wait(uint32_t last_seq)
{
	/* A runner that cannot be woken may need this CPU. */
	unsigned spins = plat->word_wake ? 0 : SPINS_BEFORE_WAIT;
	uint32_t seq;

	while ((seq = atomic_load(&channel->request_seq)) == last_seq) {
		/* An emulator would leave its loop of translated code for arch_relax(), to give other CPUs a turn. */
		if (!plat->word_wait)
			continue;
		if (++spins < SPINS_BEFORE_WAIT) {
			arch_relax();
			continue;
		}
		atomic_store(&channel->guest_sleeps, 1);
		memory_barrier();
		plat->word_wait(&channel->request_seq, last_seq,
				spins - SPINS_BEFORE_WAIT + (channel->crowded ? PLAT_WAITS_BEFORE_SLEEP : 0));
		atomic_store(&channel->guest_sleeps, 0);
	}
	return seq;
}

void channel_signal(uint32_t *word, uint32_t seq)
{
	atomic_store(word, seq);
	if (!plat->word_wake)
		return;
	memory_barrier();
	if (atomic_load_relaxed(&channel->host_sleeps))
		plat->word_wake(word);
}

void channel_console(const char *text, size_t len)
{
	size_t at = channel->console_len;

	if (at < CHANNEL_CONSOLE)
		memcpy(channel->console + at, text, min(len, CHANNEL_CONSOLE - at));
	channel->console_len += (uint32_t)len;
}

/* Lines that do not fit are left out, not cut. */
void channel_event(const char *line, size_t len)
{
	if (len > CHANNEL_EVENTS - channel->events_len)
		return;
	memcpy(channel->events + channel->events_len, line, len);
	channel->events_len += (uint32_t)len;
}
