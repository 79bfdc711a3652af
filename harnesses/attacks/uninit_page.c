/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A page that is not cleared: a driver gives programs pages for rings, which somebody has kept keys in before.
 */
#include "attacks.h"

#include <kernel/page.h>

#define PAGES 16
#define WORDS (PAGE_SIZE / sizeof(uint64_t))

static NOINLINE bool use_keys(void)
{
	struct page *pages[PAGES];
	bool right = true;

	for (int i = 0; i < PAGES; i++) {
		pages[i] = page_alloc(0);
		right &= pages[i] != NULL;
		for (size_t j = 0; pages[i] && j < WORDS; j++)
			((uint64_t *)page_virt(pages[i]))[j] = attack_secret();
	}
	for (int i = 0; i < PAGES; i++)
		if (pages[i])
			page_free(pages[i], 0);
	return right;
}

/* The mistake: page_alloc_zeroed() was meant. */
static NOINLINE uint64_t *ring_make(void)
{
	struct page *page = page_alloc(0);

	return page ? page_virt(page) : NULL;
}

static bool benign(const struct attack *attack)
{
	uint64_t *ring = use_keys() ? ring_make() : NULL;

	if (!ring)
		return false;
	ring[0] = 1;
	page_free(page_from_virt(ring), 0);
	return true;
}

static void run(const struct attack *attack)
{
	use_keys();
	attack_primitive(attack);
	/* As many as there are: some are where keys were. */
	for (size_t left = page_free_count(); left; left--) {
		uint64_t *ring = attack_opaque(ring_make());

		if (ring && ring[WORDS - 1] && ring[WORDS - 1] == ring[WORDS - 2])
			attack_won(ring[WORDS - 1]);
	}
}

ATTACK(uninit_page, .family = "uninitialised read", .primitive = UNINITIALISED_READ, .knowledge = BLIND,
       .stopped_by = "init", .about = "a page that a program is given holds what was there before", .run = run,
       .benign = benign);
