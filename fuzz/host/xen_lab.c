/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The xen world on a machine that is no dom0: this very program, with its libraries, images and seeds, runs in the
 * lab's (plat/xen/lab/lab.py), which is a dom0. What it says comes here as it says it.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "xen_lab.h"

#define WORDS_MAX 64
#define CLONE_MIB 36		/* of a further clone: its memory, and what Xen keeps for it */
#define ENGINE_MIB 40		/* what dom0 needs for its engine */
#define AFL_MIB 96		/* and for AFL++, whose maps are large and many */
#define DOM0_ROOT "/saki"	/* the tree, as far as it is there */

struct command_line {
	char *words[WORDS_MAX];
	int count;
};

static void add(struct command_line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct command_line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (line->count + 1 < WORDS_MAX && vasprintf(&line->words[line->count], fmt, args) >= 0)
		line->count++;
	va_end(args);
}

/* A file of <build>, at the same place in dom0's. */
static void add_built(struct command_line *line, const char *option, const char *build, const char *path)
{
	add(line, "%s", option);
	add(line, "%s:%s/build%s", path, DOM0_ROOT, path + strlen(build));
}

static int add_image(struct command_line *line, enum world world, const char *preset, const char *build)
{
	char error[MACHINE_ERROR], *path = image_path(world, preset, error);

	if (!path) {
		fprintf(stderr, "saki-fuzz: %s\n", error);
		return -1;
	}
	add_built(line, world == WORLD_HOST ? "--program" : "--file", build, path);
	free(path);
	return 0;
}

/* Inputs that are named go along, by names that hold there too; what is written beside them is wanted. */
static int add_inputs(struct command_line *line, const struct options *options, int argc, char **argv)
{
	for (int i = 0; i < options->word_count; i++) {
		char *path = realpath(options->words[i], NULL);
		struct stat stat_buf;

		if (!path || stat(path, &stat_buf)) {
			fprintf(stderr, "saki-fuzz: %s: %s\n", options->words[i], strerror(errno));
			return -1;
		}
		add(line, "--same");
		add(line, "%s", path);
		add(line, "--share");
		add(line, "%.*s", (int)(S_ISDIR(stat_buf.st_mode) ? strlen(path) : strrchr(path, '/') - path + 1),
		    path);
		for (int arg = 1; arg < argc; arg++)
			if (argv[arg] == options->words[i])
				argv[arg] = path;
	}
	return 0;
}

static void put_word(FILE *command, const char *word)
{
	fputs(" '", command);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){ *word, '\0' }, command);
	fputc('\'', command);
}

/* The words as a shell in dom0 reads them, in a folder of this one's name: what is said of files holds here. */
static char *quoted(int argc, char **argv)
{
	char folder[PATH_MAX], *text = NULL;
	size_t size;
	FILE *command = getcwd(folder, sizeof(folder)) ? open_memstream(&text, &size) : NULL;

	if (!command)
		return NULL;
	fputs("mkdir -p", command);
	put_word(command, folder);
	fputs(" && cd", command);
	put_word(command, folder);
	fputs(" && SAKI_NO_BUILD=1 SAKI_ROOT=" DOM0_ROOT " exec " DOM0_ROOT "/build/tools/saki-fuzz", command);
	for (int i = 1; i < argc; i++)
		put_word(command, argv[i]);
	return fclose(command) ? NULL : text;
}

static void add_same(struct command_line *line, const char *path)
{
	if (access(path, R_OK))
		return;
	add(line, "--same");
	add(line, "%s", path);
}

/* What there is goes in; what is new comes out. Of a campaign's work, findings that it had no time to look at. */
static void add_folders(struct command_line *line, const struct options *options)
{
	const struct campaign *campaign = &options->campaign;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/corpus/%s", campaign->out, campaign->harness);
	add_same(line, options->corpus ? options->corpus : path);
	snprintf(path, sizeof(path), "%s/.work/%s-%s-%s/raw", campaign->out, campaign->harness,
		 world_names[campaign->world], engine_names[campaign->engine]);
	add_same(line, path);
	if (!options->fetches)
		return;
	add(line, "--share");
	add(line, "%s", campaign->out);
	if (options->corpus) {
		add(line, "--share");
		add(line, "%s", options->corpus);
	}
}

/* afl-fuzz with its mutator, which are at the same places there. */
static int add_afl(struct command_line *line, const char *build)
{
	char *folders = strdup(getenv("PATH") ? getenv("PATH") : ""), path[PATH_MAX];

	for (char *rest = folders, *folder; (folder = strsep(&rest, ":"));) {
		snprintf(path, sizeof(path), "%s/afl-fuzz", folder);
		if (access(path, X_OK))
			continue;
		add(line, "--program");
		add(line, "%s:/usr/bin/afl-fuzz", path);
		snprintf(path, sizeof(path), "%s/tools/saki-mutator.so", build);
		add_built(line, "--program", build, path);
		free(folders);
		return 0;
	}
	free(folders);
	fprintf(stderr, "saki-fuzz: there is no afl-fuzz (apt-get install afl++)\n");
	return -1;
}

/* Memory for more than one clone, and for the engines. */
static void add_memory(struct command_line *line, const struct campaign *campaign)
{
	unsigned more = campaign->clones > 1 ? campaign->clones - 1 : 0;

	add(line, "--spare");
	add(line, "%u", more * CLONE_MIB);
	add(line, "--dom0");
	add(line, "%u", more * ENGINE_MIB + (campaign->engine == ENGINE_AFL ? AFL_MIB : 0));
}

int xen_lab_run(const struct options *options, bool bench, int argc, char **argv)
{
	const char *root = getenv("SAKI_ROOT"), *build = getenv("SAKI_BUILD"), *preset = options_preset(options, bench);
	struct command_line line = { .count = 2 };
	char tool[PATH_MAX], self[PATH_MAX], *job;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (options->takes_files && add_inputs(&line, options, argc, argv))
		return EXIT_ENVIRONMENT;
	job = quoted(argc, argv);
	if (!root || !build || len < 0 || !job) {
		fprintf(stderr, "saki-fuzz: this machine is no dom0, and the lab is started by ./saki only\n");
		return EXIT_ENVIRONMENT;
	}
	self[len] = '\0';
	snprintf(tool, sizeof(tool), "%s/plat/xen/lab/lab.py", root);
	line.words[0] = tool;
	line.words[1] = "run";
	add_built(&line, "--program", build, self);
	if (add_image(&line, WORLD_XEN, preset, build) ||
	    (options->campaign.engine == ENGINE_AFL && add_afl(&line, build)))
		return EXIT_ENVIRONMENT;
	add(&line, "--file");
	add(&line, "%s/harnesses/seeds/%s:%s/harnesses/seeds/%s", root, options->campaign.harness, DOM0_ROOT,
	    options->campaign.harness);
	add_folders(&line, options);
	add_memory(&line, &options->campaign);
	add(&line, "%s", job);
	execv(line.words[0], line.words);
	fprintf(stderr, "saki-fuzz: %s: %s\n", line.words[0], strerror(errno));
	return EXIT_ENVIRONMENT;
}
