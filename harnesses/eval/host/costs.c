/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Costs: see costs.h. Instructions are counted by `saki prof count`, as differences under a tenth are lost in the noise
 * of a clock; the clock is asked too, for rates that mean something to people.
 */
#include "costs.h"

#include <errno.h>
#include <fcntl.h>
#include <fuzz/host/json.h>
#include <limits.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "eval.h"
#include "nginx.h"
#include "signals.h"

#define BUSYBOX "/bin/busybox"
#define COUNTED 20000	/* blocks, a read and a write each, under the plugin */
#define TIMED 400000	/* and without it */
#define ROUNDS 5

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int tool_path(const char *name, char path[PATH_MAX])
{
	char build[PATH_MAX];

	if (image_build_dir(build) || (size_t)snprintf(path, PATH_MAX, "%s/tools/%s", build, name) >= PATH_MAX)
		return run_fail(EVAL_ENVIRONMENT, "cannot tell where the programs are");
	return 0;
}

/* Instructions of busybox's dd, and all below it. */
static int count_instructions(const struct preset *preset, unsigned blocks, uint64_t *instructions)
{
	char path[PATH_MAX], full[sizeof(preset->full)], count[32], text[4096], number[32];
	int fd = memfd_create("saki-eval", MFD_CLOEXEC), status;
	ssize_t n;

	if (fd < 0 || tool_path("saki-prof", path))
		return EVAL_ENVIRONMENT;
	snprintf(full, sizeof(full), "%s", preset->full);
	snprintf(count, sizeof(count), "count=%u", blocks);
	status = tool_output((char *[]){ path, "count", "--json", "--preset", full, "--", "--timeout", "120", BUSYBOX,
					 "dd", "if=/dev/zero", "of=/dev/null", "bs=1", count, NULL },
			     fd);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	if (status == INTERRUPTED)
		return status;
	text[n > 0 ? n : 0] = '\0';
	if (status || !json_find(text, "instructions", number, sizeof(number)))
		return run_fail(EVAL_ENVIRONMENT,
				"instructions on preset %s cannot be counted; see: saki prof count "
				"--preset %s " BUSYBOX " true",
				preset->name, preset->full);
	*instructions = strtoull(number, NULL, 10);
	return 0;
}

/* Seconds of busybox's dd, from QEMU's start to its end; the least of some, which is the least disturbed. */
static int time_blocks(const struct preset *preset, unsigned blocks, unsigned rounds, double *seconds)
{
	char path[PATH_MAX], full[sizeof(preset->full)], count[32];
	int status = tool_path("saki-run", path);

	snprintf(full, sizeof(full), "%s", preset->full);
	snprintf(count, sizeof(count), "count=%u", blocks);
	*seconds = 0;
	for (unsigned i = 0; i < rounds && !status; i++) {
		double start = now(), took;

		status = tool_output((char *[]){ path, "--preset", full, "--timeout", "120", BUSYBOX, "dd",
						 "if=/dev/zero", "of=/dev/null", "bs=1", count, NULL },
				     -1);
		took = now() - start;
		if (!*seconds || took < *seconds)
			*seconds = took;
	}
	if (status && status != INTERRUPTED)
		return run_fail(EVAL_ENVIRONMENT,
				"preset %s does not run " BUSYBOX "; see: saki run --preset %s " BUSYBOX " true",
				preset->name, preset->full);
	return status;
}

static int measure(struct costs *costs, const struct preset *preset)
{
	uint64_t base = 0, all = 0;
	double boot = 0, busy = 0;
	int status = count_instructions(preset, 1, &base);

	if (!status)
		status = count_instructions(preset, 1 + COUNTED, &all);
	if (!status)
		status = time_blocks(preset, 1, ROUNDS, &boot);
	if (!status)
		status = time_blocks(preset, 1 + TIMED, 2, &busy);
	if (status)
		return status;
	costs->boot_instructions = base;
	costs->syscall_instructions = (double)(all - base) / (2 * COUNTED);
	costs->boot_ms = boot * 1000;
	costs->syscalls_per_s = busy > boot ? 2 * TIMED / (busy - boot) : 0;
	return nginx_measure(preset, &costs->requests_per_s);
}

int costs_measure(struct costs *costs, const struct presets *presets)
{
	bool told = getenv("SAKI_NO_BUILD") != NULL;
	int status = 0;

	/* The images are there, and what they run on too: the programs that are started need not look again. */
	setenv("SAKI_NO_BUILD", "1", 1);
	for (size_t i = 0; i < presets->count && !status; i++) {
		progress("costs %zu of %zu: %s", i + 1, presets->count, presets->list[i].name);
		if (presets->list[i].image)
			status = measure(&costs[i], &presets->list[i]);
	}
	progress_end();
	if (!told)
		unsetenv("SAKI_NO_BUILD");
	return status;
}
