/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chance, and numbers that are worth trying.
 */
#include <fuzz/host/mutate_internal.h>

/* splitmix64 */
uint64_t random_next(struct mutator *m)
{
	uint64_t z = m->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t random_below(struct mutator *m, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)random_next(m) * n) >> 64);
}

bool random_chance(struct mutator *m, unsigned percent)
{
	return random_below(m, 100) < percent;
}

bool random_compare(struct mutator *m, struct channel_compare *compare)
{
	uint32_t count = m->compares ? *(const volatile uint32_t *)&m->compares->count : 0;

	if (!count)
		return false;
	*compare = m->compares->entries[random_below(m, count < COMPARES_MAX ? count : COMPARES_MAX)];
	return true;
}

static uint64_t random_address(struct mutator *m)
{
	static const uint64_t bases[] = { PROGRAM_ARENA,     PROGRAM_ARENA + PROGRAM_ARENA_SIZE,
					  0x10000,           0x30000000,
					  0x7ffffffff000,    0xffffffff80000000,
					  0x8000000000000000 };

	return bases[random_below(m, sizeof(bases) / sizeof(bases[0]))] + (random_below(m, 9) - 4) * 4096 +
	       (random_chance(m, 20) ? random_below(m, 16) : 0);
}

uint64_t random_number(struct mutator *m)
{
	struct channel_compare compare;

	switch (random_below(m, 8)) {
	case 0:
	case 1: return random_below(m, 17);
	case 2: return program_boundaries[random_below(m, 32)] + random_below(m, 3) - 1;
	case 3: return (UINT64_C(1) << random_below(m, 64)) + random_below(m, 3) - 1;
	case 4: return -random_below(m, 130);
	case 5: return random_address(m);
	case 6:
		if (random_compare(m, &compare))
			return random_chance(m, 50) ? compare.a : compare.b;
		return random_below(m, 256);
	default: return random_next(m) >> random_below(m, 64);
	}
}

uint8_t *pool_take(struct mutator *m, size_t len)
{
	uint8_t *room = m->pool + m->pool_used;

	if (len > MUTATE_POOL - m->pool_used)
		return NULL;
	m->pool_used += len;
	return room;
}
