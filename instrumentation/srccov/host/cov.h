/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of saki-cov share: the tables of an image with source coverage, and the sum of its counters.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

#define COV_ERROR 256 /* bytes of a message */

/* Where the counters of an image are, and what says what they count. */
struct image_tables {
	uint64_t counters_phys;  /* in the machine's memory */
	uint64_t counters_virt;
	size_t counter_count;  /* of 64-bit counters */
	uint64_t data_virt, names_virt;
	uint8_t *data, *names;  /* the sections' content */
	size_t data_size, names_size;
};

/* Reads an ELF image. 0, or -1 with one line in error. */
int image_tables_read(struct image_tables *tables, const char *path, char *error);
void image_tables_free(struct image_tables *tables);

/* What a replay did. */
struct replay {
	uint64_t *counters;  /* sums, tables->counter_count of them */
	size_t inputs, findings;
	char image[4096];
	struct image_tables tables;
};

struct replay_options {
	const char *harness, *world, *preset;
	const char **corpus;  /* files and folders */
	int corpus_count;
};

/* Runs every input once. 0, or -1 with one line on stderr. */
int corpus_replay(struct replay *replay, const struct replay_options *options);

/* Writes LLVM's raw profile, version 10. 0, or -1 with errno. */
int profile_write(const char *path, const struct image_tables *tables, const uint64_t *counters);
