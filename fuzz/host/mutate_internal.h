/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the mutator share. Programs are never changed in place: each operation copies from->to with a
 * difference.
 */
#pragma once

#include <fuzz/abi/channel.h>
#include <fuzz/host/mutate.h>
#include <fuzz/host/program_internal.h>

#define MUTATE_POOL (2 * CHANNEL_INPUT_MAX)
#define MUTATE_NONE UINT16_MAX

struct mutator {
	enum mutate_kind kind;
	const struct compares *compares; /* may be NULL */
	size_t compares_mapped;   /* bytes to unmap at the end */
	uint64_t random;
	struct program programs[2], other;
	struct program *from, *to;
	uint16_t map[PROGRAM_RESOURCES_MAX]; /* resource of from (or other) -> resource of to; MUTATE_NONE */
	uint8_t threads[PROGRAM_THREADS_MAX]; /* the same for threads; 0: not there, or the first one */
	char description[64];
	uint8_t input[CHANNEL_INPUT_MAX]; /* a copy: the caller's memory is the output's */
	size_t pool_used;
	uint8_t pool[MUTATE_POOL];  /* literals made by this mutation */
};

/* ---- the mutator: mutate.c ---- */

unsigned mutate_count_calls(struct mutator *m, const uint8_t *data, size_t size);
/* The program without one of its calls; 0: nothing is left, or it does not fit. */
size_t mutate_without_call(struct mutator *m, const uint8_t *data, size_t size, unsigned index, uint8_t *out,
			   size_t max);

/* ---- chance: mutate_random.c ---- */

uint64_t random_next(struct mutator *m);
/* 0 <= result < n; n > 0. */
uint64_t random_below(struct mutator *m, uint64_t n);
/* True in `percent` of 100 cases. */
bool random_chance(struct mutator *m, unsigned percent);
/* A number that tends to break things: boundaries, small ones, addresses, powers of two and their neighbours. */
uint64_t random_number(struct mutator *m);
/* A recent comparison of the kernel; false when there is none. */
bool random_compare(struct mutator *m, struct channel_compare *compare);
/* Room in the pool; NULL when it is full. */
uint8_t *pool_take(struct mutator *m, size_t len);

/* ---- which calls make and take what: mutate_tables.c ---- */

void tables_init(void);
/* A call that the harness makes. */
const struct desc_call *tables_random_call(struct mutator *m);
/* A call that makes a resource of this kind; NULL: none does. */
const struct desc_call *tables_producer(struct mutator *m, const struct desc_resource *want);
/* A call that takes it; NULL. */
const struct desc_call *tables_consumer(struct mutator *m, const struct desc_resource *have);
/* Calls visit for each resource that the call takes, also in memory. */
void tables_foreach_need(const struct desc_call *desc, void (*visit)(const struct desc_resource *want, void *context),
			 void *context);

/* ---- values: mutate_value.c ---- */

/* Appends a random value to m->to. fields: the arguments or the struct that it belongs to. False: no room. */
bool value_add(struct mutator *m, const struct desc_type *type, enum desc_dir dir, const struct desc_field *fields);
/* Gives a resource node something else to refer to; before: the number of resources that exist then. */
void value_choose_resource(struct mutator *m, struct program_node *node, unsigned before);
/* A random number for a node of one word. */
uint64_t value_number(struct mutator *m, const struct desc_type *type);
void value_set_blob(struct mutator *m, struct program_node *node);
uint64_t value_written_length(struct mutator *m);

/* ---- a call's arguments: mutate_arg.c ---- */

/* Copies call `index` of from to m->to with one argument changed. False: no room. */
bool arg_copy_changed(struct mutator *m, const struct program *from, unsigned index);

/* ---- calls: mutate_call.c ---- */

/* Opens a call in m->to that is a copy of one of `from`, with its thread. False: no room. */
bool call_begin_copy(struct mutator *m, const struct program_call *call);
/* Copies nodes [start, end) of from to m->to; references go through the map or find something else. False: no room. */
bool call_copy_nodes(struct mutator *m, const struct program *from, unsigned start, unsigned end);
/* Closes the call in m->to that was copied from call `index`, and maps what it makes. */
bool call_end_copy(struct mutator *m, const struct program *from, unsigned index);
bool call_copy(struct mutator *m, const struct program *from, unsigned index);
/* All of it after call_begin_copy(), or a beginning of another kind. */
bool call_copy_rest(struct mutator *m, const struct program *from, unsigned index);
/* Appends a new call, after others that make what it needs, as chance has it. */
bool call_add(struct mutator *m, const struct desc_call *desc, unsigned depth);
/* A call that would do something with what there is. */
const struct desc_call *call_choose(struct mutator *m);

/* ---- inputs of other harnesses: mutate_bytes.c ---- */

size_t bytes_mutate(struct mutator *m, size_t size, uint8_t *out, size_t max);
size_t bytes_cross(struct mutator *m, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max);
/* Changes a byte string of the pool in place of length len with room for max. @return the new length. */
size_t bytes_change(struct mutator *m, uint8_t *data, size_t len, size_t max);
