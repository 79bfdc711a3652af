/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading kallsyms: see kallsyms.h. A line is "address type name", and for modules "[module]".
 */
#include "kallsyms.h"

#include "profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_KALLSYMS 511	/* KSYM_NAME_LEN */

struct name {
	uint64_t start;
	char *text;
};

struct kallsyms {
	struct name *names;
	size_t count;
};

static int compare_names(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static void read_line(struct kallsyms *k, char *line)
{
	char *end;
	uint64_t start = strtoull(line, &end, 16);

	if (end == line || end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) || end[2] != ' ')
		return;
	end += 3;
	end[strcspn(end, " \t\n")] = '\0';
	k->names = memory_more(k->names, k->count, sizeof(*k->names));
	k->names[k->count].text = strdup(end);
	if (k->names[k->count].text)
		k->names[k->count++].start = start;
}

struct kallsyms *kallsyms_open(const char *path)
{
	struct kallsyms *k = memory_new(1, sizeof(*k));
	FILE *file = fopen(path, "re");
	char line[NAME_MAX_KALLSYMS + 128];

	while (file && fgets(line, sizeof(line), file))
		read_line(k, line);
	if (file)
		fclose(file);
	if (!k->count) {
		kallsyms_close(k);
		return NULL;
	}
	qsort(k->names, k->count, sizeof(*k->names), compare_names);
	return k;
}

void kallsyms_close(struct kallsyms *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++)
		free(k->names[i].text);
	free(k->names);
	free(k);
}

const char *kallsyms_function(const struct kallsyms *k, uint64_t address)
{
	size_t low = 0, high = k->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->names[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? k->names[low - 1].text : NULL;
}
