/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random bytes: ChaCha20 (RFC 8439, 2.3) in counter mode. After each request the key is replaced by output that nobody has
 * seen, so that a later look at memory does not tell earlier bytes.
 */
#include <arch/arch.h>
#include <kernel/clock.h>
#include <kernel/entropy.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>

#define KEY_WORDS 8
#define BLOCK_SIZE 64

static struct spinlock lock = SPINLOCK_INIT;
static uint32_t key[KEY_WORDS];
static bool seeded, fixed;

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static void quarter_round(uint32_t s[16], unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

static void block(uint64_t counter, uint8_t out[BLOCK_SIZE])
{
	static const uint32_t constants[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t start[16] = { 0 }, s[16];

	memcpy(start, constants, sizeof(constants));
	memcpy(start + 4, key, sizeof(key));
	start[12] = (uint32_t)counter;
	start[13] = (uint32_t)(counter >> 32);
	memcpy(s, start, sizeof(s));
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 4; i++)
			quarter_round(s, i, 4 + i, 8 + i, 12 + i);
		for (unsigned i = 0; i < 4; i++)
			quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
	}
	for (unsigned i = 0; i < 16; i++)
		s[i] += start[i];
	memcpy(out, s, BLOCK_SIZE);
}

/* Folds a word into the key, at a place that depends on n. */
static void mix(unsigned n, uint64_t word)
{
	key[n % KEY_WORDS] ^= (uint32_t)word;
	key[(n + 1) % KEY_WORDS] += (uint32_t)(word >> 32);
}

/* The key becomes output of the generator: what was mixed in spreads over all of it. */
static void stir(void)
{
	uint8_t out[BLOCK_SIZE];

	block(UINT64_MAX, out);
	memcpy(key, out, sizeof(key));
}

static void seed(void)
{
	uint64_t word;

	for (unsigned i = 0; i < KEY_WORDS; i++) {
		if (arch_random(&word))
			mix(i, word);
		mix(i, arch_cycles());
		mix(i + 1, clock_realtime_ns());
	}
	stir();
	seeded = true;
}

void entropy_bytes(void *buf, size_t len)
{
	unsigned long flags = spin_lock(&lock);
	uint8_t out[BLOCK_SIZE], *to = buf;
	uint64_t counter = 0;

	if (!seeded)
		seed();
	while (len) {
		size_t n = min(len, (size_t)BLOCK_SIZE);

		block(counter++, out);
		memcpy(to, out, n);
		to += n;
		len -= n;
	}
	stir();
	spin_unlock(&lock, flags);
}

void entropy_fix(uint64_t seed_word)
{
	unsigned long flags = spin_lock(&lock);

	memset(key, 0, sizeof(key));
	mix(0, seed_word);
	stir();
	seeded = fixed = true;
	spin_unlock(&lock, flags);
}

void entropy_add(const void *buf, size_t len)
{
	unsigned long flags = spin_lock(&lock);
	const uint8_t *bytes = buf;

	if (!seeded)
		seed();
	for (size_t i = 0; i < len && !fixed; i++)
		mix((unsigned)i / 4, (uint64_t)bytes[i] << (i % 4 * 8));
	if (!fixed)
		stir();
	spin_unlock(&lock, flags);
}
