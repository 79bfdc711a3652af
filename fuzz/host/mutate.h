/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mutation of inputs, the same for every engine. Programs are changed as programs: calls come and go with what they
 * need, arguments change by their type; the result is always canonical. Inputs of other harnesses are changed as bytes.
 * Both use the kernel's recent comparisons (fuzz/abi/compares.h). All is determined by seed, input and comparisons.
 */
#pragma once

#include <fuzz/abi/compares.h>
#include <stddef.h>
#include <stdint.h>

struct mutator;

enum mutate_kind {
	MUTATE_PROGRAM,
	MUTATE_BYTES,
};

/* NULL: no memory. compares may be NULL. */
struct mutator *mutator_open(enum mutate_kind kind, const struct compares *compares);
/* For a harness, with the comparisons that SAKI_COMPARES names, if it does and they can be mapped. */
struct mutator *mutator_open_harness(const char *harness);
void mutator_close(struct mutator *mutator);

/**
 * Writes a changed form of data to out, at most max bytes. data and out may be the same memory.
 * @return its size, at least 1 when max allows a call.
 */
size_t mutate(struct mutator *mutator, const uint8_t *data, size_t size, uint8_t *out, size_t max, uint64_t seed);
/* A mix of two inputs. */
size_t mutate_cross(struct mutator *mutator, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
		    uint8_t *out, size_t max, uint64_t seed);
/*
 * In place, with a mutator of its own for the harness and without comparisons: for sets of mutants. @return the new
 * size.
 */
size_t mutate_input(const char *harness, uint8_t *data, size_t size, size_t max, uint32_t seed);
/* What the last mutation did, for AFL++'s names of files: "insert-arg". */
const char *mutate_describe(const struct mutator *mutator);

/*
 * Chooses the mutator that libFuzzer's hooks (LLVMFuzzerCustomMutator, LLVMFuzzerCustomCrossOver) use; before it
 * starts. hear, if not NULL, has inputs that are to be run instead of mutants, at most max bytes each; 0: none.
 */
void mutate_for_libfuzzer(const char *harness, size_t (*hear)(uint8_t *data, size_t max));
