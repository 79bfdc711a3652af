/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof metrics: runs a program, and shows what the kernel counted meanwhile.
 */
#include "metrics.h"
#include "prof.h"

#include <errno.h>
#include <getopt.h>
#include <instrumentation/trace/host/machine.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int print(const uint8_t *memory, size_t size, const char *file, bool json)
{
	FILE *out = file ? fopen(file, "we") : stdout;
	bool failed;
	int err;

	if (!out)
		return run_fail(PROF_ENVIRONMENT, "%s: %s", file, strerror(errno));
	err = (json ? metrics_print_json : metrics_print)(memory, size, out);
	failed = fflush(out) || ferror(out);
	if (file)
		fclose(out);
	if (err)
		return run_fail(PROF_ENVIRONMENT, "%s", metrics_problem(err));
	return failed ? run_fail(PROF_ENVIRONMENT, "%s: cannot be written", file ? file : "standard output") : 0;
}

/* What the machine has left; status: saki-run's, which has said why if there is nothing. */
static int show(int memory_fd, const char *file, bool json, int status)
{
	struct stat stat = { .st_size = 0 };
	void *memory = MAP_FAILED;
	int shown;

	if (!fstat(memory_fd, &stat) && stat.st_size)
		memory = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, memory_fd, 0);
	if (memory == MAP_FAILED)
		return status ? status : run_fail(PROF_ENVIRONMENT, "no machine was started");
	shown = print(memory, (size_t)stat.st_size, file, json);
	munmap(memory, (size_t)stat.st_size);
	return status ? status : shown;
}

int cmd_metrics(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "output", required_argument, NULL, 'o' },
						 { 0 } };
	struct machine machine;
	const char *file = NULL;
	bool json = false;
	int option, status;

	/* What is not ours is for saki-run: we know it by "--", or by the first word that is no option of ours. */
	while ((option = getopt_long(argc, argv, "+o:", options, NULL)) != -1) {
		if (option == '?')
			return run_fail(PROF_USAGE, "options of saki run come behind --; see: saki prof --help");
		if (option == 'j')
			json = true;
		else
			file = optarg;
	}
	if (optind == argc)
		return run_fail(PROF_USAGE, "which program? See: saki prof --help");
	if (machine_start(&machine, NULL, 0, argv + optind, -1))
		return PROF_ENVIRONMENT;
	status = machine_wait(&machine);
	status = show(machine.memory_fd, file, json, status);
	machine_close(&machine);
	return status;
}
