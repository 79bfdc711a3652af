/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names for what only the compiler can say, and small arithmetic that every file needs.
 */
#pragma once

#include <kernel/types.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define PACKED __attribute__((packed))
#define ALIGNED(n) __attribute__((aligned(n)))
#define NORETURN __attribute__((noreturn))
#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define WEAK __attribute__((weak))
#define USED __attribute__((used))
#define UNUSED __attribute__((unused))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* A variable that is written at boot only: arch_memory_seal(). */
#define SEALED __attribute__((section(".data.sealed")))

/* For functions that change the stack protector's guard, or run before there is one. */
#define NO_STACK_PROTECTOR __attribute__((no_stack_protector))

/* For code that runs where no instrumentation may: before its runtime is up, or underneath it. */
#define NO_INSTRUMENT                                                                                                  \
	__attribute__((no_sanitize("address", "kernel-address", "undefined", "coverage"), no_stack_protector))

#define array_size(a) (sizeof(a) / sizeof((a)[0]) + 0 * sizeof(struct { int array_expected : 1; }))

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define min(a, b)                                                                                                      \
	({                                                                                                             \
		__typeof__(a) min_a = (a);                                                                             \
		__typeof__(b) min_b = (b);                                                                             \
		min_a < min_b ? min_a : min_b;                                                                         \
	})
#define max(a, b)                                                                                                      \
	({                                                                                                             \
		__typeof__(a) max_a = (a);                                                                             \
		__typeof__(b) max_b = (b);                                                                             \
		max_a > max_b ? max_a : max_b;                                                                         \
	})

/* 'to' is a power of two. */
#define align_up(x, to) (((x) + ((__typeof__(x))(to) - 1)) & ~((__typeof__(x))(to) - 1))
#define align_down(x, to) ((x) & ~((__typeof__(x))(to) - 1))
#define is_aligned(x, to) (((uintptr_t)(x) & ((uintptr_t)(to) - 1)) == 0)

#define CONCAT_(a, b) a##b
#define CONCAT(a, b) CONCAT_(a, b)

/* IS_ENABLED(CONFIG_X): 1 when the option is on (built as "#define CONFIG_X 1"), else 0. Usable in C expressions. */
#define IS_ENABLED_ARG_1 0,
#define IS_ENABLED_PICK(ignored, value, ...) value
#define IS_ENABLED_TRY(arg) IS_ENABLED_PICK(arg 1, 0)
#define IS_ENABLED_EXPAND(value) IS_ENABLED_TRY(IS_ENABLED_ARG_##value)
#define IS_ENABLED(option) IS_ENABLED_EXPAND(option)
