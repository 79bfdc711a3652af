/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between key.c, which has the key, and draw.c, which hands out what is made of it.
 */
#pragma once

#include <instrumentation/layout/layout.h>
#include <kernel/chacha20.h>

/* The n-th block of a region's stream. */
void layout_block(uint32_t out[CHACHA20_BLOCK_WORDS], enum layout_region region, uint64_t n);
/* Makes another key of the present one and this. */
void layout_key_absorb(const void *secret, size_t size);
