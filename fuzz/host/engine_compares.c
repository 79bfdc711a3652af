/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Comparisons on their way from the guest to the mutator. An input makes hundreds; the mutator needs a varied sample,
 * so the executor records those of every few inputs, and of these only so many are taken over.
 */
#include "engine_compares.h"

#include <fcntl.h>
#include <fuzz/abi/compares.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TAKE 64			/* comparisons of one */

static struct compares *compares;

void compares_open(const char *work)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/compares", work);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	if (!posix_fallocate(fd, 0, sizeof(*compares)))
		compares = mmap(NULL, sizeof(*compares), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (compares == MAP_FAILED)
		compares = NULL;
	else
		setenv("SAKI_COMPARES", path, 1);
}

void compares_publish(struct executor *executor)
{
	struct channel_compare sample[TAKE];
	size_t n;

	if (!compares)
		return;
	n = executor_compares(executor, sample, TAKE);
	for (size_t i = 0; i < n; i++)
		compares->entries[compares->count++ % COMPARES_MAX] = sample[i];
}
