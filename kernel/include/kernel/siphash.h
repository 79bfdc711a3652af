/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of few bytes, which nobody without the key can tell.
 */
#pragma once

#include <kernel/types.h>

/* Of whole words, little-endian. */
uint64_t siphash(const uint64_t key[2], const uint64_t *words, size_t count);
