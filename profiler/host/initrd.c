/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading initrds: see initrd.h. Format: Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
 */
#include "initrd.h"

#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 110
#define PATH_LIMIT 4096

enum { INODE = 0, MODE = 1, LINKS = 4, FILE_SIZE = 6, NAME_SIZE = 11, FIELDS = 13 };

static int bad(char *error, const char *path, const char *what)
{
	snprintf(error, PROFILE_ERROR, "%.120s: %.100s", path, what);
	return -1;
}

/* The 8 hexadecimal digits of each field. */
static int parse_header(const char *header, uint32_t fields[FIELDS])
{
	char digits[9], *end;

	if (memcmp(header, "070701", 6) && memcmp(header, "070702", 6))
		return -1;
	for (int i = 0; i < FIELDS; i++) {
		memcpy(digits, header + 6 + i * 8, 8);
		digits[8] = '\0';
		fields[i] = (uint32_t)strtoul(digits, &end, 16);
		if (*end)
			return -1;
	}
	return 0;
}

static void add_file(struct initrd *initrd, const char *name, const uint32_t *fields, uint64_t offset)
{
	struct initrd_file *file;
	size_t size;

	while (*name == '/' || (*name == '.' && name[1] == '/'))
		name++;
	size = strlen(name) + 2;
	initrd->files = memory_more(initrd->files, initrd->count, sizeof(*file));
	file = &initrd->files[initrd->count++];
	*file = (struct initrd_file){ memory_new(size, 1), offset, fields[FILE_SIZE], fields[INODE], fields[LINKS] };
	snprintf(file->path, size, "/%s", name);
}

/* One entry, or the zeros between archives. @return bytes of it; 0: the end; -1 */
static int64_t read_entry(struct initrd *initrd, uint64_t at, uint64_t size)
{
	char header[HEADER], name[PATH_LIMIT];
	uint32_t fields[FIELDS];
	uint64_t data;
	ssize_t got = pread(initrd->fd, header, HEADER, (off_t)at);

	if (got >= 4 && !memcmp(header, "\0\0\0\0", 4))
		return 4;
	if (got < HEADER)
		return got > 0 && size - at >= 4 ? -1 : 0;
	if (parse_header(header, fields) || !fields[NAME_SIZE] || fields[NAME_SIZE] > PATH_LIMIT)
		return -1;
	if (pread(initrd->fd, name, fields[NAME_SIZE], (off_t)at + HEADER) != (ssize_t)fields[NAME_SIZE])
		return -1;
	name[fields[NAME_SIZE] - 1] = '\0';
	data = (at + HEADER + fields[NAME_SIZE] + 3) & ~UINT64_C(3);
	if (data > size || fields[FILE_SIZE] > size - data)
		return -1;
	if (S_ISREG(fields[MODE]))
		add_file(initrd, name, fields, data);
	return (int64_t)(((data + fields[FILE_SIZE] + 3) & ~UINT64_C(3)) - at);
}

/* By path; of those with the same, in the order of the archive. */
static int compare_files(const void *left, const void *right)
{
	const struct initrd_file *a = left, *b = right;
	int order = strcmp(a->path, b->path);

	return order ? order : a->offset < b->offset ? -1 : a->offset > b->offset;
}

int initrd_open(struct initrd *initrd, const char *path, char *error)
{
	struct stat st;
	uint64_t at = 0;
	int64_t step = 1;

	*initrd = (struct initrd){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (initrd->fd < 0 || fstat(initrd->fd, &st))
		return bad(error, path, strerror(errno));
	while (step > 0 && at < (uint64_t)st.st_size) {
		step = read_entry(initrd, at, (uint64_t)st.st_size);
		if (step < 0)
			return bad(error, path, "no cpio archive, or a damaged one");
		at += (uint64_t)step;
	}
	if (initrd->count)
		qsort(initrd->files, initrd->count, sizeof(*initrd->files), compare_files);
	return 0;
}

void initrd_close(struct initrd *initrd)
{
	for (size_t i = 0; i < initrd->count; i++)
		free(initrd->files[i].path);
	free(initrd->files);
	if (initrd->fd >= 0)
		close(initrd->fd);
}

/* The content of files with several names is with one of these. */
static const struct initrd_file *with_content(const struct initrd *initrd, const struct initrd_file *file)
{
	if (file->size || file->links < 2)
		return file;
	for (size_t i = 0; i < initrd->count; i++)
		if (initrd->files[i].inode == file->inode && initrd->files[i].size)
			return &initrd->files[i];
	return file;
}

const struct initrd_file *initrd_find(const struct initrd *initrd, const char *path)
{
	size_t low = 0, high = initrd->count;

	/* The last one with that name. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(initrd->files[middle].path, path) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && !strcmp(initrd->files[low - 1].path, path) ? with_content(initrd, &initrd->files[low - 1]) : NULL;
}
