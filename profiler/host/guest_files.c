/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fetching the files of a guest: see guest_files.h.
 */
#include "guest_files.h"

#include "elf_file.h"
#include "objects.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static char *copy(const char *text)
{
	char *own = memory_new(strlen(text) + 1, 1);

	return strcpy(own, text);
}

/* A part of a file, as an unnamed one of its own. -1 with errno */
static int part_of(int from, uint64_t offset, uint64_t size)
{
	int fd = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	off_t at = (off_t)offset;

	while (fd >= 0 && size) {
		ssize_t n = sendfile(fd, from, &at, size);

		if (n <= 0) {
			close(fd);
			errno = n ? errno : EIO;
			return -1;
		}
		size -= (uint64_t)n;
	}
	return fd;
}

/* The file of this machine that a path of the guest's is in a folder it had. False: in none. */
static bool in_volume(const struct guest_files *files, const char *path, char host[PATH_MAX])
{
	for (size_t i = 0; i < files->volume_count; i++) {
		size_t length = strlen(files->volumes[i].guest);

		if (strncmp(path, files->volumes[i].guest, length) || path[length] != '/')
			continue;
		return snprintf(host, PATH_MAX, "%s%s", files->volumes[i].host, path + length) < PATH_MAX;
	}
	return false;
}

static int find(const struct guest_files *files, const char *path)
{
	const struct initrd_file *file;
	char host[PATH_MAX];

	if (in_volume(files, path, host))
		return open(host, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	file = files->has_initrd ? initrd_find(&files->initrd, path) : NULL;
	errno = ENOENT;
	return file ? part_of(files->initrd.fd, file->offset, file->size) : -1;
}

/* Files without a build id are kept under their own path, where perf finds them too. */
static int store_by_path(const struct guest_files *files, struct guest_file *known, int fd)
{
	char dir[PATH_MAX], path[PATH_MAX];
	int err;

	if ((size_t)snprintf(path, sizeof(path), "%s/files%s", files->debug_dir, known->guest) >= sizeof(path))
		return -ENAMETOOLONG;
	err = objects_copy(path, fd);
	if (err)
		return err;
	if (!realpath(path, dir))
		return -errno;
	free(known->path);
	known->path = copy(dir);
	return 0;
}

static int store(const struct guest_files *files, struct guest_file *known, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	known->build_id_size = elf_path_build_id(path, known->build_id);
	if (!known->build_id_size)
		return store_by_path(files, known, fd);
	return objects_store(files->debug_dir, known->build_id, known->build_id_size, "elf", fd);
}

static void announce(struct processes *all, const struct guest_file *known)
{
	struct known_build_id id = { .path = copy(known->path), .size = (uint8_t)known->build_id_size };

	memcpy(id.bytes, known->build_id, known->build_id_size);
	all->build_ids = memory_more(all->build_ids, all->build_id_count, sizeof(id));
	all->build_ids[all->build_id_count++] = id;
}

const struct guest_file *guest_file_get(struct guest_files *files, const char *path)
{
	struct guest_file *known;
	int fd, err = 0;

	for (size_t i = 0; i < files->known_count; i++)
		if (!strcmp(files->known[i].guest, path))
			return &files->known[i];
	files->known = memory_more(files->known, files->known_count, sizeof(*known));
	known = &files->known[files->known_count++];
	*known = (struct guest_file){ .guest = copy(path), .path = copy(*path ? path : "//anon") };
	if (*path != '/')
		return known;
	fd = find(files, path);
	err = fd < 0 ? -errno : store(files, known, fd);
	if (fd >= 0)
		close(fd);
	if (err)
		fprintf(stderr, "saki-prof: %s of the guest: %s; its functions will be addresses\n", path,
			err == -ENOENT ? "in neither its initrd nor a volume" : strerror(-err));
	else if (known->build_id_size)
		announce(files->processes, known);
	return known;
}

void guest_files_free(struct guest_files *files)
{
	for (size_t i = 0; i < files->known_count; i++) {
		free(files->known[i].guest);
		free(files->known[i].path);
	}
	free(files->known);
	if (files->has_initrd)
		initrd_close(&files->initrd);
}
