/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ChaCha20 block function: RFC 8439, section 2.3.
 */
#pragma once

#include <kernel/compiler.h>

#define CHACHA20_KEY_WORDS 8
#define CHACHA20_BLOCK_WORDS 16
#define CHACHA20_BLOCK_SIZE (CHACHA20_BLOCK_WORDS * 4)
#define CHACHA20_DOUBLE_ROUNDS 10
#define CHACHA8_DOUBLE_ROUNDS 4

/* The state of 2.3: constants, key, block counter (word 12) and nonce (words 13 to 15). */
void chacha20_init(uint32_t state[CHACHA20_BLOCK_WORDS], const uint32_t key[CHACHA20_KEY_WORDS]);
/* One block of key stream, as words, of so many double rounds. The counter is the caller's to advance. */
void chacha_block(uint32_t out[CHACHA20_BLOCK_WORDS], const uint32_t state[CHACHA20_BLOCK_WORDS], int double_rounds);

static inline void chacha20_block(uint32_t out[CHACHA20_BLOCK_WORDS], const uint32_t state[CHACHA20_BLOCK_WORDS])
{
	chacha_block(out, state, CHACHA20_DOUBLE_ROUNDS);
}

/* ---- inline, for code that runs where nothing may be called ---- */

static ALWAYS_INLINE uint32_t chacha20_rotate(uint32_t x, unsigned n)
{
	return (x << n) | (x >> (32 - n));
}

/* 2.1 */
static ALWAYS_INLINE void chacha20_quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = chacha20_rotate(*d ^ *a, 16);
	*c += *d;
	*b = chacha20_rotate(*b ^ *c, 12);
	*a += *b;
	*d = chacha20_rotate(*d ^ *a, 8);
	*c += *d;
	*b = chacha20_rotate(*b ^ *c, 7);
}
