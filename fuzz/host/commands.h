/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The subcommands of saki-fuzz: each gets the words after its name, parsed into options, and returns the exit status.
 */
#pragma once

#include "campaign.h"

enum { EXIT_DONE = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3, EXIT_INTERRUPTED = 130 };

#define DIRTY_COUNTS 8
#define DIRTY_MAX 256	/* pages of the bench area */

struct options {
	struct campaign campaign;	/* harness, world, engine, preset, limits, seed, corpus, out, json */
	bool fetches;			/* what it writes is wanted here */
	bool against_given;
	enum world against;		/* compare: the other world */
	bool takes_files;
	bool world_given, preset_given, harness_given;
	const char *corpus;
	uint64_t count;			/* --count */
	unsigned memory_mib;		/* --mem; 0: as it always is */
	bool profile;			/* --profile */
	unsigned batch;			/* --batch; 0: one input at a time */
	unsigned dirty[DIRTY_COUNTS], dirty_count;	/* --dirty */
	const char **words;		/* what is not an option */
	int word_count;
};

int cmd_fuzz(struct options *options);
int cmd_list(struct options *options);
int cmd_show(struct options *options);
int cmd_parse(struct options *options);
int cmd_replay(struct options *options);
int cmd_minimize(struct options *options);
int cmd_bench(struct options *options);
int cmd_verify(struct options *options);
int cmd_compare(struct options *options);
int cmd_record(struct options *options);
int cmd_inject(struct options *options);
int cmd_convert_strace(struct options *options);
int cmd_afl_runner(struct options *options);

/* The preset in use: what was asked for, or the default of world and command. */
const char *options_preset(const struct options *options, bool bench);
/* Takes harness, world and preset from the report beside an input, where the command line does not say them. */
void options_from_finding(struct options *options, const char *path);
/* What an executor for one of the commands is made of. */
void options_fill_executor(const struct options *options, const char *preset, uint64_t timeout_ns,
			   struct executor_options *filled);
/* An executor for one of the commands, or NULL after a line on stderr. */
struct executor *options_executor(const struct options *options, const char *preset, uint64_t timeout_ns);
/* One line on stderr; EXIT_USAGE. */
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
