/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which file a descriptor is: a slot of the table of descriptors is overwritten with a file that somebody else has
 * open. A negative control.
 */
#include "attacks.h"

#include <kernel/file.h>
#include <kernel/systest.h>
#include <kernel/vfs.h>

#define NAME "/attack-fd"
#define OWN "/attack-fd-own"

static long open_with(const char *name, uint64_t word)
{
	long fd = sys(SYS_open, systest_string(0, name), O_CREAT | O_RDWR, 0600);

	if (fd < 0 || sys(SYS_pwrite64, (uint64_t)fd, systest_value(64, &word), 8, 0) != 8)
		return -1;
	return fd;
}

static uint64_t read_word(long fd)
{
	uint64_t word = 0;

	if (sys(SYS_pread64, (uint64_t)fd, SYSTEST_MEM + 64, 8, 0) == 8)
		systest_read(SYSTEST_MEM + 64, &word);
	return word;
}

static void honest(void *result)
{
	long fd = open_with(OWN, 5);

	*(bool *)result = fd >= 0 && read_word(fd) == 5;
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

static void hostile(void *arg)
{
	long theirs = open_with(NAME, attack_secret()), own = open_with(OWN, 5);
	struct fd_slot *slots = process_current()->fds->slots;
	struct attack_leaky their_slot = { .pointer = theirs < 0 ? NULL : slots[theirs].file };
	struct attack_leaky table = { .pointer = slots };

	if (theirs < 0 || own < 0)
		attack_failed(arg, "no file");
	attack_primitive(arg);
	attack_write64(attack_leaky_read(&table, ATTACK_LEAK) + (uint64_t)own * sizeof(struct fd_slot),
		       attack_leaky_read(&their_slot, ATTACK_LEAK));
	attack_won(read_word(own));
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(data_fd, .family = "data only", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED, .stopped_by = "",
       .about = "a descriptor becomes somebody else's file: a negative control", .run = run, .benign = benign);
