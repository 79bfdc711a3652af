/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Use after free, on data: what is written through a pointer that is kept lands in credentials that were allocated
 * since. No pointer is touched, and no code goes where it should not: a negative control.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define USERS 256

struct counter {
	uint64_t unused[3];
	uint64_t hits;
	uint8_t rest[96];
};

struct user {
	uint64_t id;
	char name[16];
	uint64_t uid; /* 0 may read the secret */
	uint8_t rest[96];
};

static struct counter *kept;

/* The mistake: kept stays what it was. */
static NOINLINE bool counter_make_and_free(bool frees)
{
	kept = heap_zalloc(sizeof(*kept));
	if (kept && frees)
		heap_free(kept);
	return kept;
}

static NOINLINE void counter_reset(void)
{
	attack_opaque(kept)->hits = 0;
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
	struct user root = { .uid = 0 }, *user = log_in(1000);
	bool right;

	if (!user || !counter_make_and_free(false))
		return false;
	counter_reset();
	right = read_secret(user) == 0 && read_secret(&root) == attack_secret();
	heap_free(kept);
	heap_free(user);
	return right;
}

static void run(const struct attack *attack)
{
	struct user *users[USERS];
	uint64_t found = 0;

	if (!counter_make_and_free(true))
		attack_failed(attack, "no memory");
	for (int i = 0; i < USERS; i++)
		users[i] = log_in(1000);
	attack_primitive(attack);
	counter_reset();
	for (int i = 0; i < USERS && !found; i++)
		found = users[i] ? read_secret(users[i]) : 0;
	attack_won(found);
}

ATTACK(uaf_credentials, .family = "use after free", .primitive = USE_AFTER_FREE, .knowledge = BLIND, .stopped_by = "",
       .about = "a freed counter is reset, which makes a user root: a negative control", .run = run, .benign = benign);
