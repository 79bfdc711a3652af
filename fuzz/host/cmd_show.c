/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz show FILE": a program's bytes as text; "parse FILE": text as bytes, on stdout; "list": the harnesses there
 * are.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "program_folder.h"
#include "seeds.h"

static int not_a_program(const struct options *options)
{
	fprintf(stderr, "saki-fuzz: inputs of %s are plain bytes: only those of syscall have a text form\n",
		options->campaign.harness);
	return EXIT_USAGE;
}

static bool is_programs(struct options *options)
{
	options_from_finding(options, options->words[0]);
	return !strcmp(options->campaign.harness, "syscall");
}

int cmd_show(struct options *options)
{
	const struct verdict none = { .kind = VERDICT_OK };
	size_t size;
	uint8_t *data;

	if (!is_programs(options))
		return not_a_program(options);
	data = input_load(options->words[0], &size);
	if (!data)
		return EXIT_ENVIRONMENT;
	program_show(stdout, data, size, &none);
	free(data);
	return EXIT_DONE;
}

int cmd_parse(struct options *options)
{
	size_t size;
	uint8_t *data;
	bool written;

	if (!is_programs(options))
		return not_a_program(options);
	data = input_load_text(options->words[0], &size);
	if (!data)
		return EXIT_ENVIRONMENT;
	written = fwrite(data, 1, size, stdout) == size && !fflush(stdout);
	if (!written)
		fprintf(stderr, "saki-fuzz: cannot write: %s\n", strerror(errno));
	free(data);
	return written ? EXIT_DONE : EXIT_ENVIRONMENT;
}
