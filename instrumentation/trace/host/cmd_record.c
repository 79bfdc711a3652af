/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki trace record: what is to be recorded, as words for the kernel.
 */
#include <getopt.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../description.h"
#include "commands.h"
#include "functions.h"
#include "pattern.h"
#include "recorder.h"

#define DEFAULT_EVENTS "sched:*,syscall:*,irq:*,block:*,net:*,page_fault"

struct choice {
	char *events, *chains;	/* lists of patterns; NULL: none */
	const char *functions, *ring, *preset, *folder;
	bool graph;
};

/* Adds to a list with commas between. */
static int add(char **list, const char *more)
{
	char *all;

	if (asprintf(&all, "%s%s%s", *list ? *list : "", *list ? "," : "", more) < 0)
		return run_fail(RECORDER_ENVIRONMENT, "no memory");
	free(*list);
	*list = all;
	return 0;
}

/* -1 to go on; else an exit status. */
static int options_parse(struct choice *choice, int argc, char **argv)
{
	static const struct option names[] = {
		{ "event", required_argument, NULL, 'e' },     { "chain", required_argument, NULL, 'c' },
		{ "functions", required_argument, NULL, 'f' }, { "graph", no_argument, NULL, 'g' },
		{ "ring", required_argument, NULL, 'r' },      { "preset", required_argument, NULL, 'p' },
		{ 0 },
	};
	int option, status = 0;

	while (!status && (option = getopt_long(argc, argv, "+e:o:", names, NULL)) != -1) {
		switch (option) {
		case 'e': status = add(&choice->events, optarg); break;
		case 'c': status = add(&choice->chains, optarg); break;
		case 'f': choice->functions = optarg; break;
		case 'g': choice->graph = true; break;
		case 'r': choice->ring = optarg; break;
		case 'p': choice->preset = optarg; break;
		case 'o': choice->folder = optarg; break;
		default: return run_fail(RECORDER_USAGE, "see: saki trace --help; saki run's options go after \"--\"");
		}
	}
	if (status)
		return status;
	if (optind == argc)
		return run_fail(RECORDER_USAGE, "record: which program? See: saki trace --help");
	return choice->graph && !choice->functions ? run_fail(RECORDER_USAGE, "--graph: of which --functions?") : -1;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text >= 0x7f || strchr("%\"", *text))
			return false;
	return true;
}

static int add_patterns(FILE *line, const struct stream_events *events, const char *option, const char *list)
{
	char error[STREAM_ERROR], *word;

	if (!list)
		return 0;
	if (pattern_check(events, list, &word, error))
		return run_fail(RECORDER_USAGE, "%s", error);
	if (!is_plain(word)) {
		free(word);
		return run_fail(RECORDER_USAGE, "\"%s\" is no list of events", list);
	}
	fprintf(line, "%s%s=%s", ftell(line) > 0 ? " " : "", option, word);
	free(word);
	return 0;
}

static const char *preset_of(const struct choice *choice)
{
	return choice->preset ? choice->preset : choice->functions ? "profile" : "default";
}

/* The kernel has no names: it is told the places. */
static int add_functions(FILE *line, const struct choice *choice)
{
	char error[STREAM_ERROR], *image = image_path(preset_of(choice)), *bitmap;
	size_t count;

	if (!image)
		return RECORDER_ENVIRONMENT;
	bitmap = functions_choose(image, choice->functions, &count, error);
	free(image);
	if (!bitmap)
		return run_fail(RECORDER_USAGE, "--functions: %s", error);
	fprintf(line, "%strace.functions=%s", ftell(line) > 0 ? " " : "", bitmap);
	free(bitmap);
	return 0;
}

/* The kernel's words. 0 or an exit status, after an error line. */
static int add_words(FILE *line, const struct choice *choice)
{
	struct stream_events events;
	char error[STREAM_ERROR];
	int status;

	if (stream_events_parse(&events, trace_description, trace_description_size, error))
		return run_fail(RECORDER_ENVIRONMENT, "%s", error);
	status = add_patterns(line, &events, "trace",
			      choice->events || choice->functions ? choice->events : DEFAULT_EVENTS);
	if (!status)
		status = add_patterns(line, &events, "trace.chain", choice->chains);
	stream_events_free(&events);
	if (status)
		return status;
	if (choice->functions && (!*choice->functions || !is_plain(choice->functions)))
		return run_fail(RECORDER_USAGE, "--functions \"%s\": names, with * and ? in them", choice->functions);
	if (choice->ring && !recorder_ring_fits(choice->ring))
		return run_fail(RECORDER_USAGE, "--ring %s: " RECORDER_RINGS, choice->ring);
	if (choice->functions)
		status = add_functions(line, choice);
	if (status)
		return status;
	if (choice->graph)
		fputs(" trace.exits", line);
	if (choice->ring)
		fprintf(line, " trace.ring=%s", choice->ring);
	return 0;
}

static int record(const struct choice *choice, char **program)
{
	struct recorder_options options = { .folder = choice->folder,
					    .preset = preset_of(choice),
					    .arguments = program };
	struct recorder_result result;
	char *words = NULL;
	size_t size = 0;
	FILE *line = open_memstream(&words, &size);
	int status = line ? add_words(line, choice) : run_fail(RECORDER_ENVIRONMENT, "no memory");

	if (line)
		fclose(line);
	options.words = words;
	if (!status) {
		status = recorder_run(&options, &result);
		if (result.is_traced && choice->functions && !result.functions)
			run_fail(0, "no function of the kernel is \"%s\" (preset %s)", choice->functions,
				 options.preset);
		if (result.is_traced)
			run_fail(0, "%llu KiB of records in %s; see: saki trace text %s",
				 (unsigned long long)(result.bytes + 1023) >> 10, options.folder, options.folder);
	}
	free(words);
	return status;
}

int cmd_record(int argc, char **argv)
{
	struct choice choice = { .folder = "trace" };
	int status = options_parse(&choice, argc, argv);

	if (status < 0)
		status = record(&choice, argv + optind);
	free(choice.events);
	free(choice.chains);
	return status;
}
