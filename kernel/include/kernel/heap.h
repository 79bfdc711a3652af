/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel heap: size classes (16 B to 2 KiB) in slabs, whole pages above. Results are 16-byte aligned. Any
 * context, does not sleep. Misuse is found and reported as a crash: double free and invalid free always; overflow
 * into the next object and use after free by redzones and a quarantine, checked by ASan in the host image, by pattern
 * (option HEAP_CHECK) in booted ones.
 */
#pragma once

#include <kernel/atomic.h>

/* NULL when there is no memory. size 0 gives a valid, empty object. heap_zalloc clears. */
void *heap_alloc(size_t size) MUST_CHECK;
void *heap_zalloc(size_t size) MUST_CHECK;
/* NULL for count * size that overflows. Clears. */
void *heap_array(size_t count, size_t size) MUST_CHECK;
/* As realloc(3): the old object stays valid on failure. */
void *heap_resize(void *object, size_t size) MUST_CHECK;
/* NULL is allowed. */
void heap_free(void *object);
char *heap_strdup(const char *s) MUST_CHECK;

struct heap_stats {
	size_t live_objects;
	/* Of their blocks: sizes rounded up, with what surrounds an object in a checked image. */
	size_t live_bytes;
	size_t pages;		/* held from the page allocator */
};
void heap_stats(struct heap_stats *stats);
/* Gives the quarantine and empty slabs back, so that counts are exact and the next allocations are repeatable. */
void heap_drain(void);
/*
 * Option HEAP_CHECK: checks the surroundings of all objects allocated since the last check, and that no freed one in
 * quarantine was written; a finding is a crash (CRASH_HEAP_OVERFLOW, CRASH_USE_AFTER_FREE). Called at the end of an
 * input.
 */
void heap_check_all(void);

/*
 * Counted types: objects that must not outlive the input that made them. One line beside the type,
 *	OBJECT_TYPE(file);
 * then object_count_add(&object_type_file, ±1) where it is born and dies. The leak verdict compares the counts.
 */
struct object_type {
	const char *name;
	long live;
};
#define OBJECT_TYPE(type_name)                                                                                         \
	struct object_type object_type_##type_name = { #type_name, 0 };                                             \
	LINKSET_ADD(object_type, &object_type_##type_name)
static inline void object_count_add(struct object_type *type, long n)
{
	atomic_fetch_add(&type->live, n);
}
/* In how many places of a page an object of that size, less than half a page, may come to lie (LAYOUT_HEAP). */
size_t heap_places(size_t size);
