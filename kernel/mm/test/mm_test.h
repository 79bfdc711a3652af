/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the memory tests share: repeatable random numbers.
 */
#pragma once

#include <kernel/test.h>

/* The next number of a repeatable sequence (xorshift64); *state starts with anything but 0. */
static inline uint64_t test_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
