/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-eval: what its parts have in common. One cmd_<name>() a subcommand.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses, beside 0: as expected. */
#define EVAL_UNEXPECTED 1
#define EVAL_USAGE 2
#define EVAL_ENVIRONMENT 3

struct eval_options {
	const char *presets, *attacks, *out;
	unsigned boots;		/* 0: as many as each cell needs */
	unsigned jobs;
	double limit_s;
	bool json, costs;
	/* judge: */
	const char *attack, *variant, *on, *stopped_by, *end;
	uint64_t nonce;
	char **words;
	int word_count;
};

int cmd_matrix(const struct eval_options *options);
int cmd_list(const struct eval_options *options);
int cmd_entropy(const struct eval_options *options);
/* Judges a recorded console: for tests. */
int cmd_judge(const struct eval_options *options);

/* A line on a terminal's standard error that is replaced by the next one; nothing elsewhere. */
void progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void progress_end(void);

/* Random bits of this machine. */
uint64_t fresh_nonce(void);
