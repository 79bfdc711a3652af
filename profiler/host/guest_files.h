/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files that ran in a guest, found by their paths there, in its initrd or in folders it had, and kept in the cache
 * of objects (objects.h).
 */
#pragma once

#include "initrd.h"
#include "processes.h"

/* A folder of this machine that the guest had. */
struct guest_volume {
	char *host, *guest;
};

struct guest_files {
	struct processes *processes;	/* whose list of build ids is added to */
	const char *debug_dir;
	struct initrd initrd;
	bool has_initrd;
	const struct guest_volume *volumes;
	size_t volume_count;
	struct guest_file *known;
	size_t known_count;
};

/* What a recording calls a guest's file: its path, or that of our copy where it has no build id to be found by. */
struct guest_file {
	char *guest, *path;
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_size;
};

/* Fetches the file if it is not known yet. Never NULL; what cannot be found is told on standard error, once. */
const struct guest_file *guest_file_get(struct guest_files *files, const char *path);
void guest_files_free(struct guest_files *files);
