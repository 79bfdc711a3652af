/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a comparison takes: it stops at the first digit that differs, and each digit costs a hash. The cycle counter
 * tells a program how many were looked at. A negative control.
 */
#include "attacks.h"

#include <kernel/siphash.h>
#include <kernel/string.h>

#define DIGITS 16
#define VALUES 16	/* of a digit */
#define ROUNDS_AT_LEAST 4
#define ROUNDS_AT_MOST 32

static uint64_t blinded(uint64_t digit, uint64_t position)
{
	const uint64_t key[2] = { position, 0x5a };
	uint64_t words[24] = { digit };

	return siphash(key, words, array_size(words));
}

/* The mistake: it stops early. */
static NOINLINE bool check(uint64_t password)
{
	uint64_t right = attack_secret();

	for (unsigned i = 0; i < DIGITS; i++)
		if (blinded(password >> 4 * i & 15, i) != blinded(right >> 4 * i & 15, i))
			return false;
	return true;
}

static bool benign(const struct attack *attack)
{
	return check(attack_secret()) && !check(~attack_secret());
}

static NOINLINE uint64_t time_of(uint64_t password)
{
	unsigned long irq = arch_irq_save();
	uint64_t start = arch_cycles();
	uint64_t taken;

	check(password);
	taken = arch_cycles() - start;
	arch_irq_restore(irq);
	return taken;
}

/* The one that takes longest, if by twice as much as all others differ. */
static bool one_stands_out(const uint64_t *times, uint64_t *longest)
{
	uint64_t second = 0, least = UINT64_MAX;

	*longest = 0;
	for (uint64_t i = 1; i < VALUES; i++)
		if (times[i] > times[*longest])
			*longest = i;
	for (uint64_t i = 0; i < VALUES; i++) {
		least = min(least, times[i]);
		if (i != *longest)
			second = max(second, times[i]);
	}
	return times[*longest] - second > 2 * (second - least);
}

/*
 * Of all values of a digit the one with which the comparison goes on: it takes longest. Each one's least time counts,
 * as nothing makes it take less, and they take turns, as the machine is slow for a while at times.
 */
static uint64_t best_digit(uint64_t known, unsigned position)
{
	uint64_t least[VALUES], best = 0;

	memset(least, 0xff, sizeof(least));
	for (int round = 1; round <= ROUNDS_AT_MOST; round++) {
		for (uint64_t digit = 0; digit < VALUES; digit++)
			least[digit] = min(least[digit], time_of(known | digit << 4 * position));
		if (one_stands_out(least, &best) && round >= ROUNDS_AT_LEAST)
			break;
	}
	return best;
}

/* The last digit cannot be told by time, but by what the check says. A wrong turn is taken back by starting again. */
static void run(const struct attack *attack)
{
	attack_primitive(attack);
	for (int attempt = 0; attempt < 20; attempt++) {
		uint64_t known = 0;

		for (unsigned i = 0; i + 1 < DIGITS; i++)
			known |= best_digit(known, i) << 4 * i;
		for (uint64_t digit = 0; digit < VALUES; digit++)
			if (check(known | digit << 60))
				attack_won(known | digit << 60);
	}
	attack_failed(attack, "the times have not told");
}

/* Twice: where the host's other work makes all times unequal for a second, none of them tells. */
ATTACK(timing, .family = "side channel", .primitive = HOSTILE_PROGRAM, .knowledge = BLIND, .tries = 2, .stopped_by = "",
       .about = "the time of a comparison tells how far it came: a negative control", .run = run, .benign = benign);
