/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz HARNESS": a campaign; "afl-runner": its other end, under afl-fuzz; "list": the harnesses there are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "store.h"

#define DEFAULT_SECONDS 60

static int absolute(const char *path, char out[PATH_MAX])
{
	if (make_folders(path) || !realpath(path, out)) {
		fprintf(stderr, "saki-fuzz: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

int cmd_fuzz(struct options *options)
{
	struct campaign *campaign = &options->campaign;
	char corpus[PATH_MAX], work[PATH_MAX];

	if (strspn(campaign->harness, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(campaign->harness))
		return usage_error("\"%s\" is no harness", campaign->harness);
	if (campaign->seconds && campaign->runs)
		return usage_error("--time and --runs exclude each other");
	if (!campaign->seconds && !campaign->runs)
		campaign->seconds = DEFAULT_SECONDS;
	if (!campaign->seed)
		campaign->seed = (uint32_t)time(NULL) | 1;
	campaign->preset = options_preset(options, false);
	snprintf(corpus, sizeof(corpus), "%s/corpus/%s", campaign->out, campaign->harness);
	snprintf(work, sizeof(work), "%s/.work/%s-%s-%s", campaign->out, campaign->harness,
		 world_names[campaign->world], engine_names[campaign->engine]);
	if (absolute(options->corpus ? options->corpus : corpus, campaign->corpus) || absolute(work, campaign->work))
		return EXIT_ENVIRONMENT;
	fprintf(stderr, "%s in %s, %s", campaign->harness, world_names[campaign->world],
		engine_names[campaign->engine]);
	if (campaign->clones > 1)
		fprintf(stderr, ", %u clones", campaign->clones);
	putc('\n', stderr);
	return campaign_run(campaign);
}

/* The words were written by engine_afl(): HARNESS WORLD TRACKER PRESET CORPUS WORK. */
int cmd_afl_runner(struct options *options)
{
	struct campaign *campaign = &options->campaign;
	int world = world_parse(options->words[1]), tracker = tracker_parse(options->words[2]);

	if (world < 0 || tracker < 0)
		return usage_error("afl-runner is started by afl-fuzz, not by hand");
	campaign->harness = options->words[0];
	campaign->world = (enum world)world;
	campaign->tracker = (enum tracker)tracker;
	campaign->engine = ENGINE_AFL;
	campaign->preset = options->words[3];
	snprintf(campaign->corpus, sizeof(campaign->corpus), "%s", options->words[4]);
	snprintf(campaign->work, sizeof(campaign->work), "%s", options->words[5]);
	campaign->shared = shared_open(campaign->work, false);
	return campaign->shared ? afl_runner(campaign) : EXIT_ENVIRONMENT;
}
