/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A variable on the stack that is not initialised: an answer to a program is filled in part, and holds in the rest what
 * a function before has left there.
 */
#include "attacks.h"

#include <kernel/systest.h>

struct answer {
	uint64_t status;
	uint64_t details[15];
};

/* Works with a key, and leaves it where it was. */
static NOINLINE uint64_t derive(uint64_t with)
{
	uint64_t schedule[16], *all = attack_opaque(&schedule[0]);

	for (int i = 0; i < 16; i++)
		all[i] = attack_secret();
	return attack_opaque(all)[with % 16] ^ with;
}

/* The mistake: details are for errors, and copied in any case. */
static NOINLINE int tell(user_ptr_t to, bool is_error)
{
	struct answer answer, *all = attack_opaque(&answer);

	all->status = 7;
	if (is_error)
		memset(all->details, 0, sizeof(all->details));
	return user_copy_out(to, all, sizeof(*all));
}

static void honest(void *result)
{
	struct answer answer;

	derive(1);
	*(bool *)result = !tell(SYSTEST_MEM, true);
	systest_read(SYSTEST_MEM, &answer);
	*(bool *)result &= answer.status == 7 && !answer.details[3];
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

/* A word that is there more than once, in an answer to who has asked for nothing. */
static void hostile(void *arg)
{
	struct answer answer;

	attack_primitive(arg);
	derive(1);
	if (tell(SYSTEST_MEM, false))
		attack_failed(arg, "no answer");
	systest_read(SYSTEST_MEM, &answer);
	for (size_t i = 0; i < array_size(answer.details); i++)
		for (size_t j = 0; j < i; j++)
			if (answer.details[i] && answer.details[i] == answer.details[j])
				attack_won(answer.details[i]);
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(uninit_stack, .family = "uninitialised read", .primitive = UNINITIALISED_READ, .knowledge = BLIND,
       .stopped_by = "init", .about = "an answer on the stack holds what was there before", .run = run,
       .benign = benign);
