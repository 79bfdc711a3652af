/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Free of what a later allocation has: who freed it first has kept the pointer, and frees once more. The block is then
 * two objects' at once, the second one a message of the attacker's. To the heap the block is one in use: it cannot tell
 * whose. A negative control for what looks for frees of free blocks.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define SPRAY 256

struct user {
	uint64_t uid;
	uint8_t rest[184];
};

static struct user *kept;

/* The mistake: it may be called twice. */
static NOINLINE void log_out(void)
{
	heap_free(attack_opaque(kept));
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
	kept = log_in(1000);
	if (!kept || read_secret(kept))
		return false;
	log_out();
	return true;
}

static void run(const struct attack *attack)
{
	static struct user *users[SPRAY];
	uint64_t found = 0;

	kept = log_in(1000);
	log_out();
	for (int i = 0; i < SPRAY; i++)
		users[i] = log_in(1000);
	attack_primitive(attack);
	log_out();
	for (int i = 0; i < SPRAY; i++)
		if (!heap_zalloc(sizeof(struct user)))
			break;
	for (int i = 0; i < SPRAY && !found; i++)
		found = users[i] ? read_secret(users[i]) : 0;
	attack_won(found);
}

ATTACK(bad_free, .family = "bad free", .primitive = BAD_FREE, .knowledge = BLIND, .stopped_by = "",
       .about = "a second free takes somebody else's block: a negative control", .run = run, .benign = benign);
