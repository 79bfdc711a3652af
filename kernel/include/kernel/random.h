/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entropy: one ChaCha20 generator, keyed at boot from the CPU's entropy instructions, or from the jitter of the cycle
 * counter where it has none; again from the CPU each minute, and from a virtio entropy device whenever it gives some.
 * It forgets what it gave: each request leaves with a new key. A copy of the machine (kernel/suspend.h) has a key of
 * its own before anybody in it can ask. One of the two doors through which nondeterminism enters.
 */
#pragma once

#include <kernel/types.h>

/* Any context. */
void random_bytes(void *buf, size_t len);
/* Harness mode: from now on the bytes depend on this seed and on what was asked for since, and on nothing else. */
void random_seed_fixed(uint64_t seed);
/* Mixes something unpredictable in; does nothing after random_seed_fixed(). */
void random_mix(const void *data, size_t len);
/* The same from a source made for it: of RANDOM_SEED_MIN bytes or more the generator counts as seeded. Any context. */
void random_seed(const void *data, size_t len);
#define RANDOM_SEED_MIN 32
/* The bytes are fixed. */
bool random_is_fixed(void);
/* Something better than the clock has gone in; or the bytes are fixed. */
bool random_is_seeded(void);
