/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Volumes that the command line names, which are mounted before the first program starts: "volume=TAG:ro|rw:/PATH" of a
 * 9P server, "virtiofs=TAG:ro|rw:/PATH" of a virtio-fs one.
 */
#include "../fs_internal.h"

#include <kernel/abi/mount.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <plat/plat.h>

#define STATUS_ENVIRONMENT 123

/* What a program was promised and does not find, it would make anew somewhere else: it is not started. */
static void refuse(const char *name, const char *word, const char *why)
{
	log_error("command line: %s %s: %s", name, word, why);
	plat->stop(PLAT_POWER_OFF, STATUS_ENVIRONMENT);
}

static void start_volume(const char *name, const char *type, char *word)
{
	char *mode = strchr(word, ':'), *path = mode ? strchr(mode + 1, ':') : NULL;
	int err;

	if (!path || path - mode != 3 || path[1] != '/' || (memcmp(mode, ":ro", 3) && memcmp(mode, ":rw", 3))) {
		refuse(name, word, "it wants TAG:ro:/PATH or TAG:rw:/PATH");
		return;
	}
	*mode = 0;
	err = mount_at_start(type, word, mode[2] == 'o' ? MS_RDONLY : 0, path + 1);
	if (err)
		refuse(name, word,
		       err == -ENOENT ? "no device has that mount tag" : errno_name(-err) ?: "unknown error");
}

static int start_volumes(const char *name, const char *type)
{
	char *word = heap_alloc(PATH_MAX);
	ssize_t len = word ? 0 : -ENOMEM;

	for (size_t i = 0; word && (len = boot_option_at(name, i, word, PATH_MAX)) >= 0; i++)
		start_volume(name, type, word);
	heap_free(word);
	return len == -ENOENT ? 0 : (int)len;
}

static int volumes_init(void)
{
	int err = start_volumes("volume", "9p");

	return err ? err : start_volumes("virtiofs", "virtiofs");
}
INIT_CALL(INIT_LATE, volumes_init);
