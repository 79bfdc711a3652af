/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is mounted read-only: the flags of the mount and its file system, as data in the kernel, are overwritten, and
 * then a file of it is written. A negative control.
 */
#include "attacks.h"

#include <kernel/file.h>
#include <kernel/systest.h>
#include <kernel/vfs.h>

#define DIRECTORY "/attack-mount"
#define FILE_NAME DIRECTORY "/kept"
#define MS_RDONLY 1
#define MS_REMOUNT 32

static struct attack_leaky opened, shown; /* pointers: mount and file system of the file that was opened last */

static long open_file(int flags)
{
	return sys(SYS_open, systest_string(0, FILE_NAME), (uint64_t)flags, 0644);
}

/* A file system with a file that nobody can write any more. */
static bool prepare(void)
{
	struct file *file;
	long fd;

	sys(SYS_mkdir, systest_string(0, DIRECTORY), 0755);
	if (sys(SYS_mount, systest_string(0, "none"), systest_string(64, DIRECTORY), systest_string(128, "tmpfs"), 0,
		0))
		return false;
	fd = open_file(O_CREAT | O_RDWR);
	file = fd < 0 ? NULL : fd_get((int)fd);
	if (!file)
		return false;
	opened.pointer = file->mount;
	shown.pointer = file->mount->sb;
	file_put(file);
	sys(SYS_close, (uint64_t)fd);
	return !sys(SYS_mount, 0, systest_string(64, DIRECTORY), 0, MS_REMOUNT | MS_RDONLY, 0);
}

static void honest(void *result)
{
	*(bool *)result = prepare() && open_file(O_RDONLY) >= 0 && open_file(O_RDWR) == -EROFS;
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

static void hostile(void *arg)
{
	const unsigned flags = 0;
	const bool read_only = false;
	uint64_t word = attack_secret();
	long fd;

	if (!prepare())
		attack_failed(arg, "no file system");
	attack_primitive(arg);
	attack_write(attack_leaky_read(&opened, ATTACK_LEAK) + offsetof(struct mount, flags), &flags, sizeof(flags));
	attack_write(attack_leaky_read(&shown, ATTACK_LEAK) + offsetof(struct superblock, read_only), &read_only,
		     sizeof(read_only));
	fd = open_file(O_RDWR);
	if (fd < 0 || sys(SYS_write, (uint64_t)fd, systest_value(64, &word), 8) != 8)
		attack_failed(arg, "the file cannot be written");
	word = 0;
	if (sys(SYS_pread64, (uint64_t)fd, SYSTEST_MEM + 64, 8, 0) == 8)
		systest_read(SYSTEST_MEM + 64, &word);
	attack_won(word);
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(data_mount, .family = "data only", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED, .stopped_by = "",
       .about = "a read-only mount is written: a negative control", .run = run, .benign = benign);
