/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mutator: reads an input, applies a few operations on its calls, writes the canonical form.
 */
#include <fcntl.h>
#include <fuzz/host/mutate_internal.h>
#include <fuzz/host/program_edit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPERATIONS_MAX 4
/*
 * Long programs take long and hide which call matters: beyond so many calls they do not grow, and are cut to a few of
 * them now and then.
 */
#define LONG 8
#define SLICE 5

struct mutator *mutator_open(enum mutate_kind kind, const struct compares *compares)
{
	struct mutator *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	tables_init();
	m->kind = kind;
	m->compares = compares;
	return m;
}

/* The engine's runner may come later than we do, so a file that is not there yet is made. */
static const struct compares *map_compares(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	const struct compares *compares = MAP_FAILED;
	struct stat info;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) == 0 &&
	    (info.st_size >= (off_t)sizeof(*compares) || posix_fallocate(fd, 0, sizeof(*compares)) == 0))
		compares = mmap(NULL, sizeof(*compares), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return compares == MAP_FAILED ? NULL : compares;
}

struct mutator *mutator_open_harness(const char *harness)
{
	const char *path = getenv("SAKI_COMPARES");
	const struct compares *compares = path && *path ? map_compares(path) : NULL;
	struct mutator *m = mutator_open(strcmp(harness, "syscall") == 0 ? MUTATE_PROGRAM : MUTATE_BYTES, compares);

	if (m && compares)
		m->compares_mapped = sizeof(*compares);
	return m;
}

void mutator_close(struct mutator *m)
{
	if (m && m->compares_mapped)
		munmap((void *)m->compares, m->compares_mapped);
	free(m);
}

/* ---- operations: each fills m->to from m->from ---- */

static void start(struct mutator *m)
{
	program_clear(m->to);
	memset(m->threads, 0, sizeof(m->threads));
	memset(m->map, 0xff, sizeof(m->map));
}

/* What no longer fits is left out. */
static void copy_range(struct mutator *m, const struct program *from, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		call_copy(m, from, i);
}

static void insert_call(struct mutator *m)
{
	unsigned count = m->from->call_count;
	unsigned at = random_chance(m, 50) ? count : (unsigned)random_below(m, count + 1);

	copy_range(m, m->from, 0, at);
	call_add(m, call_choose(m), 0);
	copy_range(m, m->from, at, count);
}

static void remove_call(struct mutator *m)
{
	unsigned gone = (unsigned)random_below(m, m->from->call_count);

	copy_range(m, m->from, 0, gone);
	copy_range(m, m->from, gone + 1, m->from->call_count);
}

static void replace_call(struct mutator *m)
{
	unsigned gone = (unsigned)random_below(m, m->from->call_count);

	copy_range(m, m->from, 0, gone);
	call_add(m, call_choose(m), 0);
	copy_range(m, m->from, gone + 1, m->from->call_count);
}

static void duplicate_call(struct mutator *m)
{
	unsigned twice = (unsigned)random_below(m, m->from->call_count);
	unsigned at = twice + 1 + (unsigned)random_below(m, m->from->call_count - twice);

	copy_range(m, m->from, 0, at);
	call_copy(m, m->from, twice);
	copy_range(m, m->from, at, m->from->call_count);
}

static void move_call(struct mutator *m)
{
	unsigned count = m->from->call_count, moved = (unsigned)random_below(m, count),
		 at = (unsigned)random_below(m, count);

	for (unsigned i = 0; i < count; i++) {
		if (i == at && at <= moved)
			call_copy(m, m->from, moved);
		if (i != moved)
			call_copy(m, m->from, i);
		if (i == at && at > moved)
			call_copy(m, m->from, moved);
	}
}

static void change_args(struct mutator *m)
{
	unsigned chosen = (unsigned)random_below(m, m->from->call_count);

	for (unsigned i = 0; i < m->from->call_count; i++)
		if (i != chosen || !arg_copy_changed(m, m->from, i))
			call_copy(m, m->from, i);
}

/* Another thread makes one of the calls. */
static void change_thread(struct mutator *m)
{
	unsigned chosen = (unsigned)random_below(m, m->from->call_count);

	copy_range(m, m->from, 0, chosen);
	if (program_begin_call(m->to, m->from->calls[chosen].desc)) {
		program_set_thread(m->to, (unsigned)random_below(m, PROGRAM_THREADS_MAX));
		call_copy_rest(m, m->from, chosen);
	}
	copy_range(m, m->from, chosen + 1, m->from->call_count);
}

static void slice(struct mutator *m)
{
	unsigned first = (unsigned)random_below(m, m->from->call_count);

	program_slice(m->from, first, SLICE, m->to);
}

enum { ARG, INSERT, REMOVE, REPLACE, DUPLICATE, MOVE, THREAD };

static const struct operation {
	const char *name;
	unsigned weight;
	bool empty;  /* possible on a program without calls */
	void (*apply)(struct mutator *m);
} operations[] = {
	[ARG] = { "arg", 54, false, change_args },
	[INSERT] = { "insert", 20, true, insert_call },
	[REMOVE] = { "remove", 9, false, remove_call },
	[REPLACE] = { "replace", 4, false, replace_call },
	[DUPLICATE] = { "duplicate", 5, false, duplicate_call },
	[MOVE] = { "move", 4, false, move_call },
	[THREAD] = { "thread", 4, false, change_thread },
};
static const struct operation cut = { "slice", 0, false, slice };

