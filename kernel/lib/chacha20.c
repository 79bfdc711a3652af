/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See kernel/chacha20.h.
 */
#include <kernel/chacha20.h>

#include <kernel/string.h>

#define DOUBLE_ROUNDS 10

static inline uint32_t rotate(uint32_t x, unsigned n)
{
	return (x << n) | (x >> (32 - n));
}

/* 2.1 */
static inline void quarter_round(uint32_t s[CHACHA20_BLOCK_WORDS], unsigned a, unsigned b, unsigned c, unsigned d)
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

void chacha20_init(uint32_t state[CHACHA20_BLOCK_WORDS], const uint32_t key[CHACHA20_KEY_WORDS])
{
	static const uint32_t constants[] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(state, constants, sizeof(constants));
	memcpy(state + 4, key, CHACHA20_KEY_WORDS * sizeof(*key));
	memset(state + 12, 0, 4 * sizeof(*state));
}

void chacha20_block(uint32_t out[CHACHA20_BLOCK_WORDS], const uint32_t state[CHACHA20_BLOCK_WORDS])
{
	memcpy(out, state, CHACHA20_BLOCK_SIZE);
	for (int i = 0; i < DOUBLE_ROUNDS; i++) {
		quarter_round(out, 0, 4, 8, 12);
		quarter_round(out, 1, 5, 9, 13);
		quarter_round(out, 2, 6, 10, 14);
		quarter_round(out, 3, 7, 11, 15);
		quarter_round(out, 0, 5, 10, 15);
		quarter_round(out, 1, 6, 11, 12);
		quarter_round(out, 2, 7, 8, 13);
		quarter_round(out, 3, 4, 9, 14);
	}
	for (int i = 0; i < CHACHA20_BLOCK_WORDS; i++)
		out[i] += state[i];
}
