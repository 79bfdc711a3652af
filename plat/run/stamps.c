/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What --stamps-fd asks for: a line "NAME NS" when a step on the way to the machine has ended, NS being
 * CLOCK_MONOTONIC, for who shows where the time went.
 */
#include "run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int stamps_fd = -1;

int stamps_open(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0 || n > INT_MAX || fcntl((int)n, F_SETFD, FD_CLOEXEC))
		return run_fail(RUN_USAGE, "--stamps-fd %s: the number of an open file", text);
	stamps_fd = (int)n;
	return 0;
}

void stamp(const char *step)
{
	struct timespec now;

	if (stamps_fd < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	dprintf(stamps_fd, "%s %" PRIu64 "\n", step, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}
