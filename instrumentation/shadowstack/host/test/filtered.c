/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions for filter.test, which puts them through the filter: of each kind that it treats differently. The program
 * around them is filter_main.c.
 */
#include <stdint.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

extern volatile long seen;
long quick(long *word, long n);
long early(long *list, long n);
long leaf(long *to, long value);
long walked(long *to, long n);
long jumps(long *to, long n);
long careful(long n);
long fills(long *to, long n);
long recursion(long n);
long many_ways(long n, const char *text);
long variable(long n);
long overwritten(uint64_t *victim, uint64_t with);

NOINLINE static void slow(long *word)
{
	seen += *word;
}

/* Its quick way has no frame. */
long quick(long *word, long n)
{
	if (__atomic_fetch_add(word, n, __ATOMIC_SEQ_CST) != 5)
		return 1;
	slow(word);
	return 2;
}

/* Its quick way writes by a pointer that a loop moves, but later. */
long early(long *list, long n)
{
	if (__atomic_fetch_add(list, n, __ATOMIC_SEQ_CST) != 5)
		return 1;
	while (*++list)
		slow(list);
	return 2;
}

long leaf(long *to, long value)
{
	to[3] = value;
	return value * 2;
}

long fills(long *to, long n)
{
	for (long i = 0; i < n; i++)
		to[i] = i ^ n;
	return n;
}

/* What it writes to lies where a loop has left the pointer. */
long walked(long *to, long n)
{
	while (*to != n)
		to++;
	to[1] = n;
	return n;
}

/* A table of jumps may go round. */
long jumps(long *to, long n)
{
	static const void *const ways[] = { &&more, &&again, &&out, &&less };

again:
	goto *ways[*to & 3];
more:
	to[1] = n;
	to++;
	goto again;
less:
	to[2] = n--;
	to++;
	goto *ways[n & 3];
out:
	return n;
}

NOINLINE static void gives_up(long n)
{
	seen = n;
	for (;;)
		__asm__ volatile("hlt");
}

/* All that it calls never comes back. */
long careful(long n)
{
	if (n > 1000)
		gives_up(n);
	return n + 1;
}

long recursion(long n)
{
	return n < 2 ? n : recursion(n - 1) + recursion(n - 2);
}

long many_ways(long n, const char *text)
{
	switch (n) {
	case 0: slow(&n); return 10;
	case 1: return (long)strlen(text);
	case 2: seen++; return seen > 0;
	case 3: return recursion(7);
	case 4: slow(&n); return text[0] == 'x' ? 20 : 30;
	case 5: return text[1] - text[0];
	default: return -1;
	}
}

/* A frame whose size is not known before. */
long variable(long n)
{
	long room[64], sum = 0;
	char *more = __builtin_alloca((size_t)n * 16);

	memset(more, (int)n, (size_t)n * 16);
	fills(room, n & 63);
	for (long i = 0; i < (n & 63); i++)
		sum += room[i] + more[i];
	return sum;
}

NOINLINE static void write_to(uint64_t *to, uint64_t value)
{
	*to = value;
}

/* victim: NULL: its own return address. */
long overwritten(uint64_t *victim, uint64_t with)
{
	write_to(victim ? victim : (uint64_t *)__builtin_frame_address(0) + 1, with);
	return 7;
}
