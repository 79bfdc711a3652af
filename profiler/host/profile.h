/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A profile in memory: samples with their call chains, and the names of what is in them. Readers of perf.data make one,
 * writers of reports and of other formats go through it. Names, places and functions are numbers of tables here, each
 * once. All belongs to the profile; it lives until profile_free(). Who runs out of memory ends the program with a line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_ERROR 256	/* bytes an error buffer must have */
#define BUILD_ID_MAX 20		/* bytes, as perf keeps them */

struct elf_file;
struct kallsyms;

/* A file whose code was sampled, or something that is none, such as "[vdso]" or "//anon". */
struct profile_object {
	uint32_t path, name;		/* strings: as it was mapped, and the last part of it */
	uint8_t build_id[BUILD_ID_MAX];
	uint8_t build_id_size;		/* 0: not known */
	bool is_kernel;
	bool looked_for;		/* elf is what was found */
	bool missing_told;
	struct elf_file *elf;		/* NULL: not found */
	struct kallsyms *kallsyms;	/* the kernel's names in the place of an ELF file; NULL: none */
	uint32_t reference;		/* is_kernel, string: a symbol that was at: */
	uint64_t reference_at;
	uint64_t slide;			/* is_kernel: runs so far above where it was linked; known with elf */
};

struct profile_function {
	uint32_t name;			/* string */
	uint32_t object;
};

/* Where code was: an address as the object was linked. A caller's is that of its call, not where that returns to. */
struct profile_place {
	uint64_t address;
	uint32_t object, function;
};

enum profile_unit { UNIT_NONE, UNIT_NS, UNIT_BYTES };

struct profile_event {
	uint32_t name;			/* string */
	enum profile_unit unit;		/* of its samples' values */
};

struct profile_sample {
	uint64_t time;			/* ns */
	uint64_t value;			/* in the event's unit */
	uint64_t address;		/* what the event is about, if it says so: pointer, lock, system call, waker */
	uint32_t event, pid, tid, cpu;
	uint32_t comm;			/* string: of the thread, then */
	uint32_t chain, depth;		/* its places are chain[chain] .., innermost first */
};

struct table;	/* finds a number by what it stands for */

struct profile {
	struct profile_object *objects;
	struct profile_function *functions;
	struct profile_place *places;
	struct profile_event *events;
	struct profile_sample *samples;		/* in order of their time */
	uint32_t *chain;
	char **strings;
	size_t object_count, function_count, place_count, event_count, sample_count, chain_count, string_count;
	uint64_t lost;				/* records that found no room */
	struct table *tables[3];
	char *debug_dir;			/* the cache of objects beside the file; may be NULL */
};

/* memory.c: as calloc() and realloc() for arrays, but they return. */
void *memory_new(size_t count, size_t size);
/* Makes room for one more at array[count], doubling it where count is a power of two. */
void *memory_more(void *array, size_t count, size_t size);

struct profile *profile_new(void);
void profile_free(struct profile *profile);

/* The number of a text, which is copied. 0 is "". */
uint32_t profile_string(struct profile *profile, const char *text);
static inline const char *profile_text(const struct profile *profile, uint32_t string)
{
	return profile->strings[string];
}

/* The number of an object with that path and build id (size 0: none known). */
uint32_t profile_object(struct profile *profile, const char *path, const uint8_t *build_id, size_t build_id_size);

/**
 * The number of a place.
 *
 * @param offset	in the file; of the kernel's and of what is no file, the address
 * @param caller	it is where a call returns to
 */
uint32_t profile_place(struct profile *profile, uint32_t object, uint64_t offset, bool caller);

/* The number of a place that is no code: a frame that says something about the others. */
uint32_t profile_place_named(struct profile *profile, const char *object, const char *name);

const char *profile_place_name(const struct profile *profile, uint32_t place);
bool profile_place_is_kernel(const struct profile *profile, uint32_t place);
