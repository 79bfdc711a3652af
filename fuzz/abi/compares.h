/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recent comparisons of the kernel, for mutators: a file that the engine's runner writes and the mutator maps (it may
 * live in another process: afl-fuzz). Environment variable SAKI_COMPARES names it. One writer; readers may see an entry
 * being written, and must take any content.
 */
#pragma once

#include <fuzz/abi/channel.h>

#define COMPARES_MAX 4096	/* a power of two */

struct compares {
	uint32_t count;		/* entries ever written; the last COMPARES_MAX are kept, entry n at n % COMPARES_MAX */
	uint32_t reserved;
	struct channel_compare entries[COMPARES_MAX];
};
