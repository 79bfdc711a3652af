/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is mounted before the program starts, because the command line says so: a disk by "disk=DEVICE:ro:/PATH", or rw;
 * 9P has words of its own.
 */
#include <kernel/abi/mount.h>
#include <kernel/boot.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <plat/plat.h>

#include "fs_internal.h"

#define STATUS_ENVIRONMENT 123

/* All directories of a path that are not there. */
static int make_directories(char *path)
{
	int err = 0;

	for (char *slash = strchr(path + 1, '/'); !err; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = 0;
		err = vfs_mkdir(AT_FDCWD, path, 0755);
		err = err == -EEXIST ? 0 : err;
		if (!slash)
			break;
		*slash = '/';
	}
	return err;
}

int mount_at_start(const char *type, const char *source, unsigned flags, char *path)
{
	return make_directories(path) ?: mount_create_at(path, type, source, flags, "", NULL);
}

/* A program that does not find what it was promised is not started. */
static void refuse(const char *word, const char *why)
{
	log_error("command line: disk %s: %s", word, why);
	plat->stop(PLAT_POWER_OFF, STATUS_ENVIRONMENT);
}

static void start_disk(char *word)
{
	char *mode = strchr(word, ':'), *path = mode ? strchr(mode + 1, ':') : NULL;
	char source[64];
	bool read_only;
	int err;

	if (!path || path - mode != 3 || path[1] != '/' || (memcmp(mode, ":ro", 3) && memcmp(mode, ":rw", 3))) {
		refuse(word, "it wants DEVICE:ro:/PATH or DEVICE:rw:/PATH");
		return;
	}
	read_only = mode[2] == 'o';
	*mode = 0;
	format(source, sizeof(source), "/dev/%s", word);
	err = mount_at_start("ext4", source, read_only ? MS_RDONLY : 0, path + 1);
	if (err)
		refuse(word, err == -ENOENT ? "there is no such device" : errno_name(-err) ?: "unknown error");
}

static int disks_init(void)
{
	char *word = heap_alloc(PATH_MAX);
	ssize_t len = word ? 0 : -ENOMEM;

	for (size_t i = 0; word && (len = boot_option_at("disk", i, word, PATH_MAX)) >= 0; i++)
		start_disk(word);
	heap_free(word);
	return len == -ENOENT ? 0 : (int)len;
}
INIT_CALL(INIT_LATE, disks_init);
