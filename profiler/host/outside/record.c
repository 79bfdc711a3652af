/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A recording from outside. See record.h. The socket of QEMU's gdb stub and what its plugin writes are in a folder of
 * their own, whose name is short and has no commas.
 */
#include "record.h"

#include "../prof.h"
#include "../profile.h"
#include "sampler.h"

#include <errno.h>
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
	size_t our_count = o->count ? 4 : 2, count = 0;
	struct recorder_result result;
	char **arguments;
	int status = places_make(&places, o);

	*recorded = false;
	while (o->program[count])
		count++;
	arguments = memory_new(our_count + count + 1, sizeof(*arguments));
	memcpy(arguments, ours, our_count * sizeof(*arguments));
	memcpy(arguments + our_count, o->program, count * sizeof(*arguments));
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
