/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel's allocators tell an address sanitizer: which bytes nobody may touch, and why. Empty inlines in
 * images without one. The runtime behind these calls is never instrumented itself, does not call back into the
 * kernel, takes no locks, and may be called from any context.
 */
#pragma once

#include <kernel/compiler.h>

/* Why bytes are out of bounds: decides the kind of the crash report when they are touched. */
enum sanitize_kind {
	SANITIZE_REDZONE,	/* around and between heap objects: CRASH_HEAP_OVERFLOW */
	SANITIZE_FREED,		/* a heap object after heap_free(): CRASH_USE_AFTER_FREE */
};

#ifdef CONFIG_ASAN

/* The sanitizer marks memory in units of this many bytes; only the last unit of a good range may be good in part. */
#define SANITIZE_GRANULE 8

/* Marks [ptr, ptr + len) as bad; ptr is a multiple of SANITIZE_GRANULE, len is rounded up to one. */
void sanitize_poison(const void *ptr, size_t len, enum sanitize_kind kind);
/* Marks [ptr, ptr + len) as good; ptr is a multiple of SANITIZE_GRANULE, the rest of the last unit becomes bad. */
void sanitize_unpoison(const void *ptr, size_t len);
/* The marks of the memory at ptr, a byte for each SANITIZE_GRANULE: saved and restored with it by the snapshot. */
void *sanitize_shadow_of(const void *ptr);
/* Copies marks; memcpy() would look for the marks of the marks. */
void sanitize_shadow_copy(void *dst, const void *src, size_t len);

#else

static inline void sanitize_poison(const void *ptr, size_t len, enum sanitize_kind kind)
{
	(void)ptr;
	(void)len;
	(void)kind;
}

static inline void sanitize_unpoison(const void *ptr, size_t len)
{
	(void)ptr;
	(void)len;
}

static inline void *sanitize_shadow_of(const void *ptr)
{
	(void)ptr;
	return NULL;
}

static inline void sanitize_shadow_copy(void *dst, const void *src, size_t len)
{
	(void)dst;
	(void)src;
	(void)len;
}

#endif
