/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files of an initrd: cpio archives (newc), one after the other, of which a later one replaces what is in the
 * others.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct initrd_file {
	char *path;		/* as the guest has it, from "/" on */
	uint64_t offset, size;	/* in the archive */
	uint32_t inode, links;
};

struct initrd {
	int fd;
	struct initrd_file *files;	/* regular ones, sorted by path */
	size_t count;
};

/* @return 0, or -1 with one line in error (PROFILE_ERROR bytes). To be closed in any case. */
int initrd_open(struct initrd *initrd, const char *path, char *error);
void initrd_close(struct initrd *initrd);
/* NULL: it has no such file. */
const struct initrd_file *initrd_find(const struct initrd *initrd, const char *path);
