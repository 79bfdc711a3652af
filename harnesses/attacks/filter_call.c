/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that was taken over calls for what it never needed: it reads and writes what was opened for it, and now
 * opens root's file. Whether it may is a question of the list of calls that the machine was started with.
 */
#include "attacks.h"

#include <kernel/systest.h>
#include <kernel/vfs.h>

#define NAME "/attack-filter"

static void honest(void *result)
{
	*(bool *)result = attack_word(attack_file_given(NAME)) == attack_secret();
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

static void hostile(void *arg)
{
	if (attack_file_given(NAME) < 0)
		attack_failed(arg, "no file");
	attack_primitive(arg);
	attack_won(attack_file_word(NAME));
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(filter_call, .family = "allow list", .primitive = HOSTILE_PROGRAM, .knowledge = BLIND, .stopped_by = "filter",
       .allowed_calls = "read,write,exit,exit_group", .about = "a program makes a call that it never needed",
       .run = run, .benign = benign);
