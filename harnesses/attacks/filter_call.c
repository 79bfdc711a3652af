/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that was taken over calls for what it never needed: it reads and writes what was opened for it, and now
 * opens root's file. Whether it may is a question of the list of calls that the machine was started with.
 */
#include "attacks.h"

#include <kernel/systest.h>
#include <kernel/vfs.h>

#define NAME "/attack-filter"

/* Whoever starts the program, and is asked for no list: opens its input. */
static long open_input(void)
{
	uint64_t secret = attack_secret();
	long fd = sys_open(systest_string(0, NAME), O_CREAT | O_RDWR, 0600);

	return fd < 0 || sys_pwrite64((int)fd, systest_value(64, &secret), 8, 0) != 8 ? -1 : fd;
}

static uint64_t read_word(long fd)
{
	uint64_t word = 0;

	if (fd >= 0 && sys(SYS_read, (uint64_t)fd, SYSTEST_MEM + 64, 8) == 8)
		systest_read(SYSTEST_MEM + 64, &word);
	return word;
}

static void honest(void *result)
{
	*(bool *)result = read_word(open_input()) == attack_secret();
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

static void hostile(void *arg)
{
	if (open_input() < 0)
		attack_failed(arg, "no file");
	attack_primitive(arg);
	attack_won(read_word(sys(SYS_open, systest_string(0, NAME), O_RDONLY)));
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(filter_call, .family = "allow list", .primitive = HOSTILE_PROGRAM, .knowledge = BLIND, .stopped_by = "filter",
       .allowed_calls = "read,write,exit,exit_group", .about = "a program makes a call that it never needed",
       .run = run, .benign = benign);
