/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The newc cpio writer. See cpio.h. Format: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#include "cpio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int __attribute__((format(printf, 2, 3))) fail(struct cpio *cpio, const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	vsnprintf(cpio->error, sizeof(cpio->error), fmt, list);
	va_end(list);
	return -1;
}

static int put(struct cpio *cpio, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(cpio->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(cpio, "no memory for the initrd: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
		cpio->size += (size_t)n;
	}
	return 0;
}

static int pad(struct cpio *cpio)
{
	return put(cpio, "\0\0\0", -cpio->size & 3);
}

static int put_header(struct cpio *cpio, const char *guest, mode_t mode, uint64_t mtime, uint64_t size)
{
	const char *name = guest + strspn(guest, "/");
	char header[111];

	if (size > UINT32_MAX)
		return fail(cpio, "%.200s: larger than 4 GiB, the most an initrd can hold", guest);
	snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++cpio->inode,
		 (unsigned)mode, 0u, 0u, S_ISDIR(mode) ? 2u : 1u, (unsigned)mtime, (unsigned)size, 0u, 0u, 0u, 0u,
		 (unsigned)strlen(name) + 1, 0u);
	if (put(cpio, header, 110) || put(cpio, name, strlen(name) + 1))
		return -1;
	return pad(cpio);
}

int cpio_open(struct cpio *cpio)
{
	memset(cpio, 0, sizeof(*cpio));
	cpio->fd = memfd_create("saki-initrd", MFD_CLOEXEC);
	return cpio->fd < 0 ? fail(cpio, "no memory for the initrd: %s", strerror(errno)) : 0;
}

void cpio_close(struct cpio *cpio)
{
	while (cpio->dir_count)
		free(cpio->dirs[--cpio->dir_count]);
	free(cpio->dirs);
	if (cpio->fd >= 0)
		close(cpio->fd);
}

static int dir_is_there(const struct cpio *cpio, const char *guest)
{
	for (size_t i = 0; i < cpio->dir_count; i++)
		if (!strcmp(cpio->dirs[i], guest))
			return 1;
	return 0;
}

static int remember_dir(struct cpio *cpio, const char *guest)
{
	char **more = realloc(cpio->dirs, (cpio->dir_count + 1) * sizeof(*more));
	char *copy = strdup(guest);

	if (more)
		cpio->dirs = more;
	if (!more || !copy) {
		free(copy);
		return fail(cpio, "no memory for the initrd");
	}
	cpio->dirs[cpio->dir_count++] = copy;
	return 0;
}

/* Adds the folders above a path. */
static int add_parents(struct cpio *cpio, const char *guest)
{
	const char *slash = strrchr(guest, '/');
	char parent[PATH_MAX];

	if (!slash || slash == guest)
		return 0;
	if ((size_t)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - guest), guest) >= sizeof(parent))
		return fail(cpio, "%.200s: path is too long", guest);
	return cpio_add_dir(cpio, parent, 0755);
}

int cpio_add_dir(struct cpio *cpio, const char *guest, mode_t mode)
{
	if (!guest[strspn(guest, "/")] || dir_is_there(cpio, guest))
		return 0;
	if (add_parents(cpio, guest) || remember_dir(cpio, guest))
		return -1;
	return put_header(cpio, guest, S_IFDIR | (mode & 07777), 0, 0);
}

/* Exactly size bytes: a file that shrinks meanwhile is an error, what it grows by is left out. */
static int put_contents(struct cpio *cpio, const char *guest, int fd, uint64_t size)
{
	char buf[65536];

	while (size) {
		ssize_t n = read(fd, buf, size < sizeof(buf) ? size : sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(cpio, "%.150s cannot be read: %s", guest, n ? strerror(errno) : "it got shorter");
		if (put(cpio, buf, (size_t)n))
			return -1;
		size -= (size_t)n;
	}
	return pad(cpio);
}

int cpio_add_archive(struct cpio *cpio, const char *host)
{
	int fd = open(host, O_RDONLY | O_CLOEXEC), err;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err = fail(cpio, "%.150s: %s", host, strerror(errno));
	else
		err = put_contents(cpio, host, fd, (uint64_t)st.st_size);
	if (fd >= 0)
		close(fd);
	return err;
}

int cpio_add_file(struct cpio *cpio, const char *guest, int fd, const struct stat *st)
{
	if (add_parents(cpio, guest) ||
	    put_header(cpio, guest, S_IFREG | (st->st_mode & 07777), (uint64_t)st->st_mtime, (uint64_t)st->st_size))
		return -1;
	return put_contents(cpio, guest, fd, (uint64_t)st->st_size);
}

static int add_link(struct cpio *cpio, const char *guest, const char *host)
{
	char target[PATH_MAX];
	ssize_t n = readlink(host, target, sizeof(target));

	if (n < 0)
		return fail(cpio, "%.150s: %s", host, strerror(errno));
	if (add_parents(cpio, guest) || put_header(cpio, guest, S_IFLNK | 0777, 0, (uint64_t)n) ||
	    put(cpio, target, (size_t)n))
		return -1;
	return pad(cpio);
}

static int add_entries(struct cpio *cpio, const char *guest, const char *host)
{
	DIR *dir = opendir(host);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return fail(cpio, "%.150s: %s", host, strerror(errno));
	while (!err && (entry = readdir(dir))) {
		char inner_guest[PATH_MAX], inner_host[PATH_MAX];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if ((size_t)snprintf(inner_guest, PATH_MAX, "%s/%s", guest, entry->d_name) >= PATH_MAX ||
		    (size_t)snprintf(inner_host, PATH_MAX, "%s/%s", host, entry->d_name) >= PATH_MAX)
			err = fail(cpio, "%.150s: path is too long", host);
		else
			err = cpio_add_tree(cpio, inner_guest, inner_host);
	}
	closedir(dir);
	return err;
}

static int add_regular(struct cpio *cpio, const char *guest, const char *host)
{
	int fd = open(host, O_RDONLY | O_CLOEXEC), err;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		err = fail(cpio, "%.150s: %s", host, strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = cpio_add_file(cpio, guest, fd, &st);
	close(fd);
	return err;
}

int cpio_add_tree(struct cpio *cpio, const char *guest, const char *host)
{
	struct stat st;

	if (lstat(host, &st))
		return fail(cpio, "%.150s: %s", host, strerror(errno));
	if (S_ISREG(st.st_mode))
		return add_regular(cpio, guest, host);
	if (S_ISLNK(st.st_mode))
		return add_link(cpio, guest, host);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (cpio_add_dir(cpio, guest, st.st_mode))
		return -1;
	return add_entries(cpio, guest, host);
}

int cpio_finish(struct cpio *cpio)
{
	return put_header(cpio, "TRAILER!!!", 0, 0, 0);
}
