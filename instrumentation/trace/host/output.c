/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a recording is written to in another format. See output.h.
 */
#include <errno.h>
#include <getopt.h>
#include <plat/run/image.h>
#include <string.h>

#include "commands.h"
#include "output.h"

int output_options_parse(struct output_options *options, int argc, char **argv, const char *default_name)
{
	static const struct option names[] = { { 0 } };
	const char *output = NULL;
	int option, len;

	while ((option = getopt_long(argc, argv, "o:", names, NULL)) != -1) {
		if (option != 'o' || !*optarg)
			return run_fail(EXIT_USAGE, "see: saki trace --help");
		output = optarg;
	}
	if (optind + 1 != argc)
		return run_fail(EXIT_USAGE, "%s: which recording? See: saki trace --help", argv[0]);
	options->folder = argv[optind];
	if (output || !strcmp(default_name, "-"))
		len = snprintf(options->output, PATH_MAX, "%s", output ? output : default_name);
	else
		len = snprintf(options->output, PATH_MAX, "%s/%s", options->folder, default_name);
	return len < PATH_MAX ? 0 : run_fail(EXIT_USAGE, "-o: a path of %d bytes", len);
}

FILE *output_open(const char *path)
{
	FILE *out = strcmp(path, "-") != 0 ? fopen(path, "wbe") : stdout;

	if (!out)
		run_fail(0, "%s: %s", path, strerror(errno));
	return out;
}

int output_close(FILE *out, const char *path)
{
	int failed = ferror(out);

	if (out == stdout ? fflush(out) : fclose(out))
		failed = 1;
	return failed ? run_fail(-1, "%s: %s", strcmp(path, "-") != 0 ? path : "standard output", strerror(errno)) : 0;
}