static const struct operation *pick_operation(struct mutator *m)
{
	unsigned dice = (unsigned)random_below(m, 100), i = 0;
	bool is_long = m->from->call_count >= LONG;

	if (m->from->call_count > LONG && random_chance(m, 30))
		return &cut;
	while (dice >= operations[i].weight)
		dice -= operations[i++].weight;
	if (m->from->call_count == 0 && !operations[i].empty)
		i = INSERT;
	if (i == THREAD && !m->from->thread_count)
		i = ARG;
	if (is_long && (i == INSERT || i == DUPLICATE))
		i = REMOVE;
	return &operations[i];
}

static void note(struct mutator *m, const char *what)
{
	size_t len = strlen(m->description);

	snprintf(m->description + len, sizeof(m->description) - len, "%s%s", len ? "-" : "", what);
}

static void swap_programs(struct mutator *m)
{
	struct program *program = m->from;

	m->from = m->to;
	m->to = program;
}

static void apply_some(struct mutator *m)
{
	unsigned count = 1;

	while (count < OPERATIONS_MAX && random_chance(m, 40))
		count++;
	while (count-- > 0) {
		const struct operation *operation = pick_operation(m);

		start(m);
		operation->apply(m);
		note(m, operation->name);
		swap_programs(m);
	}
}

/* m->from as bytes; calls at the end that do not fit are left out. */
static size_t encode(struct mutator *m, uint8_t *out, size_t max)
{
	struct program *program = m->from;
	size_t size = program_encode(program, out, max);

	while (!size && program->call_count > 0) {
		const struct program_call *last = &program->calls[--program->call_count];

		program->node_count = last->node;
		program->resource_count = last->resource;
		size = program_encode(program, out, max);
	}
	return size;
}

static size_t take_input(struct mutator *m, const uint8_t *data, size_t size, uint64_t seed)
{
	m->random = seed;
	m->pool_used = 0;
	m->description[0] = '\0';
	m->from = &m->programs[0];
	m->to = &m->programs[1];
	if (size > sizeof(m->input))
		size = sizeof(m->input);
	memcpy(m->input, data, size);
	return size;
}

size_t mutate(struct mutator *m, const uint8_t *data, size_t size, uint8_t *out, size_t max, uint64_t seed)
{
	size_t result = 0;

	size = take_input(m, data, size, seed);
	if (max > CHANNEL_INPUT_MAX)
		max = CHANNEL_INPUT_MAX;
	if (m->kind == MUTATE_BYTES)
		return bytes_mutate(m, size, out, max);
	program_decode(m->from, m->input, size);
	for (unsigned tries = 0; !result && tries < 8; tries++) {
		apply_some(m);
		result = encode(m, out, max);
	}
	return result;
}

size_t mutate_cross(struct mutator *m, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
		    size_t max, uint64_t seed)
{
	unsigned cut, first, end;

	a_size = take_input(m, a, a_size, seed);
	if (max > CHANNEL_INPUT_MAX)
		max = CHANNEL_INPUT_MAX;
	if (m->kind == MUTATE_BYTES)
		return bytes_cross(m, a_size, b, b_size, out, max);
	program_decode(m->from, m->input, a_size);
	program_decode(&m->other, b, b_size);
	note(m, "cross");
	start(m);
	cut = random_chance(m, 50) ? m->from->call_count : (unsigned)random_below(m, m->from->call_count + 1);
	first = random_chance(m, 50) ? 0 : (unsigned)random_below(m, m->other.call_count + 1);
	copy_range(m, m->from, 0, cut);
	memset(m->map, 0xff, sizeof(m->map));
	end = m->to->call_count < LONG ? first + LONG - m->to->call_count : first + 1;
	copy_range(m, &m->other, first, end < m->other.call_count ? end : m->other.call_count);
	swap_programs(m);
	return encode(m, out, max);
}

size_t mutate_input(const char *harness, uint8_t *data, size_t size, size_t max, uint32_t seed)
{
	static struct mutator *mutators[2];
	enum mutate_kind kind = strcmp(harness, "syscall") == 0 ? MUTATE_PROGRAM : MUTATE_BYTES;

	if (!mutators[kind])
		mutators[kind] = mutator_open(kind, NULL);
	return mutators[kind] ? mutate(mutators[kind], data, size, data, max, seed) : size;
}

unsigned mutate_count_calls(struct mutator *m, const uint8_t *data, size_t size)
{
	program_decode(&m->programs[0], data, size);
	return m->programs[0].call_count;
}

size_t mutate_without_call(struct mutator *m, const uint8_t *data, size_t size, unsigned index, uint8_t *out,
			   size_t max)
{
	size = take_input(m, data, size, index);
	program_decode(m->from, m->input, size);
	start(m);
	copy_range(m, m->from, 0, index);
	copy_range(m, m->from, index + 1, m->from->call_count);
	swap_programs(m);
	return encode(m, out, max);
}

const char *mutate_describe(const struct mutator *m)
{
	return m->description;
}
