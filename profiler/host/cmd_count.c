/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof count: instructions, each counted where it was executed, by function and object.
 */
#include "tally.h"
#include "view.h"

#include <errno.h>
#include <ftw.h>
#include <fuzz/host/json.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct counts {
	const char *preset, *top;
	bool json;
	const struct profile *profile;
	struct tally tally;
};

static const char *object_name(const struct counts *c, uint32_t object)
{
	return profile_text(c->profile, c->profile->objects[object].name);
}

static const struct profile_function *function(const struct counts *c, size_t row)
{
	return &c->profile->functions[c->tally.functions[row].id];
}

static void put_text(const struct counts *c, size_t top)
{
	double all = (double)(c->tally.total ? c->tally.total : 1) / 100;

	printf("%" PRIu64 " instructions\n\n%16s  %7s  object\n", c->tally.total, "instructions", "");
	for (size_t i = 0; i < c->tally.object_count && i < top; i++)
		printf("%16" PRIu64 "  %6.2f%%  %s\n", c->tally.objects[i].self, (double)c->tally.objects[i].self / all,
		       object_name(c, c->tally.objects[i].id));
	printf("\n%16s  %7s  %-40s  object\n", "instructions", "", "function");
	for (size_t i = 0; i < c->tally.function_count && i < top; i++)
		printf("%16" PRIu64 "  %6.2f%%  %-40s  %s\n", c->tally.functions[i].self,
		       (double)c->tally.functions[i].self / all, profile_text(c->profile, function(c, i)->name),
		       object_name(c, function(c, i)->object));
}

static void put_json(const struct counts *c)
{
	struct json json = { .out = stdout };

	json_open(&json, NULL, '{');
	json_number(&json, "instructions", c->tally.total);
	json_open(&json, "objects", '[');
	for (size_t i = 0; i < c->tally.object_count; i++) {
		json_open(&json, NULL, '{');
		json_string(&json, "name", object_name(c, c->tally.objects[i].id));
		json_number(&json, "instructions", c->tally.objects[i].self);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_open(&json, "functions", '[');
	for (size_t i = 0; i < c->tally.function_count; i++) {
		json_open(&json, NULL, '{');
		json_string(&json, "name", profile_text(c->profile, function(c, i)->name));
		json_string(&json, "object", object_name(c, function(c, i)->object));
		json_number(&json, "instructions", c->tally.functions[i].self);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}

static int show(struct counts *c, const char *file)
{
	char *argv[] = { "count", "--event", "instructions", "--top", (char *)c->top, (char *)file, NULL };
	struct view view;
	int status = view_open(&view, 6, argv, 1, VIEW_JSON);

	if (status >= 0)
		return status;
	c->profile = view.profiles[0];
	tally_make(&c->tally, c->profile, view.event);
	if (c->json)
		put_json(c);
	else
		put_text(c, view.top);
	status = view_finish(&view, stdout);
	tally_free(&c->tally);
	view_close(&view);
	return status;
}

static int forget_one(const char *path, const struct stat *stat, int type, struct FTW *place)
{
	(void)stat;
	(void)type;
	(void)place;
	return remove(path);
}

int cmd_count(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },	  { "output", required_argument, NULL, 'o' },
		{ "preset", required_argument, NULL, 'p' }, { "top", required_argument, NULL, 't' },
		{ 0 },
	};
	char folder[] = "/tmp/saki-count-XXXXXX", file[sizeof(folder) + 16];
	const char *out = file;
	struct counts c = { .preset = "default", .top = "20" };
	int option, status, shown;

	while ((option = getopt_long(argc, argv, "+o:", options, NULL)) != -1) {
		switch (option) {
		case 'j': c.json = true; break;
		case 'o': out = optarg; break;
		case 'p': c.preset = optarg; break;
		case 't': c.top = optarg; break;
		default: return run_fail(PROF_USAGE, "saki run's options go after \"--\"; see: saki prof --help");
		}
	}
	if (optind == argc)
		return run_fail(PROF_USAGE, "count: which program? See: saki prof --help");
	if (!mkdtemp(folder))
		return run_fail(PROF_ENVIRONMENT, "%s: %s", folder, strerror(errno));
	snprintf(file, sizeof(file), "%s/perf.data", folder);
	/* What is there afterwards is new. */
	unlink(out);
	status = record_counts(out, c.preset, argv + optind, argv);
	shown = access(out, R_OK) ? 0 : show(&c, out);
	nftw(folder, forget_one, 8, FTW_DEPTH | FTW_PHYS);
	return status ? status : shown;
}
