/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ChaCha20 block function: RFC 8439, section 2.3.
 */
#pragma once

#include <kernel/types.h>

#define CHACHA20_KEY_WORDS 8
#define CHACHA20_BLOCK_WORDS 16
#define CHACHA20_BLOCK_SIZE (CHACHA20_BLOCK_WORDS * 4)

/* The state of 2.3: constants, key, block counter (word 12) and nonce (words 13 to 15). */
void chacha20_init(uint32_t state[CHACHA20_BLOCK_WORDS], const uint32_t key[CHACHA20_KEY_WORDS]);
/* One block of key stream, as words. The counter is the caller's to advance. */
void chacha20_block(uint32_t out[CHACHA20_BLOCK_WORDS], const uint32_t state[CHACHA20_BLOCK_WORDS]);
