/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of addresses: kcmp(2) tells which of two open files comes first in the kernel's memory. A program opens
 * many and sorts them, and so knows which of them are neighbours: what an overflow on the heap needs. It has won when
 * the order is that of the addresses.
 */
#include "attacks.h"

#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/systest.h>
#include <kernel/vfs.h>

#define NAME "/attack-kcmp"
#define FILES 16
#define KCMP_FILE 0
#define LESS 1

static bool open_files(long fds[FILES])
{
	bool right = true;

	for (int i = 0; i < FILES; i++) {
		fds[i] = sys(SYS_open, systest_string(0, NAME), O_CREAT | O_RDWR, 0600);
		right &= fds[i] >= 0;
	}
	return right;
}

static long compare(long first, long second)
{
	uint64_t self = (uint64_t)sys(SYS_getpid);

	return sys(SYS_kcmp, self, self, KCMP_FILE, (uint64_t)first, (uint64_t)second);
}

static void sort(long fds[FILES])
{
	for (int i = 1; i < FILES; i++)
		for (int j = i; j > 0 && compare(fds[j], fds[j - 1]) == LESS; j--) {
			long lower = fds[j];

			fds[j] = fds[j - 1];
			fds[j - 1] = lower;
		}
}

/* Of those that the kernel has: what nobody tells the attacker. */
static bool is_in_order(const long fds[FILES])
{
	const struct fd_slot *slots = process_current()->fds->slots;

	for (int i = 1; i < FILES; i++)
		if (slots[fds[i - 1]].file >= slots[fds[i]].file)
			return false;
	return true;
}

/* The same file is told by the same number, and so are two of them. */
static void honest(void *result)
{
	long fds[FILES];

	*(bool *)result = open_files(fds) && !compare(fds[0], fds[0]) && compare(fds[0], fds[1]) > 0;
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

static void hostile(void *arg)
{
	long fds[FILES];

	if (!open_files(fds))
		attack_failed(arg, "no files");
	/* So that the order is not that of their numbers by chance. */
	sys(SYS_close, (uint64_t)fds[2]);
	sys(SYS_close, (uint64_t)fds[5]);
	fds[5] = sys(SYS_open, systest_string(0, NAME), O_RDWR);
	fds[2] = sys(SYS_open, systest_string(0, NAME), O_RDWR);
	attack_primitive(arg);
	sort(fds);
	if (is_in_order(fds))
		attack_goal();
	attack_failed(arg, "the order that was told is another one");
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(kcmp_order, .family = "leak", .primitive = HOSTILE_PROGRAM, .knowledge = BLIND, .stopped_by = "pointers",
       .about = "the order of addresses of open files, by kcmp", .run = run, .benign = benign);
