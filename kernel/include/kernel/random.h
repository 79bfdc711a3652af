/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entropy: one ChaCha20 generator, keyed at boot from the CPU's entropy instruction and the jitter of the cycle
 * counter. It forgets what it gave: each request leaves with a new key. One of the two doors through which
 * nondeterminism enters.
 */
#pragma once

#include <kernel/types.h>

/* Any context. */
void random_bytes(void *buf, size_t len);
/* Harness mode: from now on the bytes depend on this seed and on what was asked for since, and on nothing else. */
void random_seed_fixed(uint64_t seed);
/* Mixes something unpredictable in; does nothing after random_seed_fixed(). */
void random_mix(const void *data, size_t len);
