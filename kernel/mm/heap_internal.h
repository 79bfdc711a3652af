/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap's parts: heap.c (the public functions), heap_slab.c (slots of a size class), heap_large.c (whole pages),
 * heap_mark.c (what surrounds an object in checked images) and heap_quarantine.c (where it stays after it was freed).
 *
 * In a *hardened* image (option HEAP_HARDENING) what a slab keeps in front of its blocks is encoded with secrets of
 * this boot and carries a sum, which is looked at before any of it is believed.
 *
 * A *block* is what the first two hand out. In a plain image it is the object. In a *marked* image (ASan's, or one
 * with option HEAP_CHECK) it starts with a struct heap_mark, the object follows, and at least HEAP_REDZONE bytes
 * follow that.
 */
#pragma once

#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/spinlock.h>

#define HEAP_POISONED IS_ENABLED(CONFIG_ASAN)
#define HEAP_CHECKED (IS_ENABLED(CONFIG_HEAP_CHECK) && !HEAP_POISONED)
#define HEAP_MARKED (HEAP_POISONED || HEAP_CHECKED)
#define HEAP_FREES_CHECKED IS_ENABLED(CONFIG_FREE_CHECKS)
#define HEAP_HARDENED IS_ENABLED(CONFIG_HEAP_HARDENING)
#define HEAP_REDZONE 16

/* The heap's own code touches what it has poisoned for all others. */
#define HEAP_CODE_BEGIN _Pragma("clang attribute push(__attribute__((no_sanitize(\"address\"))), apply_to = function)")
#define HEAP_CODE_END _Pragma("clang attribute pop")

/* A crash with the heap's locks released: block or object is not what the caller says it is. */
void heap_bad_free(const void *address, bool known_free) NORETURN;

/* ---- heap_slab.c ---- */

#define SLAB_BLOCK_MAX 2016

/* What page->owner is for a slab's page. */
extern const char heap_slab_owner[];
/* size <= SLAB_BLOCK_MAX. NULL when there is no memory. */
void *slab_alloc(size_t size);
/* block lies in a slab's page. Ends with a crash when it is not the start of an allocated block. */
void slab_free(void *block);
/* The same check; the usable size of the block. */
size_t slab_block_size(const void *block);
/* The usable size that slab_alloc(size) would give. */
size_t slab_round_up(size_t size);
/* heap_places() */
size_t slab_places(size_t size);
/* Gives empty slabs back. */
void slab_drain(void);
void slab_stats(struct heap_stats *stats);
/* Calls check for each block that was allocated since the last such call and not freed; option HEAP_CHECK only. */
void slab_check_recent(void (*check)(const void *block));

/* ---- heap_large.c ---- */

extern const char heap_large_owner[];
void *large_alloc(size_t size);
void large_free(void *block);
size_t large_block_size(const void *block);
void large_stats(struct heap_stats *stats);

/* ---- heap_mark.c ---- */

struct heap_mark {
	uint32_t size;		/* of the object, as asked for */
	uint32_t state;		/* MARK_LIVE or MARK_FREED */
	uint64_t check;		/* tells that the two above were not written by others */
};

/* Bytes of a block that are not the object's. */
#define HEAP_OVERHEAD (HEAP_MARKED ? sizeof(struct heap_mark) + HEAP_REDZONE : 0)

/* Makes a block of block_size usable bytes into a live object. */
void *mark_live(void *block, size_t block_size, size_t size);
/* Checks a live object's surroundings and makes it freed: overflow and double free end with a crash. */
void mark_freed(void *block, size_t block_size);
/* Ends with a crash when a freed object was written, or a live one's surroundings were. */
void mark_check_freed(const void *block);
void mark_check_live(const void *block, size_t block_size);

/* True when it says so and nobody wrote over it. */
bool mark_is_freed(const struct heap_mark *mark);

static inline void *mark_object(void *block)
{
	return HEAP_MARKED ? (char *)block + sizeof(struct heap_mark) : block;
}

static inline void *mark_block(void *object)
{
	return HEAP_MARKED ? (char *)object - sizeof(struct heap_mark) : object;
}

/* ---- heap_quarantine.c: freed blocks, oldest first; marked images only ---- */

/*
 * Keeps the block from being used again for a while; false when it is too large for that. May release older blocks.
 */
bool quarantine_add(void *block, size_t block_size);
/* Releases all. */
void quarantine_drain(void);
/* Checks that nobody wrote to any. */
void quarantine_check(void);
/* How many blocks and bytes it holds, which are not live. */
void quarantine_stats(struct heap_stats *held);

/* heap.c: gives a block back to where it came from. */
void heap_release(void *block);
/* The usable size of an allocated block of either kind; ends with a crash for what is none. */
size_t heap_block_size(const void *block);
