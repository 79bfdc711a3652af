/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spends known shares of its CPU time in three call chains: 70 % in a function of its own, 20 % in a shared library
 * (spin.c), 10 % in the kernel. Usage: shares SECONDS. What a profiler says of it can be judged: each chain is run for
 * slices, always the one that is furthest behind, and the shares by the clock are printed at the end, in permille.
 */
#include "spin.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NS 2000000
#define CHUNK 65536
#define CALLS 16	/* between two looks at the clock, which would be a fifth of the time on Xen */

static volatile uint64_t sink;
static int zero;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

__attribute__((noinline)) void own_inner(unsigned rounds)
{
	uint64_t x = sink;

	for (unsigned i = 0; i < rounds; i++)
		x = x * 6364136223846793005 + 1442695040888963407;
	sink = x;
}

__attribute__((noinline)) void own_outer(void)
{
	own_inner(20000);
	sink++;
}

__attribute__((noinline)) void library_outer(void)
{
	sink += spin_library(20000);
}

__attribute__((noinline)) void kernel_outer(void)
{
	static char buffer[CHUNK];

	if (read(zero, buffer, sizeof(buffer)) != sizeof(buffer))
		exit(1);
	sink++;
}

int main(int argc, char **argv)
{
	static void (*const chains[])(void) = { own_outer, library_outer, kernel_outer };
	static const unsigned wanted[] = { 700, 200, 100 };
	uint64_t spent[3] = { 0 }, all = 0, seconds = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;

	zero = open("/dev/zero", O_RDONLY);
	if (zero < 0)
		return 1;
	start = now();
	while (now() - start < seconds * 1000000000) {
		unsigned next = 0;
		uint64_t begin = now(), passed;

		for (unsigned i = 1; i < 3; i++)
			if (spent[i] * wanted[next] < spent[next] * wanted[i])
				next = i;
		do {
			for (unsigned i = 0; i < CALLS; i++)
				chains[next]();
			passed = now() - begin;
		} while (passed < SLICE_NS);
		spent[next] += passed;
		all += passed;
	}
	for (unsigned i = 0; i < 3; i++)
		printf("%llu%c", (unsigned long long)(spent[i] * 1000 / all), i < 2 ? ' ' : '\n');
	return 0;
}
