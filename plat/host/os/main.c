/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki.host's main(): options, the machine's memory, the initrd, then the kernel.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_os.h"

static const char usage[] = "usage: saki.host [--memory-fd N] [--memory SIZE] [--initrd FILE] [--] COMMAND LINE...\n"
			    "  Runs the Saki kernel in this process.\n"
			    "  --memory SIZE    of the machine, such as 64M (default 32M)\n"
			    "  --memory-fd N    an inherited file that is the machine's memory\n"
			    "  --initrd FILE    cpio archive for the root file system\n"
			    "  example: saki.host -- test=page_*\n";

static void usage_error(const char *what, const char *word)
{
	fprintf(stderr, "saki.host: %s: %s; try --help\n", what, word);
	exit(STATUS_USAGE);
}

static unsigned long long number(const char *word, const char *name)
{
	unsigned long long value;
	char *end;
	const char *units = "KMG", *unit;

	errno = 0;
	value = strtoull(word, &end, 0);
	unit = *end ? strchr(units, *end) : NULL;
	if (end == word || errno || (*end && (!unit || end[1])))
		usage_error(name, word);
	return unit ? value << (10 * (unit - units + 1)) : value;
}

/* One line, as a boot loader would give it: a space inside a word becomes %20. */
static void command_line(char *line, size_t size, char **words, int count)
{
	size_t used = 0;

	for (int i = 0; i < count; i++) {
		for (const char *c = words[i]; *c && used + 4 < size; c++)
			used += (size_t)snprintf(line + used, size - used, *c == ' ' ? "%%20" : "%c", *c);
		if (used + 4 >= size)
			usage_error("the command line is too long from here", words[i]);
		line[used++] = i + 1 < count ? ' ' : '\0';
	}
	line[used] = '\0';
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "memory", required_argument, NULL, 'm' },
		{ "memory-fd", required_argument, NULL, 'f' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static char line[4096];
	struct host_machine machine = { .command_line = line };
	uint64_t size = 32u << 20;
	const char *initrd = NULL;
	int fd = -1, option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case 'm': size = number(optarg, "--memory"); break;
		case 'f': fd = (int)number(optarg, "--memory-fd"); break;
		case 'i': initrd = optarg; break;
		case 'h': fputs(usage, stdout); return 0;
		default: return STATUS_USAGE;
		}
	}
	command_line(line, sizeof(line), argv + optind, argc - optind);
	host_memory_init(&machine, fd, size);
	if (initrd)
		host_initrd_load(&machine, initrd);
	host_start(&machine);
}
