/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz list": the harnesses of the host image, as it tells them itself: a line each, its name first.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "json.h"

#define LINE 1024

static void print_json(FILE *lines)
{
	struct json json = { .out = stdout };
	char line[LINE];

	json_open(&json, NULL, '{');
	json_open(&json, "harnesses", '[');
	while (fgets(line, sizeof(line), lines)) {
		size_t name = strcspn(line, " \n");
		const char *about = line + name + strspn(line + name, " ");

		line[strcspn(line, "\n")] = 0;
		json_open(&json, NULL, '{');
		line[name] = 0;
		json_string(&json, "name", line);
		json_string(&json, "about", about);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}

static void print_lines(FILE *lines)
{
	char line[LINE];

	while (fgets(line, sizeof(line), lines))
		fputs(line, stdout);
}

/* Its lines into a temporary file, so that it is known whether it has told all before any is shown. */
static int ask(const char *image, FILE *lines)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		dup2(fileno(lines), STDOUT_FILENO);
		execl(image, image, "--", "harness=list", (char *)NULL);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status);
}

int cmd_list(struct options *options)
{
	char error[MACHINE_ERROR], *image;
	FILE *lines = tmpfile();
	int failed;

	options->campaign.world = WORLD_HOST;
	image = image_path(WORLD_HOST, options_preset(options, true), error);
	if (!image)
		return fprintf(stderr, "saki-fuzz: %s\n", error), EXIT_ENVIRONMENT;
	if (!lines)
		return fprintf(stderr, "saki-fuzz: no temporary file: %s\n", strerror(errno)), EXIT_ENVIRONMENT;
	failed = ask(image, lines);
	rewind(lines);
	if (failed)
		fprintf(stderr, "saki-fuzz: %s cannot tell its harnesses\n", image);
	else
		(options->campaign.json ? print_json : print_lines)(lines);
	fclose(lines);
	return failed ? EXIT_ENVIRONMENT : EXIT_DONE;
}
