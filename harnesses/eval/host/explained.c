/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Known exceptions: see explained.h. A line each: ATTACK VARIANT PRESET OUTCOME: WHY, where the first four are
 * patterns; "#" begins a comment.
 */
#include "explained.h"

#include <errno.h>
#include <fnmatch.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

static int parse(struct explained *explained, const char *line)
{
	struct explanation *one = &explained->list[explained->count];
	int at = 0;

	if (sscanf(line, "%63s %15s %63s %23[^: \t]: %n", one->attack, one->variant, one->preset, one->outcome, &at) !=
	    4)
		return -1;
	if (!at || !line[at] || line[at] == '\n')
		return -1;
	one->why = strndup(line + at, strcspn(line + at, "\n"));
	explained->count++;
	return one->why ? 0 : -1;
}

int explained_read(struct explained *explained, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	int number = 0, status = 0;

	explained->count = 0;
	explained->list = calloc(EXPLAINED_MAX, sizeof(*explained->list));
	if (!explained->list)
		return run_fail(EVAL_ENVIRONMENT, "no memory");
	if (!file)
		return errno == ENOENT ? 0 : run_fail(EVAL_ENVIRONMENT, "%s: %s", path, strerror(errno));
	while (!status && fgets(line, sizeof(line), file)) {
		number++;
		if (strchr("#\n", line[strspn(line, " \t")]))
			continue;
		if (explained->count == EXPLAINED_MAX || parse(explained, line))
			status = run_fail(EVAL_ENVIRONMENT, "%s:%d: ATTACK VARIANT PRESET OUTCOME: WHY is wanted", path,
					  number);
	}
	fclose(file);
	return status;
}

const char *explained_find(const struct explained *explained, const char *attack, const char *variant,
			   const char *preset, const char *outcome)
{
	for (size_t i = 0; i < explained->count; i++) {
		struct explanation *one = &explained->list[i];

		if (fnmatch(one->attack, attack, 0) || fnmatch(one->variant, variant, 0) ||
		    fnmatch(one->preset, preset, 0) || fnmatch(one->outcome, outcome, 0))
			continue;
		one->used = 1;
		return one->why;
	}
	return NULL;
}

void explained_free(struct explained *explained)
{
	for (size_t i = 0; i < explained->count; i++)
		free(explained->list[i].why);
	free(explained->list);
	*explained = (struct explained){ 0 };
}
