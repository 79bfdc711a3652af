/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --disk: an image of this machine's that becomes a disk, and where the guest mounts it before its program starts.
 */
#include "run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NVME "nvme:"
#define BLKDEBUG "blkdebug:"

/* QEMU's own block driver for errors: blkdebug:RULES:FILE. */
static int check_file(const struct disk *d)
{
	const char *file = d->file;

	if (strchr(file, ','))
		return run_fail(RUN_USAGE, "--disk %s: no commas in its name", file);
	if (!strncmp(file, BLKDEBUG, strlen(BLKDEBUG)) && strrchr(file, ':') > file + strlen(BLKDEBUG))
		file = strrchr(file, ':') + 1;
	return access(file, d->read_only ? R_OK : R_OK | W_OK)
		       ? run_fail(RUN_NOT_FOUND, "--disk %s: %s", file, strerror(errno))
		       : 0;
}

/* Only what begins with a slash is a folder of the guest's: a name may hold colons. */
int disk_parse(const char *spec, struct disk *d)
{
	const char *end, *guest;
	size_t len;

	d->is_nvme = !strncmp(spec, NVME, strlen(NVME));
	spec += d->is_nvme ? strlen(NVME) : 0;
	end = spec + strlen(spec);
	d->read_only = end - spec > 3 && !strcmp(end - 3, ":ro");
	if (d->read_only)
		end -= 3;
	guest = memrchr(spec, ':', (size_t)(end - spec));
	if (guest && guest[1] == '/' && guest > spec && strncmp(spec, BLKDEBUG, strlen(BLKDEBUG))) {
		len = (size_t)(end - guest - 1);
		if (len < 2 || len > DISK_GUEST_MAX)
			return run_fail(RUN_USAGE, "--disk %s: wants FILE:GUEST, with an absolute GUEST that is not /",
					spec);
		snprintf(d->guest, sizeof(d->guest), "%.*s", (int)len, guest + 1);
		end = guest;
	}
	if (end - spec >= PATH_MAX)
		return run_fail(RUN_USAGE, "--disk: a name of %zu bytes", (size_t)(end - spec));
	snprintf(d->file, sizeof(d->file), "%.*s", (int)(end - spec), spec);
	return check_file(d);
}

void disk_words(FILE *line, const struct disk *d, const char *plat)
{
	const char *name = d->is_nvme ? "nvme0n1" : strcmp(plat, "xen") ? "vda" : "xvda";
	char word[DISK_GUEST_MAX + 32];

	if (!d->guest[0])
		return;
	snprintf(word, sizeof(word), "%s:%s:%s", name, d->read_only ? "ro" : "rw", d->guest);
	words_add(line, "disk", word);
}
