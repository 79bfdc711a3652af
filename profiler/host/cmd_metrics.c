/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof metrics: runs a program, and shows what the kernel counted meanwhile.
 */
#include "metrics.h"
#include "prof.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int show(const struct machine_memory *memory, const char *file, bool json)
{
	FILE *out = file ? fopen(file, "we") : stdout;
	bool failed;
	int err;

	if (!out)
		return prof_fail(PROF_ENVIRONMENT, "%s: %s", file, strerror(errno));
	err = (json ? metrics_print_json : metrics_print)(memory->bytes, memory->size, out);
	failed = fflush(out) || ferror(out);
	if (file)
		fclose(out);
	if (err)
		return prof_fail(PROF_ENVIRONMENT, "%s", metrics_problem(err));
	return failed ? prof_fail(PROF_ENVIRONMENT, "%s: cannot be written", file ? file : "standard output") : 0;
}

int cmd_metrics(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "output", required_argument, NULL, 'o' },
						 { 0 } };
	struct machine_memory memory;
	const char *file = NULL;
	bool json = false;
	int option, status, shown;

	/* What is not ours is for saki-run: we know it by "--", or by the first word that is no option of ours. */
	while ((option = getopt_long(argc, argv, "+o:", options, NULL)) != -1) {
		if (option == '?')
			return prof_fail(PROF_USAGE, "options of saki run come behind --; see: saki prof --help");
		if (option == 'j')
			json = true;
		else
			file = optarg;
	}
	if (optind == argc)
		return prof_fail(PROF_USAGE, "which program? See: saki prof --help");
	status = machine_run(argv + optind, &memory);
	/* It has said why. */
	if (!memory.bytes)
		return status ? status : prof_fail(PROF_ENVIRONMENT, "no machine was started");
	shown = show(&memory, file, json);
	return status ? status : shown;
}
