/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gaps between the members of a structure: all members are set, and the whole is told to a program; what lies
 * between them is of an object that was there before.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define OBJECTS 64

struct statistics {
	uint32_t kind; /* and four bytes that are nobody's */
	uint64_t count;
	uint32_t flags; /* and four more */
	uint64_t total;
	uint8_t rest[112];
};

struct key {
	uint32_t words[36];
};

static NOINLINE void use_keys(void)
{
	static struct key *keys[OBJECTS];
	uint64_t secret = attack_secret();

	for (int i = 0; i < OBJECTS; i++) {
		keys[i] = heap_alloc(sizeof(*keys[i]));
		for (int j = 0; keys[i] && j < 36; j++)
			keys[i]->words[j] = (uint32_t)(j & 4 ? secret >> 32 : secret);
	}
	for (int i = 0; i < OBJECTS; i++)
		heap_free(keys[i]);
}

/* The mistake: members are not all there is. */
static NOINLINE struct statistics *statistics_make(void)
{
	struct statistics *s = heap_alloc(sizeof(*s));

	if (!s)
		return NULL;
	s->kind = 1;
	s->count = 2;
	s->flags = 3;
	s->total = 4;
	memset(s->rest, 0, sizeof(s->rest));
	return s;
}

static bool benign(const struct attack *attack)
{
	struct statistics *s = statistics_make();
	bool right = s && s->kind == 1 && s->count == 2 && s->flags == 3 && s->total == 4;

	heap_free(s);
	return right;
}

static void run(const struct attack *attack)
{
	use_keys();
	attack_primitive(attack);
	for (int i = 0; i < 4 * OBJECTS; i++) {
		struct statistics *s = statistics_make();
		const uint32_t *words = attack_opaque((const uint32_t *)s);
		uint64_t found = s ? words[1] | (uint64_t)words[5] << 32 : 0; /* of keys, a half each */

		if (found)
			attack_won(found);
	}
}

ATTACK(padding, .family = "uninitialised read", .primitive = UNINITIALISED_READ, .knowledge = BLIND,
       .stopped_by = "init", .about = "gaps of a structure hold what was there before", .run = run, .benign = benign);
