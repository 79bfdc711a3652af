/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The statistics that a campaign and its engine processes share: a file that all of them map. See campaign.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "campaign.h"

struct campaign_shared *shared_open(const char *work, bool create)
{
	char path[PATH_MAX + 16];
	struct campaign_shared *shared = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s/statistics", work);
	fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0666);
	/* Not sparse: a page that a full disk has no room for would end us by a signal. */
	if (fd >= 0 && (!create || !(errno = posix_fallocate(fd, 0, sizeof(*shared)))))
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		fprintf(stderr, "saki-fuzz: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return shared == MAP_FAILED ? NULL : shared;
}

struct campaign_counts shared_sum(const struct campaign_shared *shared)
{
	struct campaign_counts sum = { 0 };

	for (size_t i = 0; i < CLONES_MAX; i++) {
		const struct campaign_counts *counts = &shared->counts[i];

		sum.execs += counts->execs;
		sum.resets += counts->resets;
		sum.reboots += counts->reboots;
		sum.audits += counts->audits;
		sum.mismatches += counts->mismatches;
		sum.dirty_pages += counts->dirty_pages;
		sum.raw_findings += counts->raw_findings;
	}
	return sum;
}

void shared_add_edges(struct campaign_shared *shared, const uint8_t *counters, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t bit = (uint8_t)(1u << i % 8);

		if (counters[i] && !(shared->edges[i / 8] & bit) &&
		    !(__atomic_fetch_or(&shared->edges[i / 8], bit, __ATOMIC_RELAXED) & bit))
			__atomic_fetch_add(&shared->edges_found, 1, __ATOMIC_RELAXED);
	}
}
