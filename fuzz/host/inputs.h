/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of inputs in memory: seeds and, as far as wanted, mutants of them, made from a fixed seed so that every run has
 * the same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct input {
	uint8_t *data;
	size_t size;
};

struct inputs {
	struct input *items;
	size_t count;
};

/* The seeds of a harness, then mutants until there are count. At least count 1. 0, or -1 with a line on stderr. */
int inputs_make(struct inputs *inputs, const char *harness, size_t count, uint32_t seed);
/* The seeds alone; there may be none. */
int inputs_seeds(struct inputs *inputs, const char *harness);
/* What bench replays: for programs, count programs of 8 calls each, cut from the seeds; else as inputs_make(). */
int inputs_make_bench(struct inputs *inputs, const char *harness, size_t count, uint32_t seed);
/* All files of a folder, by name. 0, or -1 with a line on stderr. */
int inputs_load(struct inputs *inputs, const char *folder);
/* Fisher-Yates with a fixed generator. order holds count indices. */
void inputs_shuffle(size_t *order, size_t count, uint64_t seed);
void inputs_free(struct inputs *inputs);
