/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files and folders: see store.h.
 */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESERVE_BYTES (512 * 1024)

int make_folders(const char *path)
{
	char part[PATH_MAX];

	if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(part, 0777) && errno != EEXIST ? -1 : 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int store_file(const char *path, const void *data, size_t size)
{
	char temporary[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int folder_len = slash ? (int)(slash + 1 - path) : 0;
	int fd, saved;

	snprintf(temporary, sizeof(temporary), "%.*s.new-%d-%s", folder_len, path, getpid(), path + folder_len);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	if (!write_all(fd, data, size) && !close(fd) && !rename(temporary, path))
		return 0;
	saved = errno;
	unlink(temporary);
	errno = saved;
	return -1;
}

uint64_t hash_bytes(const void *data, size_t size)
{
	const uint8_t *byte = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	return hash * UINT64_C(0xff51afd7ed558ccd);
}

/*
 * Not by way of another name, as store_file() goes: an engine stores hundreds a second, and a torn one is a seed too.
 */
int store_by_hash(const char *folder, const void *data, size_t size)
{
	char path[PATH_MAX];
	int fd, saved;

	snprintf(path, sizeof(path), "%s/%016" PRIx64, folder, hash_bytes(data, size));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	if (!write_all(fd, data, size) && !close(fd))
		return 0;
	saved = errno;
	unlink(path);
	errno = saved;
	return -1;
}

static void reserve_path(const char *folder, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.4000s/reserve", folder);
}

int reserve_make(const char *folder)
{
	char path[PATH_MAX];
	int fd, err;

	reserve_path(folder, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	err = posix_fallocate(fd, 0, RESERVE_BYTES);
	close(fd);
	if (!err)
		return 0;
	unlink(path);
	errno = err;
	return -1;
}

bool reserve_spend(const char *folder)
{
	char path[PATH_MAX];

	reserve_path(folder, path);
	return !unlink(path);
}

uint8_t *load_file(const char *path, size_t *size, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	uint8_t *data = NULL;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &stat))
		goto out;
	errno = S_ISDIR(stat.st_mode) ? EISDIR : EFBIG;
	if (S_ISDIR(stat.st_mode) || (size_t)stat.st_size > max)
		goto out;
	data = malloc(max + 1 < (size_t)stat.st_size + 1 ? max + 1 : (size_t)stat.st_size + 1);
	n = data ? read(fd, data, (size_t)stat.st_size) : -1;
out:
	close(fd);
	if (n < 0) {
		free(data);
		return NULL;
	}
	data[n] = '\0';
	*size = (size_t)n;
	return data;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int folder_foreach(const char *folder, int (*visit)(const char *, const char *, void *), void *context)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, visible, alphasort), result = 0;

	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];
		struct stat stat_buf;

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (!result && !stat(path, &stat_buf) && S_ISREG(stat_buf.st_mode))
			result = visit(path, entries[i]->d_name, context);
		free(entries[i]);
	}
	free(entries);
	return result;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
