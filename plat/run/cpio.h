/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes an initrd: a newc cpio archive in a memory file, without a name anywhere. All functions return 0, or -1 with
 * one line in cpio->error.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct cpio {
	int fd;   /* the archive */
	uint64_t size;
	uint32_t inode;  /* last one given out */
	char **dirs;  /* that are in it already */
	size_t dir_count;
	char error[256];
};

int cpio_open(struct cpio *cpio);
void cpio_close(struct cpio *cpio);
/* A whole archive of a file, before anything else is added: what follows is another one, which Linux and Saki allow. */
int cpio_add_archive(struct cpio *cpio, const char *host);

/* Guest paths are absolute. Folders on the way are added when they are not there yet. */
int cpio_add_dir(struct cpio *cpio, const char *guest, mode_t mode);
/* A regular file with the bytes of an open one. */
int cpio_add_file(struct cpio *cpio, const char *guest, int fd, const struct stat *st);
/* A file, link or folder of the host with all that is in it; sockets, pipes and devices are left out. */
int cpio_add_tree(struct cpio *cpio, const char *guest, const char *host);
/* The trailer: nothing can be added afterwards. */
int cpio_finish(struct cpio *cpio);
