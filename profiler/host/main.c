/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-prof: looks at a program that runs on the Saki kernel. One subcommand a way to look.
 */
#include "prof.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: saki prof metrics [--json] [-o FILE] [--] [RUN OPTIONS] PROGRAM [ARGS...]\n"
	"\n"
	"Runs PROGRAM as `saki run` does (saki run --help lists its options), and looks at the machine from outside.\n"
	"\n"
	"  metrics    what the kernel has counted, when the program has ended: Prometheus's text format on standard\n"
	"             output, after the program's own, or in FILE; --json: one object on one line\n"
	"\n"
	"exit status: saki run's, which is the program's; 123 environment (no machine, no metrics); 122 usage\n"
	"\n"
	"example: saki prof metrics --json -- --smp 2 python3 -c 'print(6*7)'\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "metrics", cmd_metrics },
};

int prof_fail(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("saki-prof: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return prof_fail(PROF_USAGE, "a command is wanted; see: saki prof --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		fputs(help, stdout);
		return 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return prof_fail(PROF_USAGE, "%s: not a command; see: saki prof --help", argv[1]);
}
