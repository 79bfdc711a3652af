/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-cov: which lines of the kernel a corpus reaches, as pages for people. The inputs are replayed in an image of
 * preset srccov; LLVM's own tools make the pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <fuzz/host/machine.h>
#include <getopt.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cov.h"

#define PROFDATA "llvm-profdata-19"
#define LLVM_COV "llvm-cov-19"

extern char **environ;

static const char usage[] =
	"usage: saki cov html CORPUS... [-o DIR] [--world vm|host] [--harness H] [--preset P]\n"
	"  Replays inputs (files, folders, findings) and writes pages that show which lines of the kernel they reach.\n"
	"  -o DIR         where the pages go (default: coverage)\n"
	"  --world W      where to replay (default: vm)\n"
	"  --harness H    whose inputs they are (default: syscall)\n"
	"  --preset P     of the image; it must include srccov (default: srccov)\n"
	"  example: saki cov html out/corpus -o out/coverage\n";

static int usage_error(const char *what)
{
	fprintf(stderr, "saki-cov: %s; see saki cov --help\n", what);
	return EXIT_USAGE;
}

/* Runs a program; its standard output goes to a file when one is given. 0, or -1 with a line on stderr. */
static int run_tool(const char *output, const char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int err, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, output ? output : "/dev/null",
					 output ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY, 0666);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err) {
		fprintf(stderr, "saki-cov: %s: %s; make deps installs it\n", argv[0], strerror(err));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fprintf(stderr, "saki-cov: %s failed\n", argv[0]);
	return -1;
}

/* The last line of llvm-cov's table: totals. Columns 8 to 10 are lines, lines missed, percentage. */
static void print_totals(const char *table, const struct replay *replay, const char *folder)
{
	char line[1024], percent[32] = "?";
	unsigned long lines = 0, missed = 0;
	FILE *in = fopen(table, "re");

	while (in && fgets(line, sizeof(line), in)) {
		if (!strncmp(line, "TOTAL", 5))
			sscanf(line, "TOTAL %*s %*s %*s %*s %*s %*s %lu %lu %31s", &lines, &missed, percent);
	}
	if (in)
		fclose(in);
	printf("%lu of %lu lines (%s) reached by %zu inputs", lines - missed, lines, percent, replay->inputs);
	if (replay->findings)
		printf(", of which %zu are findings", replay->findings);
	printf(": %s/index.html\n", folder);
}

static int write_pages(const struct replay *replay, const char *folder)
{
	char raw[4200], merged[4200], table[4200], out[4200], profile[4300];

	if (mkdir(folder, 0777) && errno != EEXIST) {
		fprintf(stderr, "saki-cov: %s: %s\n", folder, strerror(errno));
		return -1;
	}
	snprintf(raw, sizeof(raw), "%.4096s/kernel.profraw", folder);
	snprintf(merged, sizeof(merged), "%.4096s/kernel.profdata", folder);
	snprintf(table, sizeof(table), "%.4096s/summary.txt", folder);
	snprintf(out, sizeof(out), "-output-dir=%.4096s", folder);
	snprintf(profile, sizeof(profile), "-instr-profile=%s", merged);
	if (profile_write(raw, &replay->tables, replay->counters)) {
		fprintf(stderr, "saki-cov: %s: %s\n", raw, strerror(errno));
		return -1;
	}
	if (run_tool(NULL, (const char *const[]){ PROFDATA, "merge", "-sparse", "-o", merged, raw, NULL }) ||
	    run_tool(NULL,
		     (const char *const[]){ LLVM_COV, "show", "-format=html", out, profile, replay->image, NULL }) ||
	    run_tool(table, (const char *const[]){ LLVM_COV, "report", profile, replay->image, NULL }))
		return -1;
	print_totals(table, replay, folder);
	return 0;
}

static int html(const struct replay_options *options, const char *folder)
{
	struct replay replay;
	int err = corpus_replay(&replay, options);

	if (!err)
		err = write_pages(&replay, folder);
	image_tables_free(&replay.tables);
	free(replay.counters);
	return err ? EXIT_ENVIRONMENT : EXIT_DONE;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "world", required_argument, NULL, 'w' },
		{ "harness", required_argument, NULL, 'H' },
		{ "preset", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct replay_options options = { .harness = "syscall", .world = "vm", .preset = "srccov" };
	const char *folder = "coverage";
	int option;

	while ((option = getopt_long(argc, argv, "o:", names, NULL)) != -1) {
		switch (option) {
		case 'o':
			folder = optarg;
			break;
		case 'w':
			options.world = optarg;
			break;
		case 'H':
			options.harness = optarg;
			break;
		case 'p':
			options.preset = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind == argc || strcmp(argv[optind], "html") != 0)
		return usage_error("the only command is html");
	if (optind + 1 == argc)
		return usage_error("html: which inputs?");
	if (world_parse(options.world) < 0)
		return usage_error("--world is vm or host");
	options.corpus = (const char **)argv + optind + 1;
	options.corpus_count = argc - optind - 1;
	return html(&options, folder);
}
