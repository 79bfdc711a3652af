/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki eval list: the attacks, the defences and the presets.
 */
#include <fuzz/host/json.h>
#include <stdio.h>
#include <string.h>

#include "attacks.h"
#include "defences.h"
#include "eval.h"
#include "presets.h"
#include "report.h"

static void put_json(const struct attacks *attacks, const struct presets *presets)
{
	struct json json = { .out = stdout };

	json_open(&json, NULL, '{');
	attacks_json(&json, attacks);
	json_open(&json, "defences", '[');
	for (enum defence d = 0; d < DEFENCES; d++) {
		json_open(&json, NULL, '{');
		json_string(&json, "name", defences[d].name);
		json_string(&json, "option", defences[d].option);
		json_bool(&json, "reports", defences[d].reports);
		json_bool(&json, "probabilistic", defences[d].is_probabilistic);
		json_string(&json, "about", defences[d].about);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_open(&json, "presets", '[');
	for (size_t i = 0; i < presets->count; i++)
		json_string(&json, NULL, presets->list[i].name);
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}

static void put_attack(const struct attack *a)
{
	char names[200];

	printf("  %-28s %s, %s", a->name, a->primitive, a->knowledge);
	if (a->tries > 1)
		printf(", %u tries", a->tries);
	printf("%s\n", a->has_adaptive ? ", adaptive too" : "");
	if (*a->about)
		printf("    %s\n", a->about);
	defence_names(a->stopped_by, names, sizeof(names));
	printf("    %s%s", *names ? "stopped by: " : "negative control: nothing should stop it", names);
	defence_names(a->aims_at, names, sizeof(names));
	printf("%s%s\n", *names ? "; aims at: " : "", names);
}

static void put_text(const struct attacks *attacks, const struct presets *presets)
{
	const char *family = "";
	size_t column = 0;

	for (size_t i = 0; i < attacks->count; i++) {
		if (strcmp(family, attacks->list[i].family))
			printf("%s%s\n", i ? "\n" : "", attacks->list[i].family);
		family = attacks->list[i].family;
		put_attack(&attacks->list[i]);
	}
	printf("\n%zu attacks\n\ndefences\n", attacks->count);
	for (enum defence d = 0; d < DEFENCES; d++)
		printf("  %-15s %s%s\n", defences[d].name, defences[d].about,
		       defences[d].reports ? "" : " (does not report)");
	printf("\npresets\n ");
	for (size_t i = 0; i < presets->count; i++) {
		column += strlen(presets->list[i].name) + 1;
		if (column > 78) {
			printf("\n ");
			column = strlen(presets->list[i].name) + 1;
		}
		printf(" %s", presets->list[i].name);
	}
	putchar('\n');
}

/* The preset that is asked for is enough to know the attacks, which all have in common. */
int cmd_list(const struct eval_options *o)
{
	static struct presets presets, all;
	static struct attacks attacks;
	int status = presets_choose(&presets, o->presets ? o->presets : "none");

	presets.count = 1;
	if (!status)
		status = presets_choose(&all, NULL);
	if (!status)
		status = presets_build(&presets);
	if (!status)
		status = attacks_ask(&attacks, presets.list[0].image, o->limit_s);
	presets_free(&presets);
	if (status)
		return status;
	attacks_filter(&attacks, o->attacks);
	if (o->json)
		put_json(&attacks, &all);
	else
		put_text(&attacks, &all);
	return 0;
}
