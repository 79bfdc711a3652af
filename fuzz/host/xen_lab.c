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
#include <unistd.h>

#include "commands.h"
#include "xen_lab.h"

#define WORDS_MAX 64
#define CLONE_MIB 36		/* of a further clone: its memory, and what Xen keeps for it */
#define ENGINE_MIB 40		/* what dom0 needs for its engine */
#define DOM0_OUT "/tmp/out"
#define DOM0_CORPUS "/tmp/corpus"
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

/* Inputs that are named go along, by names that hold there too. */
static int add_inputs(struct command_line *line, const struct options *options, int argc, char **argv)
{
	for (int i = 0; i < options->word_count; i++) {
		char *path = realpath(options->words[i], NULL);

		if (!path) {
			fprintf(stderr, "saki-fuzz: %s: %s\n", options->words[i], strerror(errno));
			return -1;
		}
		add(line, "--file");
		add(line, "%s:%s", path, path);
		for (int arg = 1; arg < argc; arg++)
			if (argv[arg] == options->words[i])
				argv[arg] = path;
	}
	return 0;
}

/*
 * The words as a shell in dom0 reads them. Folders that are written have places of their own there: of an option that
 * is given twice the last is meant.
 */
static char *quoted(const struct options *options, int argc, char **argv)
{
	size_t size = 256;
	char *text, *at;

	for (int i = 1; i < argc; i++)
		size += 4 * strlen(argv[i]) + 3;
	text = at = malloc(size);
	if (!text)
		return NULL;
	at += sprintf(at, "cd /tmp; SAKI_NO_BUILD=1 SAKI_ROOT=" DOM0_ROOT " exec " DOM0_ROOT "/build/tools/saki-fuzz");
	for (int i = 1; i < argc; i++) {
		at += sprintf(at, " '");
		for (const char *c = argv[i]; *c; c++)
			at += sprintf(at, *c == '\'' ? "'\\''" : "%c", *c);
		at += sprintf(at, "'");
	}
	sprintf(at, " --out " DOM0_OUT "%s", options->corpus ? " --corpus " DOM0_CORPUS : "");
	return text;
}

/* What there is goes in; what is new comes out. */
static void add_folders(struct command_line *line, const struct options *options)
{
	char corpus[PATH_MAX];

	snprintf(corpus, sizeof(corpus), "%s/corpus/%s", options->campaign.out, options->campaign.harness);
	if (options->corpus || !access(corpus, R_OK)) {
		add(line, "--file");
		if (options->corpus)
			add(line, "%s:%s", options->corpus, DOM0_CORPUS);
		else
			add(line, "%s:%s/corpus/%s", corpus, DOM0_OUT, options->campaign.harness);
	}
	if (options->fetches) {
		add(line, "--fetch");
		add(line, DOM0_OUT ":%s", options->campaign.out);
	}
}

int xen_lab_run(const struct options *options, bool bench, int argc, char **argv)
{
	const char *root = getenv("SAKI_ROOT"), *build = getenv("SAKI_BUILD"), *preset = options_preset(options, bench);
	struct command_line line = { .count = 2 };
	char tool[PATH_MAX], self[PATH_MAX], *job;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (options->campaign.engine == ENGINE_AFL) {
		fprintf(stderr, "saki-fuzz: --engine afl: afl-fuzz is not in the lab; libfuzzer is\n");
		return EXIT_ENVIRONMENT;
	}
	if (options->takes_files && add_inputs(&line, options, argc, argv))
		return EXIT_ENVIRONMENT;
	job = quoted(options, argc, argv);
	if (!root || !build || len < 0 || !job) {
		fprintf(stderr, "saki-fuzz: this machine is no dom0, and the lab is started by ./saki only\n");
		return EXIT_ENVIRONMENT;
	}
	self[len] = '\0';
	snprintf(tool, sizeof(tool), "%s/plat/xen/lab/lab.py", root);
	line.words[0] = tool;
	line.words[1] = "run";
	add_built(&line, "--program", build, self);
	if (add_image(&line, WORLD_XEN, preset, build))
		return EXIT_ENVIRONMENT;
	add(&line, "--file");
	add(&line, "%s/harnesses/seeds/%s:%s/harnesses/seeds/%s", root, options->campaign.harness, DOM0_ROOT,
	    options->campaign.harness);
	add_folders(&line, options);
	if (options->campaign.clones > 1) {
		add(&line, "--spare");
		add(&line, "%u", (options->campaign.clones - 1) * CLONE_MIB);
		add(&line, "--dom0");
		add(&line, "%u", (options->campaign.clones - 1) * ENGINE_MIB);
	}
	add(&line, "%s", job);
	execv(line.words[0], line.words);
	fprintf(stderr, "saki-fuzz: %s: %s\n", line.words[0], strerror(errno));
	return EXIT_ENVIRONMENT;
}
