/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may read a file: the permission bits of its inode, as data in the kernel, are overwritten. A negative control.
 */
#include "attacks.h"

#include <kernel/file.h>
#include <kernel/systest.h>
#include <kernel/vfs.h>

#define NAME "/attack-inode"

static struct attack_leaky open_file; /* pointer: the inode that was opened last, as /proc and logs have told */

/* As root: a file that nobody else reads. */
static bool keep_secret(void)
{
	uint64_t secret = attack_secret();
	long fd = sys(SYS_open, systest_string(0, NAME), O_CREAT | O_WRONLY, 0600);
	bool right = fd >= 0 && sys(SYS_write, (uint64_t)fd, systest_value(64, &secret), 8) == 8;
	struct file *file = fd >= 0 ? fd_get((int)fd) : NULL;

	if (!file)
		return false;
	open_file.pointer = file->inode;
	file_put(file);
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
	unsigned mode = S_IFREG | 0666;

	if (!keep_secret())
		attack_failed(arg, "no file");
	systest_become(1000);
	attack_primitive(arg);
	attack_write(attack_leaky_read(&open_file, ATTACK_LEAK) + offsetof(struct inode, mode), &mode, sizeof(mode));
	attack_won(attack_file_word(NAME));
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(data_inode, .family = "data only", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED, .stopped_by = "",
       .about = "a file may be read by all: a negative control", .run = run, .benign = benign);
