/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between key.c, which has the key, and draw.c, which hands out what is made of it.
 */
#pragma once

#include <instrumentation/layout/layout.h>
#include <kernel/chacha20.h>

/* Eight rounds, which nobody can attack, for what is drawn all the time; the usual twenty for keys. */
#define LAYOUT_DOUBLE_ROUNDS CHACHA8_DOUBLE_ROUNDS

/* What chacha_block() makes the n-th block of a region's stream of. */
void layout_state(uint32_t state[CHACHA20_BLOCK_WORDS], enum layout_region region, uint64_t n);
/* Makes another key of the present one and this. */
void layout_key_absorb(const void *secret, size_t size);
