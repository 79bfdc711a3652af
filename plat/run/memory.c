/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's memory as a file that our caller has too: what --memory-fd takes. The caller sees all the machine does,
 * and may write to it.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int memory_fd_parse(const char *text, int *fd)
{
	struct stat stat;
	int flags;
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 0 || n > INT_MAX)
		return run_fail(RUN_USAGE, "--memory-fd %s: the number of an open file", text);
	flags = fcntl((int)n, F_GETFL);
	if (flags < 0 || fstat((int)n, &stat))
		return run_fail(RUN_USAGE, "--memory-fd %s: %s", text, strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return run_fail(RUN_USAGE, "--memory-fd %s: not a file that can be memory; see memfd_create()", text);
	if ((flags & O_ACCMODE) != O_RDWR)
		return run_fail(RUN_USAGE, "--memory-fd %s: not open for reading and writing", text);
	/* The machine's alone: no other program that is started has to do with it. */
	fcntl((int)n, F_SETFD, FD_CLOEXEC);
	*fd = (int)n;
	return 0;
}

int memory_fd_size(int fd, uint64_t asked, uint64_t *bytes)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return run_fail(RUN_ENVIRONMENT, "--memory-fd %d: %s", fd, strerror(errno));
	if (!stat.st_size) {
		if (!ftruncate(fd, (off_t)*bytes))
			return 0;
		return run_fail(RUN_ENVIRONMENT, "--memory-fd %d: %llu MiB: %s", fd, (unsigned long long)(*bytes >> 20),
				strerror(errno));
	}
	if (stat.st_size < 16 << 20 || stat.st_size % (1 << 20))
		return run_fail(RUN_USAGE, "--memory-fd %d: a file of %lld bytes; whole MiB from 16M on, or empty", fd,
				(long long)stat.st_size);
	if (asked && asked != (uint64_t)stat.st_size)
		return run_fail(RUN_USAGE, "--memory-fd %d: a file of %lld MiB, and --mem says %llu", fd,
				(long long)(stat.st_size >> 20), (unsigned long long)(asked >> 20));
	*bytes = (uint64_t)stat.st_size;
	return 0;
}
