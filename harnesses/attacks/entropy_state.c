/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Predicting what the kernel draws: its generator's key and count of blocks are read, and what it gives next is
 * computed. Each block also depends on the cycle counter, of which all values are tried that it may have had, and on a
 * word of the CPU's entropy instruction, where it has one: there nothing is to be tried.
 */
#include "attacks.h"

#include <kernel/chacha20.h>
#include <kernel/linkset.h>
#include <kernel/metrics_abi.h>
#include <kernel/random.h>

extern uint32_t random_key[CHACHA20_KEY_WORDS]; /* kernel/dev/random.c */
LINKSET_DECLARE(metric);

static uint64_t token;

/* As a service gives each session a token. */
static NOINLINE void log_in(void)
{
	random_bytes(&token, sizeof(token));
}

/* And tells the owner of the token what is his. */
static NOINLINE uint64_t ask(uint64_t with)
{
	return with == token ? attack_secret() : 0;
}

static bool benign(const struct attack *attack)
{
	log_in();
	return ask(token) == attack_secret() && !ask(~token);
}

/* The generator counts its blocks in a variable that is a metric. */
static const void *count_of_blocks(void)
{
	LINKSET_FOREACH(metric, const struct metric, metric)
		if (!strcmp((const char *)metric->name, "saki_random_blocks_total"))
			return (const void *)metric->values;
	return NULL;
}

/* What the generator gives first with that key, count of blocks and cycle counter. */
static uint64_t predict(const uint32_t key[CHACHA20_KEY_WORDS], uint64_t blocks, uint64_t cycles)
{
	uint32_t state[CHACHA20_BLOCK_WORDS], block[CHACHA20_BLOCK_WORDS];
	uint64_t first;

	chacha20_init(state, key);
	state[12] = (uint32_t)blocks;
	state[13] = (uint32_t)(blocks >> 32);
	memcpy(state + 14, &cycles, sizeof(cycles));
	chacha20_block(block, state);
	memcpy(&first, block + CHACHA20_KEY_WORDS, sizeof(first));
	return first;
}

static void observe(const struct attack *attack, uintptr_t slide)
{
	uint32_t key[CHACHA20_KEY_WORDS];
	uint64_t word, blocks, before, after, found = 0;
	const void *count = count_of_blocks();

	if (arch_random(&word))
		attack_not_applicable(attack, "the CPU's entropy is in each block that the generator gives");
	if (!count)
		attack_not_applicable(attack, "this kernel has no metrics");
	attack_primitive(attack);
	attack_read(key, attack_linked(random_key) + slide, sizeof(key));
	blocks = attack_read64(attack_linked(count) + slide);
	before = arch_cycles();
	log_in();
	after = arch_cycles();
	for (uint64_t cycles = before; cycles <= after && !found; cycles++)
		found = ask(predict(key, blocks, cycles));
	attack_won(found);
}
ATTACK_BODY(observe)

ATTACK(entropy_state, .family = "randomization", .primitive = ARBITRARY_READ, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "layout", .about = "the generator's state is read, and what it gives next is told", .run = run,
       .benign = benign, .adaptive = adaptive);
