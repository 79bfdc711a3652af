/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki xen bench": what a machine costs by each way there is to one: booted or restored by xl, cloned, put back by
 * log-dirty. The clones are idle ones.
 */
#include "internal.h"
#include "saki_xen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XL_RUNS 5
#define REST_US 200000		/* Xen clears what was freed when it is idle, or else when it is wanted again */
#define SETTLE_NS 200000000ull	/* a clone takes its own snapshot, and then waits */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void row_show(const struct xen_options *options, struct row *row, bool last)
{
	unsigned n = row->count;

	qsort(row->ms, n, sizeof(row->ms[0]), compare);
	if (options->json)
		printf("\"%s\":{\"count\":%u,\"median_ms\":%.3f,\"best_ms\":%.3f}%s", row->what, n, row->ms[n / 2],
		       row->ms[0], last ? "}\n" : ",");
	else
		printf("%-16s %4u times, median %8.2f ms, best %8.2f ms\n", row->what, n, row->ms[n / 2], row->ms[0]);
}

static struct cloner *open_cloner(const struct xen_options *options, enum cloner_way way, char *error)
{
	struct cloner_options wanted = { .kernel = options->kernel, .memory_mib = options->memory_mib, .way = way };
	char line[128];

	snprintf(line, sizeof(line), "harness=%s", options->harness);
	wanted.command_line = line;
	return cloner_open(&wanted, error);
}

/* made: until xl has; ready: until it runs what it is for. */
static int measure_xl(const struct xen_options *options, enum cloner_way way, struct row *made, struct row *ready,
		      char *error)
{
	struct cloner *cloner = open_cloner(options, way, error);
	int err = cloner ? 0 : -1;

	for (unsigned i = 0; !err && i < XL_RUNS; i++) {
		uint64_t start = cloner_now_ns();
		struct clone *clone = cloner_clone(cloner, error);

		err = clone ? 0 : -1;
		made->ms[made->count++] = (double)cloner->xl_ns / 1e6;
		if (ready)
			ready->ms[ready->count++] = (double)(cloner_now_ns() - start) / 1e6;
		clone_free(clone);
		usleep(REST_US);
	}
	cloner_close(cloner);
	return err;
}

static int measure_clones(struct cloner *cloner, struct row *made, struct row *both, unsigned count, char *error)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t start = cloner_now_ns();
		struct clone *clone = cloner_clone(cloner, error);

		if (!clone)
			return -1;
		made->ms[made->count++] = (double)(cloner_now_ns() - start) / 1e6;
		clone_free(clone);
		both->ms[both->count++] = (double)(cloner_now_ns() - start) / 1e6;
		usleep(REST_US);
	}
	return 0;
}

static int measure_resets(struct cloner *cloner, struct row *row, unsigned count, char *error)
{
	struct clone *clone = cloner_clone(cloner, error);
	uint64_t start = cloner_now_ns();
	uint8_t *kept = calloc(1, cloner->low_count);
	size_t pages;
	int err = clone && kept ? 0 : -1;

	while (!err && cloner_now_ns() - start < SETTLE_NS)
		cloner_yield(cloner);
	err = err ? err : clone_snapshot(clone, kept);
	for (unsigned i = 0; !err && i < count; i++) {
		cloner_yield(cloner);
		start = cloner_now_ns();
		err = clone_pause(clone) ? -1 : clone_restore(clone, &pages);
		row->ms[row->count++] = (double)(cloner_now_ns() - start) / 1e6;
	}
	if (err && clone)
		snprintf(error, CLONER_ERROR, "the clone could not be put back");
	free(kept);
	clone_free(clone);
	return err;
}

int cmd_bench(const struct xen_options *options)
{
	static struct row rows[] = { { .what = "xl create" }, { .what = "boot" },	   { .what = "xl restore" },
				     { .what = "clone" },     { .what = "clone+destroy" }, { .what = "reset" } };
	enum { CREATE, BOOT, RESTORE, CLONE, BOTH, RESET, ROWS };
	unsigned count = options->count < ROW_MAX ? options->count : ROW_MAX;
	struct cloner *cloner = NULL;
	char error[CLONER_ERROR] = "";
	int err;

	err = measure_xl(options, CLONER_BOOT, &rows[CREATE], &rows[BOOT], error);
	err = err ? err : measure_xl(options, CLONER_RESTORE, &rows[RESTORE], NULL, error);
	if (!err)
		cloner = open_cloner(options, CLONER_CLONE, error);
	err = cloner ? 0 : -1;
	err = err ? err : measure_clones(cloner, &rows[CLONE], &rows[BOTH], count, error);
	err = err ? err : measure_resets(cloner, &rows[RESET], count, error);
	cloner_close(cloner);
	if (err)
		return environment_error(error);
	if (options->json)
		printf("{\"memory_mib\":%u,", options->memory_mib);
	for (unsigned i = 0; i < ROWS; i++)
		row_show(options, &rows[i], i + 1 == ROWS);
	return EXIT_DONE;
}
