/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the commands that show a recording have in common: their options, and the recording.
 */
#pragma once

#include "prof.h"
#include "profile.h"

#include <stdio.h>

/* As saki run has them. */
enum { EXIT_DONE = 0, EXIT_NOTHING = 1, EXIT_USAGE = PROF_USAGE, EXIT_ENVIRONMENT = PROF_ENVIRONMENT };

struct view {
	const char *command;
	const char *files[2];
	const char *out;		/* NULL: standard output, or as the command has it */
	const char *event_name;		/* NULL: the first that has samples */
	unsigned top;			/* rows of a table */
	bool json, live, open, wakers;
	struct profile *profiles[2];
	uint32_t event;			/* of the first */
	uint32_t events[2];
};

#define VIEW_JSON 1u
#define VIEW_OPEN 2u
#define VIEW_OUT 4u
#define VIEW_WAKERS 8u

/**
 * Reads the options of a command, then its files.
 *
 * @param count	of files that it takes
 * @param may	VIEW_*, which options it has beside --event and --live
 * @return -1 to go on, then view_close(); else an exit status, after a line of error or the help
 */
int view_open(struct view *view, int argc, char **argv, int count, unsigned may);
void view_close(struct view *view);

/* Where the output goes; NULL after a line of error. To be ended by view_finish(), which returns the exit status. */
FILE *view_out(struct view *view);
int view_finish(struct view *view, FILE *out);

/* "ns", "bytes", "samples" */
const char *view_unit(const struct view *view);
/* A value for people, such as "1.25 ms" or "12.0 KiB". Static memory, of which four are in use at once. */
const char *view_value(const struct view *view, uint64_t value);
