/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer's hooks. It finds them by name in the program it is linked into.
 */
#include <fuzz/host/mutate.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
				 size_t max_size, unsigned seed);

static const char *harness_name = "syscall";
static size_t (*hear_of)(uint8_t *data, size_t max);
static struct mutator *mutator;

void mutate_for_libfuzzer(const char *harness, size_t (*hear)(uint8_t *data, size_t max))
{
	harness_name = harness;
	hear_of = hear;
	mutator_close(mutator);
	mutator = NULL;
}

static struct mutator *get_mutator(void)
{
	if (!mutator)
		mutator = mutator_open_harness(harness_name);
	if (!mutator)
		abort();
	return mutator;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t heard = hear_of ? hear_of(data, max_size) : 0;

	return heard ? heard : mutate(get_mutator(), data, size, data, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
				 size_t max_size, unsigned seed)
{
	return mutate_cross(get_mutator(), a, a_size, b, b_size, out, max_size, seed);
}
