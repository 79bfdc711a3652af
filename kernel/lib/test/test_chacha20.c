/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The test vectors of RFC 8439 for the block function: section 2.3.2 and appendix A.1.
 */
#include <kernel/chacha20.h>
#include <kernel/string.h>
#include <kernel/test.h>

/* A key that is all zeros but for one byte; no nonce. */
static void block(uint32_t out[CHACHA20_BLOCK_WORDS], unsigned key_at, uint8_t key_byte, uint32_t counter)
{
	uint32_t key[CHACHA20_KEY_WORDS] = { 0 }, state[CHACHA20_BLOCK_WORDS];

	((uint8_t *)key)[key_at] = key_byte;
	chacha20_init(state, key);
	state[12] = counter;
	chacha20_block(out, state);
}

/* The first and the last word of a block. */
#define CHECK_BLOCK(first, last, ...)                                                                                  \
	do {                                                                                                           \
		uint32_t out[CHACHA20_BLOCK_WORDS];                                                                    \
		block(out, __VA_ARGS__);                                                                               \
		CHECK_EQ(out[0], first);                                                                               \
		CHECK_EQ(out[15], last);                                                                               \
	} while (0)

TEST(chacha20_section_2_3_2)
{
	static const uint8_t expected[CHACHA20_BLOCK_SIZE] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
		0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e,
		0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2,
		0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	uint32_t key[CHACHA20_KEY_WORDS], state[CHACHA20_BLOCK_WORDS], out[CHACHA20_BLOCK_WORDS];

	for (unsigned i = 0; i < sizeof(key); i++)
		((uint8_t *)key)[i] = (uint8_t)i;
	chacha20_init(state, key);
	state[12] = 1;
	state[13] = 0x09000000;
	state[14] = 0x4a000000;
	state[15] = 0;
	chacha20_block(out, state);
	CHECK(memcmp(out, expected, sizeof(expected)) == 0);
}

TEST(chacha20_appendix_a_1)
{
	CHECK_BLOCK(0xade0b876, 0x8665eeb2, 0, 0, 0);
	CHECK_BLOCK(0xbee7079f, 0x6f4d794b, 0, 0, 1);
	CHECK_BLOCK(0x2452eb3a, 0xa0136c00, 31, 1, 1);
	CHECK_BLOCK(0xfb4dd572, 0x96f0992e, 1, 0xff, 2);
}
