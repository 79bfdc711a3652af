/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See kernel/chacha20.h.
 */
#include <kernel/chacha20.h>

#include <kernel/string.h>

#define DOUBLE_ROUNDS 10

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
	chacha_double_rounds(out, DOUBLE_ROUNDS);
	for (int i = 0; i < CHACHA20_BLOCK_WORDS; i++)
		out[i] += state[i];
}
