/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of inputs: see inputs.h.
 */
#include "inputs.h"

#include <fuzz/abi/channel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "program_edit.h"
#include "program_text.h"
#include "seeds.h"
#include "store.h"

#define SEEDS_MAX 4096
#define CORPUS_MAX 65536
#define MUTANT_MAX 4096
#define MUTATIONS 3
#define BENCH_CALLS 8

static int add(struct inputs *inputs, const uint8_t *data, size_t size)
{
	struct input *item = &inputs->items[inputs->count];

	item->data = malloc(size + 1);
	if (!item->data)
		return -1;
	memcpy(item->data, data, size);
	item->size = size;
	inputs->count++;
	return 0;
}

struct collecting {
	struct inputs *inputs;
	size_t limit;
};

static int collect(const uint8_t *data, size_t size, const char *name, void *context)
{
	struct collecting *collecting = context;

	(void)name;
	return collecting->inputs->count < collecting->limit ? add(collecting->inputs, data, size) : 0;
}

static int add_mutant(struct inputs *inputs, struct mutator *mutator, size_t seeds, uint64_t seed)
{
	static uint8_t buffer[MUTANT_MAX];
	const struct input *from = &inputs->items[inputs->count % seeds];
	size_t size = from->size < MUTANT_MAX ? from->size : MUTANT_MAX;

	memcpy(buffer, from->data, size);
	for (unsigned i = 0; i < MUTATIONS; i++)
		size = mutate(mutator, buffer, size, buffer, MUTANT_MAX, seed * MUTATIONS + i);
	return add(inputs, buffer, size);
}

static int add_mutants(struct inputs *inputs, const char *harness, size_t count, uint64_t seed)
{
	struct mutator *mutator = mutator_open_harness(harness);
	size_t seeds = inputs->count;
	int err = mutator ? 0 : -1;

	while (!err && inputs->count < count)
		err = add_mutant(inputs, mutator, seeds, seed + inputs->count);
	mutator_close(mutator);
	return err;
}

int inputs_make(struct inputs *inputs, const char *harness, size_t count, uint32_t seed)
{
	struct collecting collecting = { inputs, count };

	inputs->count = 0;
	inputs->items = calloc(count, sizeof(*inputs->items));
	if (!inputs->items || seeds_foreach(harness, collect, &collecting))
		return -1;
	if (!inputs->count && add(inputs, (const uint8_t *)"\0", 1))
		return -1;
	return add_mutants(inputs, harness, count, seed);
}

int inputs_seeds(struct inputs *inputs, const char *harness)
{
	struct collecting collecting = { inputs, SEEDS_MAX };

	inputs->count = 0;
	inputs->items = calloc(SEEDS_MAX, sizeof(*inputs->items));
	return !inputs->items || seeds_foreach(harness, collect, &collecting) ? -1 : 0;
}

static int collect_file(const char *path, const char *name, void *context)
{
	size_t size;
	uint8_t *data = input_load(path, &size);
	int result = data ? collect(data, size, name, context) : -1;

	free(data);
	return result;
}

int inputs_load(struct inputs *inputs, const char *folder)
{
	struct collecting collecting = { inputs, CORPUS_MAX };

	inputs->count = 0;
	inputs->items = calloc(CORPUS_MAX, sizeof(*inputs->items));
	if (!inputs->items || folder_foreach(folder, collect_file, &collecting))
		return -1;
	if (!inputs->count)
		fprintf(stderr, "saki-fuzz: %s holds no inputs\n", folder);
	return inputs->count ? 0 : -1;
}

/* A window of BENCH_CALLS calls of a program; windows start at different places so that they differ. */
static size_t cut_program(uint8_t *buffer, const struct input *from, size_t nth)
{
	static struct program program, cut;
	struct program_copy copy;
	unsigned first;

	program_decode(&program, from->data, from->size);
	if (program.call_count < BENCH_CALLS)
		return 0;
	first = (unsigned)nth % (program.call_count - BENCH_CALLS + 1);
	program_copy_start(&copy, &program, &cut);
	for (unsigned i = 0; i < BENCH_CALLS; i++) {
		if (!program_copy_call(&copy, first + i))
			return 0;
	}
	return program_encode(&cut, buffer, MUTANT_MAX);
}

int inputs_make_bench(struct inputs *inputs, const char *harness, size_t count, uint32_t seed)
{
	static uint8_t buffer[MUTANT_MAX];
	struct inputs seeds;
	int err;

	if (strcmp(harness, "syscall"))
		return inputs_make(inputs, harness, count, seed);
	if (inputs_seeds(&seeds, harness))
		return -1;
	inputs->count = 0;
	inputs->items = calloc(count, sizeof(*inputs->items));
	err = inputs->items && seeds.count ? 0 : -1;
	for (size_t i = 0, empty = 0; !err && inputs->count < count && empty < 100 * count; i++) {
		size_t size = cut_program(buffer, &seeds.items[i % seeds.count], i / seeds.count);

		empty += !size;
		err = size ? add(inputs, buffer, size) : 0;
	}
	inputs_free(&seeds);
	if (!err && inputs->count < count) {
		fprintf(stderr, "saki-fuzz: the seeds of syscall hold no %d-call programs\n", BENCH_CALLS);
		err = -1;
	}
	return err;
}

void inputs_shuffle(size_t *order, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t j, swap;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		j = (seed >> 33) % i;
		swap = order[i - 1];
		order[i - 1] = order[j];
		order[j] = swap;
	}
}

void inputs_free(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		free(inputs->items[i].data);
	free(inputs->items);
}
