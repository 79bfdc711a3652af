/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One byte too many: the NUL of a string that just fits is the lowest byte of the next object's user number. Many
 * pairs are made, so that some string lies before some object.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define SIZE 256
#define PAIRS 64
#define UID 200 /* it is all in the lowest byte */

struct user {
	uint64_t uid;
	uint8_t rest[SIZE - 8];
};

/* The mistake: the NUL is not counted. */
static NOINLINE bool set_name(char *name, const char *text, size_t len)
{
	if (len > SIZE)
		return false;
	memcpy(attack_opaque(name), text, len);
	name[len] = 0;
	return true;
}

static NOINLINE uint64_t read_secret(const struct user *user)
{
	return attack_opaque(user)->uid ? 0 : attack_secret();
}

static bool make(char **name, struct user **user)
{
	*name = heap_zalloc(SIZE);
	*user = heap_zalloc(sizeof(**user));
	if (!*name || !*user)
		return false;
	(*user)->uid = UID;
	return true;
}

static bool benign(const struct attack *attack)
{
	struct user *user;
	char *name;
	bool right;

	if (!make(&name, &user))
		return false;
	right = set_name(name, "guest", 5) && !strcmp(name, "guest") && !read_secret(user);
	heap_free(name);
	heap_free(user);
	return right;
}

static void run(const struct attack *attack)
{
	struct user *users[PAIRS];
	char *names[PAIRS], text[SIZE];
	uint64_t found = 0;

	memset(text, 'x', sizeof(text));
	for (int i = 0; i < PAIRS; i++)
		if (!make(&names[i], &users[i]))
			attack_failed(attack, "no memory");
	attack_primitive(attack);
	for (int i = 0; i < PAIRS; i++)
		set_name(names[i], text, sizeof(text));
	for (int i = 0; i < PAIRS && !found; i++)
		found = read_secret(users[i]);
	attack_won(found);
}

ATTACK(off_by_one, .family = "off by one", .primitive = LINEAR_OVERFLOW, .knowledge = BLIND, .stopped_by = "",
       .about = "the NUL behind a string makes the next object's user root: a negative control", .run = run,
       .benign = benign);
