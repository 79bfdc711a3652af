/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bad accesses as the compiler's checks find them. The compiler calls __asan_report_*() and, in huge functions,
 * __asan_load*(); the kernel has its own ones, local to it: unlike the runtime's they hold no lock, so that a crash
 * can be jumped away from, and they tell kinds and call chains as all other crashes do. The same for memcpy() and its
 * kind, which check their ranges first.
 */
#include <arch/arch.h>
#include <kernel/crash.h>
#include <kernel/string.h>

#include "shadow.h"

static const struct {
	uint8_t shadow;
	enum crash_kind kind;
	const char *text;
} reasons[] = {
	{ SHADOW_HEAP_REDZONE, CRASH_HEAP_OVERFLOW, "heap-buffer-overflow" },
	{ SHADOW_HEAP_FREED, CRASH_USE_AFTER_FREE, "heap-use-after-free" },
	{ SHADOW_STACK_LEFT, CRASH_BAD_ACCESS, "stack-buffer-underflow" },
	{ SHADOW_STACK_MIDDLE, CRASH_BAD_ACCESS, "stack-buffer-overflow" },
	{ SHADOW_STACK_RIGHT, CRASH_BAD_ACCESS, "stack-buffer-overflow" },
	{ SHADOW_STACK_RETURNED, CRASH_BAD_ACCESS, "stack-use-after-return" },
	{ SHADOW_STACK_SCOPE, CRASH_BAD_ACCESS, "stack-use-after-scope" },
	{ SHADOW_GLOBAL, CRASH_BAD_ACCESS, "global-buffer-overflow" },
};

/* The first bad byte of a range; NULL: all are good. */
static const uint8_t *first_bad(const void *start, size_t len)
{
	const uint8_t *at = start, *end = at + len;

	while (at < end) {
		size_t in_granule = (uintptr_t)at % SANITIZE_GRANULE;
		uint64_t eight;
		uint8_t shadow;

		__builtin_memcpy(&eight, shadow_of(at), sizeof(eight));
		if (likely(!eight)) {
			at += 8 * SANITIZE_GRANULE - in_granule;
			continue;
		}
		shadow = *shadow_of(at);
		if (shadow >= SANITIZE_GRANULE || (shadow && in_granule >= shadow))
			return at;
		at += (shadow ? shadow : SANITIZE_GRANULE) - in_granule;
	}
	return NULL;
}

static NORETURN void report(const void *address, size_t size, bool is_write, uint64_t pc, uint64_t fp)
{
	const struct arch_regs regs = { .rip = pc, .rbp = fp, .rsp = fp, .cr2 = (uint64_t)address };
	const uint8_t *bad = first_bad(address, size);
	uint8_t shadow = bad ? *shadow_of(bad) : 0;
	enum crash_kind kind = CRASH_BAD_ACCESS;
	const char *text = "bad access";

	/* The end of an object inside a granule: what follows says what the object was. */
	if (bad && shadow < SANITIZE_GRANULE)
		shadow = *shadow_of(bad + SANITIZE_GRANULE);
	for (size_t i = 0; i < array_size(reasons); i++) {
		if (reasons[i].shadow != shadow)
			continue;
		kind = reasons[i].kind;
		text = reasons[i].text;
	}
	crash_raise(kind, &regs, (uint64_t)address, "%s: %s of %zu bytes at %#lx", text, is_write ? "write" : "read",
		    size, (uint64_t)address);
}

/* Of the function that called the one this stands in. */
#define CALLER_PC ((uint64_t)__builtin_return_address(0))
#define CALLER_FP (*(uint64_t *)__builtin_frame_address(0))

static ALWAYS_INLINE void check(const void *address, size_t size, bool is_write, uint64_t pc, uint64_t fp)
{
	if (unlikely(first_bad(address, size)))
		report(address, size, is_write, pc, fp);
}

#define ACCESS(size)                                                                                                   \
	void __asan_report_load##size(const void *address) NORETURN;                                                   \
	void __asan_report_load##size(const void *address)                                                             \
	{                                                                                                              \
		report(address, size, false, CALLER_PC, CALLER_FP);                                                    \
	}                                                                                                              \
	void __asan_report_store##size(const void *address) NORETURN;                                                  \
	void __asan_report_store##size(const void *address)                                                            \
	{                                                                                                              \
		report(address, size, true, CALLER_PC, CALLER_FP);                                                     \
	}                                                                                                              \
	void __asan_load##size(const void *address);                                                                   \
	void __asan_load##size(const void *address)                                                                    \
	{                                                                                                              \
		check(address, size, false, CALLER_PC, CALLER_FP);                                                     \
	}                                                                                                              \
	void __asan_store##size(const void *address);                                                                  \
	void __asan_store##size(const void *address)                                                                   \
	{                                                                                                              \
		check(address, size, true, CALLER_PC, CALLER_FP);                                                      \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __asan_report_load_n(const void *address, size_t size) NORETURN;
void __asan_report_store_n(const void *address, size_t size) NORETURN;
void __asan_loadN(const void *address, size_t size);
void __asan_storeN(const void *address, size_t size);

void __asan_report_load_n(const void *address, size_t size)
{
	report(address, size, false, CALLER_PC, CALLER_FP);
}

void __asan_report_store_n(const void *address, size_t size)
{
	report(address, size, true, CALLER_PC, CALLER_FP);
}

void __asan_loadN(const void *address, size_t size)
{
	check(address, size, false, CALLER_PC, CALLER_FP);
}

void __asan_storeN(const void *address, size_t size)
{
	check(address, size, true, CALLER_PC, CALLER_FP);
}

/* ---- memory functions ---- */

void *__asan_memcpy(void *dst, const void *src, size_t n);
void *__asan_memmove(void *dst, const void *src, size_t n);
void *__asan_memset(void *dst, int c, size_t n);

static ALWAYS_INLINE void copy_backward(uint8_t *dst, const uint8_t *src, size_t n)
{
	while (n--)
		dst[n] = src[n];
}

#define MEMORY_FUNCTIONS(prefix)                                                                                       \
	void *prefix##memcpy(void *dst, const void *src, size_t n)                                                     \
	{                                                                                                              \
		check(src, n, false, CALLER_PC, CALLER_FP);                                                            \
		check(dst, n, true, CALLER_PC, CALLER_FP);                                                             \
		raw_copy(dst, src, n);                                                                                 \
		return dst;                                                                                            \
	}                                                                                                              \
	void *prefix##memmove(void *dst, const void *src, size_t n)                                                    \
	{                                                                                                              \
		check(src, n, false, CALLER_PC, CALLER_FP);                                                            \
		check(dst, n, true, CALLER_PC, CALLER_FP);                                                             \
		if ((uintptr_t)dst - (uintptr_t)src < n)                                                               \
			copy_backward(dst, src, n);                                                                    \
		else                                                                                                   \
			raw_copy(dst, src, n);                                                                         \
		return dst;                                                                                            \
	}                                                                                                              \
	void *prefix##memset(void *dst, int c, size_t n)                                                               \
	{                                                                                                              \
		check(dst, n, true, CALLER_PC, CALLER_FP);                                                             \
		raw_fill(dst, (uint8_t)c, n);                                                                          \
		return dst;                                                                                            \
	}

MEMORY_FUNCTIONS()
MEMORY_FUNCTIONS(__asan_)

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	check(a, n, false, CALLER_PC, CALLER_FP);
	check(b, n, false, CALLER_PC, CALLER_FP);
	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}
