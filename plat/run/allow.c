/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of system calls that a program may make: what --syscalls has printed (a table: how often each was made, how
 * often it failed, its name), among whatever else went to the same file, or lines that are names.
 */
#include "run.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 63

/* The name in a line; 0: it has none. */
static int name_in(const char *line, char name[NAME_MAX_LEN + 1])
{
	unsigned long calls, errors;
	char rest;

	if (sscanf(line, "%lu %lu %63[a-z0-9_]", &calls, &errors, name) == 3)
		return 1;
	return sscanf(line, " %63[a-z0-9_] %c", name, &rest) == 1 && !isdigit((unsigned char)name[0]);
}

int allow_list_read(const char *path, char **names)
{
	FILE *file = fopen(path, "r"), *list;
	char line[512], name[NAME_MAX_LEN + 1];
	size_t size = 0;

	if (!file)
		return run_fail(RUN_USAGE, "--allow-list %s: %s", path, strerror(errno));
	free(*names);
	*names = NULL;
	list = open_memstream(names, &size);
	while (list && fgets(line, sizeof(line), file))
		if (name_in(line, name))
			fprintf(list, "%s%s", ftell(list) > 0 ? "," : "", name);
	fclose(file);
	if (!list || fclose(list))
		return run_fail(RUN_ENVIRONMENT, "no memory");
	return size ? 0 : run_fail(RUN_USAGE, "--allow-list %s: there is no system call in it", path);
}
