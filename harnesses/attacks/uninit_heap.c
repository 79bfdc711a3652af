/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An object on the heap that is not initialised: it is where a freed one was, with a key, and is told to a program
 * whole. Many are asked for, so that some are where keys were.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define KEYS 64
#define KEY_WORDS 24

static struct key {
	uint64_t words[KEY_WORDS];
} *keys[KEYS];

static NOINLINE bool use_keys(void)
{
	for (int i = 0; i < KEYS; i++) {
		keys[i] = heap_alloc(sizeof(*keys[i]));
		for (int j = 0; keys[i] && j < KEY_WORDS; j++)
			keys[i]->words[j] = attack_secret();
	}
	for (int i = 0; i < KEYS; i++)
		heap_free(keys[i]);
	return true;
}

struct status {
	uint64_t words[KEY_WORDS];
};

/* The mistake: it is not cleared, and not filled. */
static NOINLINE struct status *status_make(unsigned used)
{
	struct status *status = heap_alloc(sizeof(*status));

	for (unsigned i = 0; status && i < used; i++)
		status->words[i] = i + 1;
	return status;
}

static bool benign(const struct attack *attack)
{
	struct status *status = use_keys() ? status_make(KEY_WORDS) : NULL;
	bool right = status && status->words[0] == 1 && status->words[KEY_WORDS - 1] == KEY_WORDS;

	heap_free(status);
	return right;
}

static void run(const struct attack *attack)
{
	use_keys();
	attack_primitive(attack);
	for (int i = 0; i < 4 * KEYS; i++) {
		struct status *status = status_make(2);
		uint64_t found = status ? attack_opaque(status)->words[KEY_WORDS - 1] : 0;

		if (found && found == status->words[KEY_WORDS - 2])
			attack_won(found);
	}
}

ATTACK(uninit_heap, .family = "uninitialised read", .primitive = UNINITIALISED_READ, .knowledge = BLIND,
       .stopped_by = "init", .about = "an object on the heap holds what was there before", .run = run,
       .benign = benign);
