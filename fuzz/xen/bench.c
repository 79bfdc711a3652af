/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki xen bench": what a machine costs by each way there is to one: booted by xl, cloned, put back by log-dirty. The
 * clones are idle ones.
 */
#include "internal.h"
#include "saki_xen.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SETTLE_NS 200000000ull	/* a clone takes its own snapshot, and then waits */

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct row {
	const char *what;
	unsigned count;
	double ms[1000];
};

static void show(const struct xen_options *options, struct row *row, bool last)
{
	unsigned n = row->count;

	qsort(row->ms, n, sizeof(row->ms[0]), compare);
	if (options->json)
		printf("\"%s\":{\"count\":%u,\"median_ms\":%.3f,\"best_ms\":%.3f}%s", row->what, n, row->ms[n / 2],
		       row->ms[0], last ? "}\n" : ",");
	else
		printf("%-16s %4u times, median %8.2f ms, best %8.2f ms\n", row->what, n, row->ms[n / 2], row->ms[0]);
}

static struct cloner *boot(const struct xen_options *options, struct row *row, char *error)
{
	struct cloner_options wanted = { .kernel = options->kernel, .memory_mib = options->memory_mib };
	struct cloner *cloner = NULL;
	char line[128];

	snprintf(line, sizeof(line), "harness=%s", options->harness);
	wanted.command_line = line;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t start = now_ns();

		cloner_close(cloner);
		start = now_ns();
		cloner = cloner_open(&wanted, error);
		if (!cloner)
			return NULL;
		row->ms[row->count++] = (double)(now_ns() - start) / 1e6;
	}
	return cloner;
}

static int measure_clones(struct cloner *cloner, struct row *made, struct row *both, unsigned count, char *error)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t start = now_ns();
		struct clone *clone = cloner_clone(cloner, error);

		if (!clone)
			return -1;
		made->ms[made->count++] = (double)(now_ns() - start) / 1e6;
		clone_free(clone);
		both->ms[both->count++] = (double)(now_ns() - start) / 1e6;
	}
	return 0;
}

static int measure_resets(struct cloner *cloner, struct row *row, unsigned count, char *error)
{
	struct clone *clone = cloner_clone(cloner, error);
	uint64_t start = now_ns();
	uint8_t *kept = calloc(1, cloner->low_count);
	size_t pages;
	int err = clone && kept ? 0 : -1;

	while (!err && now_ns() - start < SETTLE_NS)
		cloner_yield(cloner);
	err = err ? err : clone_snapshot(clone, kept);
	for (unsigned i = 0; !err && i < count; i++) {
		cloner_yield(cloner);
		start = now_ns();
		err = clone_pause(clone) ? -1 : clone_restore(clone, &pages);
		row->ms[row->count++] = (double)(now_ns() - start) / 1e6;
	}
	if (err && clone)
		snprintf(error, CLONER_ERROR, "the clone could not be put back");
	free(kept);
	clone_free(clone);
	return err;
}

int cmd_bench(const struct xen_options *options)
{
	static struct row boots = { .what = "boot" }, made = { .what = "clone" };
	static struct row both = { .what = "clone+destroy" }, resets = { .what = "reset" };
	unsigned count = options->count < 1000 ? options->count : 1000;
	char error[CLONER_ERROR] = "";
	struct cloner *cloner = boot(options, &boots, error);
	int err = cloner ? 0 : -1;

	err = err ? err : measure_clones(cloner, &made, &both, count, error);
	err = err ? err : measure_resets(cloner, &resets, count, error);
	cloner_close(cloner);
	if (err) {
		fprintf(stderr, "saki-xen: %s\n", error);
		return EXIT_ENVIRONMENT;
	}
	if (options->json)
		printf("{\"memory_mib\":%u,", options->memory_mib);
	show(options, &boots, false);
	show(options, &made, false);
	show(options, &both, false);
	show(options, &resets, true);
	return EXIT_DONE;
}
