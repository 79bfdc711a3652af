/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of system calls that programs may make is data in the kernel: what says that there is one is overwritten,
 * and a program that was taken over calls for what it may not.
 */
#include "attacks.h"

#include <kernel/systest.h>
#include <kernel/vfs.h>

#define NAME "/attack-filter-state"

extern bool syscall_filter_on; /* kernel/sys/filter.c */

static void honest(void *result)
{
	*(bool *)result = attack_word(attack_file_given(NAME)) == attack_secret();
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

struct hostile {
	const struct attack *attack;
	uintptr_t slide;
};

static void hostile(void *arg)
{
	const struct hostile *h = arg;
	const bool no = false;

	if (attack_file_given(NAME) < 0)
		attack_failed(h->attack, "no file");
	attack_primitive(h->attack);
	attack_write(attack_linked(&syscall_filter_on) + h->slide, &no, sizeof(no));
	attack_won(attack_file_word(NAME));
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	struct hostile h = { attack, slide };

	attack_in_process(hostile, &h);
}

static void run(const struct attack *attack)
{
	overwrite(attack, attack_leaked_slide());
}

ATTACK(filter_state, .family = "allow list", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "readonly pks", .aims_at = "filter", .allowed_calls = "read,write,exit,exit_group",
       .about = "what says that there is a list of system calls is overwritten", .run = run, .benign = benign);
