/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The attacks of an image: see attacks.h. A line each, its fields with tabs between them:
 *
 *	attack-list: NAME FAMILY PRIMITIVE KNOWLEDGE TRIES STOPPED_BY AIMS_AT VARIANTS ABOUT
 *
 * where STOPPED_BY is names of defences with blanks between them, and VARIANTS those of benign and adaptive that it
 * has.
 */
#include "attacks.h"

#include <fnmatch.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "defences.h"
#include "eval.h"
#include "pool.h"

#define START "attack-list: "
#define TRIES_MAX 10000

enum { NAME, FAMILY, PRIMITIVE, KNOWLEDGE, TRIES, STOPPED_BY, AIMS_AT, FIELD_VARIANTS, ABOUT, FIELDS };

/* Cuts a line at its tabs. @return how many fields it had */
static int split(char *line, char *fields[FIELDS])
{
	int count = 0;

	while (count < FIELDS && line) {
		fields[count++] = line;
		line = strchr(line, '\t');
		if (line)
			*line++ = '\0';
	}
	for (int i = count; i < FIELDS; i++)
		fields[i] = "";
	return count;
}

static bool name_is_plain(const char *name)
{
	return *name && strlen(name) < ATTACK_NAME &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

static void parse_line(struct attacks *attacks, const char *text)
{
	struct attack *attack = &attacks->list[attacks->count];
	char line[1024], *fields[FIELDS];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\r\n"), text);
	if (attacks->count == ATTACKS_MAX || split(line, fields) < STOPPED_BY || !name_is_plain(fields[NAME]))
		return;
	memset(attack, 0, sizeof(*attack));
	copy_line(attack->name, sizeof(attack->name), fields[NAME]);
	copy_line(attack->family, sizeof(attack->family), fields[FAMILY]);
	copy_line(attack->primitive, sizeof(attack->primitive), fields[PRIMITIVE]);
	copy_line(attack->knowledge, sizeof(attack->knowledge), fields[KNOWLEDGE]);
	copy_line(attack->about, sizeof(attack->about), fields[ABOUT]);
	attack->tries = (unsigned)strtoul(fields[TRIES], NULL, 10);
	attack->tries = !attack->tries ? 1 : attack->tries > TRIES_MAX ? TRIES_MAX : attack->tries;
	if (!defence_parse_set(fields[STOPPED_BY], &attack->stopped_by) ||
	    !defence_parse_set(fields[AIMS_AT], &attack->aims_at))
		run_fail(0, "attack %s: stopped by \"%.100s\", aims at \"%.100s\": not all of these are defences",
			 attack->name, fields[STOPPED_BY], fields[AIMS_AT]);
	attack->has_benign = strstr(fields[FIELD_VARIANTS], "benign") != NULL;
	attack->has_adaptive = strstr(fields[FIELD_VARIANTS], "adaptive") != NULL;
	attacks->count++;
}

void attacks_parse(struct attacks *attacks, const char *text)
{
	attacks->count = 0;
	while (*text) {
		if (!strncmp(text, START, strlen(START)))
			parse_line(attacks, text + strlen(START));
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

static int by_family(const void *a, const void *b)
{
	const struct attack *left = a, *right = b;
	int order = strcmp(left->family, right->family);

	return order ? order : strcmp(left->name, right->name);
}

/* One of several patterns, with commas between them. */
static bool matches(const char *name, const char *globs)
{
	char glob[ATTACK_NAME];

	for (; *globs; globs += strspn(globs, ",")) {
		size_t len = strcspn(globs, ",");

		snprintf(glob, sizeof(glob), "%.*s", (int)(len < sizeof(glob) ? len : sizeof(glob)), globs);
		if (!fnmatch(glob, name, 0))
			return true;
		globs += len;
	}
	return false;
}

void attacks_filter(struct attacks *attacks, const char *globs)
{
	size_t kept = 0;

	for (size_t i = 0; i < attacks->count; i++)
		if (!globs || matches(attacks->list[i].name, globs))
			attacks->list[kept++] = attacks->list[i];
	attacks->count = kept;
	qsort(attacks->list, kept, sizeof(attacks->list[0]), by_family);
}

/* ---- asking ---- */

struct asking {
	struct attacks *attacks;
	struct boot boot;
	bool asked, ended;
	char said[160];
};

static bool ask_next(void *arg, struct boot *boot)
{
	struct asking *asking = arg;

	if (asking->asked)
		return false;
	asking->asked = true;
	*boot = asking->boot;
	return true;
}

static void ask_done(void *arg, const struct boot *boot, const struct booted *booted)
{
	struct asking *asking = arg;
	const char *text = booted->evidence.end == END_NO_MACHINE ? booted->evidence.error : booted->evidence.text;

	(void)boot;
	copy_line(asking->said, sizeof(asking->said), text + strspn(text, "\n"));
	if (booted->evidence.end != END_NO_MACHINE)
		attacks_parse(asking->attacks, text);
}

int attacks_ask(struct attacks *attacks, const char *image, double limit_s)
{
	struct asking asking = { .attacks = attacks,
				 .boot = { .kernel = image, .line = "attack=list", .limit_s = limit_s } };
	struct pool_work work = { .next = ask_next, .done = ask_done, .arg = &asking };
	int status = pool_run(&work, 1);

	if (status)
		return status;
	if (!attacks->count)
		return run_fail(EVAL_ENVIRONMENT, "%s lists no attacks; it says: %s", image,
				*asking.said ? asking.said : "nothing");
	return 0;
}
