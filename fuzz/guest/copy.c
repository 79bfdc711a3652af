/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copying pages for the snapshot. A loop of 64-bit moves: it is the fastest under TCG, where string instructions are
 * slow, and compilers turn it into vectors where they may. It must not become a call of memcpy, which sanitizers check.
 */
#include <fuzz/guest/guest_internal.h>

#define UNROLL 16

__attribute__((no_builtin)) void copy_page(void *dst, const void *src)
{
	uint64_t *to = __builtin_assume_aligned(dst, 64);
	const uint64_t *from = __builtin_assume_aligned(src, 64);

	for (size_t i = 0; i < PAGE_SIZE / sizeof(*to); i += UNROLL) {
		for (size_t j = 0; j < UNROLL; j++)
			to[i + j] = from[i + j];
	}
}
