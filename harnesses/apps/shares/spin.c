/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of shares.c that is in a shared library.
 */
#include "spin.h"

__attribute__((noinline)) unsigned long spin_inner(unsigned rounds)
{
	unsigned long x = rounds;

	for (unsigned i = 0; i < rounds; i++)
		x = x * 3935559000370003845 + 2691343689449507681;
	return x;
}

unsigned long spin_library(unsigned rounds)
{
	return spin_inner(rounds) + 1;
}
