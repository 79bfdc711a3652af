/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An open file's table of operations: the pointer to it, in the file on the heap, is made to point to a table of the
 * attacker's.
 */
#include "attacks.h"

#include <kernel/file.h>
#include <kernel/vfs.h>

#define NAME "rings"

static ssize_t read_one(struct file *file, struct io *io, off_t *position)
{
	return io_put(io, "1", 1);
}

static const struct file_ops ops = { .name = NAME, .read = read_one };

/* As a program reads it. */
static NOINLINE ssize_t read_file(struct file *file, char *byte)
{
	struct io io;

	io_kernel(&io, byte, 1);
	return file_read(file, &io);
}

static struct file *open_file(void)
{
	return file_alloc(&ops, O_RDONLY, inode_anonymous(), NULL);
}

static bool benign(const struct attack *attack)
{
	struct file *file = open_file();
	char byte = 0;
	bool right;

	if (!file)
		return false;
	right = read_file(file, &byte) == 1 && byte == '1';
	file_put(file);
	return right;
}

static void run(const struct attack *attack)
{
	struct file *file = open_file();
	struct attack_leaky owner = { .pointer = file };
	struct file_ops forged = { .name = NAME };
	uintptr_t at, goal = attack_linked_code(attack_goal) + attack_leaked_slide();
	char byte;

	if (!file)
		attack_failed(attack, "no memory");
	memcpy(&forged.read, &goal, sizeof(goal));
	at = attack_leaked_heap(&forged, sizeof(forged));
	attack_primitive(attack);
	attack_write64(attack_leaky_read(&owner, ATTACK_LEAK) + offsetof(struct file, ops), at);
	read_file(file, &byte);
}

ATTACK(fptr_ops, .family = "function pointer", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "kcfi", .about = "an open file gets a forged table of operations", .run = run, .benign = benign);
