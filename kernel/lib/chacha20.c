/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See kernel/chacha20.h.
 */
#include <kernel/chacha20.h>

#include <kernel/string.h>

void chacha20_init(uint32_t state[CHACHA20_BLOCK_WORDS], const uint32_t key[CHACHA20_KEY_WORDS])
{
	static const uint32_t constants[] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(state, constants, sizeof(constants));
	memcpy(state + 4, key, CHACHA20_KEY_WORDS * sizeof(*key));
	memset(state + 12, 0, 4 * sizeof(*state));
}

void chacha_block(uint32_t out[CHACHA20_BLOCK_WORDS], const uint32_t state[CHACHA20_BLOCK_WORDS], int double_rounds)
{
	memcpy(out, state, CHACHA20_BLOCK_SIZE);
	for (int i = 0; i < double_rounds; i++) {
		for (int j = 0; j < 4; j++)
			chacha20_quarter(&out[j], &out[4 + j], &out[8 + j], &out[12 + j]);
		for (int j = 0; j < 4; j++)
			chacha20_quarter(&out[j], &out[4 + (j + 1) % 4], &out[8 + (j + 2) % 4], &out[12 + (j + 3) % 4]);
	}
	for (int i = 0; i < CHACHA20_BLOCK_WORDS; i++)
		out[i] += state[i];
}
