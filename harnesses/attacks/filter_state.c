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

struct hostile {
	const struct attack *attack;
	uintptr_t slide;
};

static void hostile(void *arg)
{
	const struct hostile *h = arg;
	const bool no = false;

	if (open_input() < 0)
		attack_failed(h->attack, "no file");
	attack_primitive(h->attack);
	attack_write(attack_linked(&syscall_filter_on) + h->slide, &no, sizeof(no));
	attack_won(read_word(sys(SYS_open, systest_string(0, NAME), O_RDONLY)));
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
