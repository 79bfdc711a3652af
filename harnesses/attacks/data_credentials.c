/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who a process is: its credentials, as data in the kernel, are overwritten. Then it reads what is root's. No code goes
 * where it should not: a negative control.
 */
#include "attacks.h"

#include <kernel/systest.h>
#include <kernel/vfs.h>

#define NAME "/attack-credentials"

/* As root: a file that nobody else reads. */
static bool keep_secret(void)
{
	uint64_t secret = attack_secret();
	long fd = sys(SYS_open, systest_string(0, NAME), O_CREAT | O_WRONLY, 0600);
	bool right = fd >= 0 && sys(SYS_write, (uint64_t)fd, systest_value(64, &secret), 8) == 8;

	sys(SYS_close, (uint64_t)fd);
	return right;
}

static void honest(void *result)
{
	bool kept = keep_secret() && attack_file_word(NAME) == attack_secret();

	systest_become(1000);
	*(bool *)result = kept && !attack_file_word(NAME);
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

static void hostile(void *arg)
{
	struct attack_leaky task = { .pointer = process_current() };
	uintptr_t cred = attack_leaky_read(&task, ATTACK_LEAK) + offsetof(struct process, cred);
	uint64_t zeros[4] = { 0 }; /* uid, euid, suid, fsuid, and the same of groups */

	if (!keep_secret())
		attack_failed(arg, "no file");
	systest_become(1000);
	attack_primitive(arg);
	attack_write(cred, zeros, sizeof(zeros));
	attack_won(attack_file_word(NAME));
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(data_credentials, .family = "data only", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "", .about = "a process becomes root's: a negative control", .run = run, .benign = benign);
