/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A recording from outside. See record.h. The socket of QEMU's gdb stub and what its plugin writes are in a folder of
 * their own, whose name is short and has no commas.
 */
#include "record.h"

#include "../prof.h"
#include "../profile.h"
#include "job.h"
#include "sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where our files are. */
struct places {
	char folder[32], socket[64], counts[64], kernel[PATH_MAX + 16], plugin[PATH_MAX + 80];
};

/* @return 0 or an exit status */
static int make_plugin(struct places *places)
{
	char path[PATH_MAX];

	if (image_tool("plugin", "saki-count.so", path))
		return PROF_ENVIRONMENT;
	if (strchr(path, ','))
		return run_fail(PROF_ENVIRONMENT, "%s: QEMU takes no commas in its name", path);
	snprintf(places->plugin, sizeof(places->plugin), "%s,out=%s", path, places->counts);
	return 0;
}

static int places_make(struct places *places, const struct outside_options *o)
{
	snprintf(places->folder, sizeof(places->folder), "/tmp/saki-prof-XXXXXX");
	if (!mkdtemp(places->folder))
		return run_fail(PROF_ENVIRONMENT, "%s: %s", places->folder, strerror(errno));
	snprintf(places->socket, sizeof(places->socket), "%s/gdb", places->folder);
	snprintf(places->counts, sizeof(places->counts), "%s/counts", places->folder);
	snprintf(places->kernel, sizeof(places->kernel), "%s/" RECORDER_KERNEL, o->folder);
	return o->count ? make_plugin(places) : 0;
}

static void places_remove(const struct places *places)
{
	unlink(places->socket);
	unlink(places->counts);
	rmdir(places->folder);
}

static void tell(const struct sampler *s)
{
	if (!s->samples || s->counts)
		return;
	run_fail(0, "stopped the machine %" PRIu64 " times, about %.0f a second of its time, for %.2f ms each",
		 s->samples, 1e9 * (double)s->samples / (double)(s->ran_ns + 1),
		 (double)s->stopped_ns / (double)s->samples / 1e6);
}

/* Ours before those that the user gave. */
static char **join(char *const *ours, size_t our_count, char *const *program)
{
	size_t count = 0;
	char **all;

	while (program[count])
		count++;
	all = memory_new(our_count + count + 1, sizeof(*all));
	memcpy(all, ours, our_count * sizeof(*all));
	memcpy(all + our_count, program, count * sizeof(*all));
	return all;
}

static int write_job(const char *path, const struct outside_options *o)
{
	struct outside_job job = {
		.magic = JOB_MAGIC, .size = sizeof(job), .hz = o->hz, .stack_max = o->stack_max
	};
	char error[PROFILE_ERROR], *image = image_path(o->preset);
	int status = image ? 0 : PROF_ENVIRONMENT;
	FILE *file = NULL;

	if (image && layout_read(&job.layout, image, error))
		status = run_fail(PROF_ENVIRONMENT, "%s", error);
	free(image);
	if (!status && (!(file = fopen(path, "we")) || fwrite(&job, sizeof(job), 1, file) != 1))
		status = run_fail(PROF_ENVIRONMENT, "%s: %s", path, strerror(errno));
	if (file && fclose(file) && !status)
		status = run_fail(PROF_ENVIRONMENT, "%s: %s", path, strerror(errno));
	return status;
}

/* Who looks is in the dom0 (xen_outside.c); what it has seen comes as what a kernel's rings tell does. */
static int record_domain(const struct outside_options *o, bool *recorded)
{
	char job[] = "/tmp/saki-prof-XXXXXX";
	char *ours[] = { "--outside", job };
	struct recorder_options options = { .folder = o->folder, .preset = o->preset, .words = "" };
	struct recorder_result result = { 0 };
	int fd = mkostemp(job, O_CLOEXEC), status;
	char **arguments;

	if (fd < 0)
		return run_fail(PROF_ENVIRONMENT, "%s: %s", job, strerror(errno));
	close(fd);
	arguments = join(ours, 2, o->program);
	options.arguments = arguments;
	status = write_job(job, o);
	if (!status)
		status = recorder_run(&options, &result);
	*recorded = result.bytes;
	free(arguments);
	unlink(job);
	return status;
}

int outside_record(const struct outside_options *o, bool *recorded)
{
	struct places places;
	struct sampler sampler = { .kernel = places.kernel,
				   .socket = places.socket,
				   .hz = o->hz,
				   .stack_max = o->stack_max,
				   .counts = o->count ? places.counts : NULL };
	struct recorder_options options = {
		.folder = o->folder, .preset = o->preset, .words = "", .watch = sampler_watch, .context = &sampler
	};
	char *ours[] = { "--gdb-socket", places.socket, "--qemu-plugin", places.plugin };
	struct recorder_result result;
	char **arguments;
	int status;

	*recorded = false;
	if (o->is_xen)
		return record_domain(o, recorded);
	status = places_make(&places, o);
	arguments = join(ours, o->count ? 4 : 2, o->program);
	options.arguments = arguments;
	if (!status) {
		status = recorder_run(&options, &result);
		*recorded = o->count ? sampler.counted : sampler.samples;
		tell(&sampler);
	}
	free(arguments);
	places_remove(&places);
	return status;
}
