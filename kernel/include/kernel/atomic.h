/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Atomic integers: thin names over the compiler's builtins, so that each use says which order it needs.
 */
#pragma once

#include <kernel/compiler.h>

#define atomic_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

#if CONFIG_SERIAL
/* Nothing comes in between: no other CPU, no interrupt. A locked instruction costs as much as ten of these. */
#define atomic_replace(p, expression)                                                                                  \
	({                                                                                                             \
		__typeof__(p) atomic_at = (p);                                                                         \
		__typeof__(*atomic_at) atomic_old = *atomic_at;                                                        \
		*atomic_at = (__typeof__(*atomic_at))(expression);                                                     \
		atomic_old;                                                                                            \
	})
#define atomic_exchange(p, v) atomic_replace(p, v)
#define atomic_fetch_add(p, v) atomic_replace(p, atomic_old + (v))
#define atomic_fetch_sub(p, v) atomic_replace(p, atomic_old - (v))
#define atomic_fetch_or(p, v) atomic_replace(p, atomic_old | (v))
#define atomic_fetch_and(p, v) atomic_replace(p, atomic_old &(v))
#define atomic_compare_exchange(p, expected, desired)                                                                  \
	({                                                                                                             \
		__typeof__(p) atomic_at = (p);                                                                         \
		__typeof__(expected) atomic_expected = (expected);                                                     \
		bool atomic_equal = *atomic_at == *atomic_expected;                                                    \
		if (atomic_equal)                                                                                      \
			*atomic_at = (desired);                                                                        \
		else                                                                                                   \
			*atomic_expected = *atomic_at;                                                                 \
		atomic_equal;                                                                                          \
	})
#else
#define atomic_exchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define atomic_fetch_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define atomic_fetch_sub(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define atomic_fetch_or(p, v) __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define atomic_fetch_and(p, v) __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)
#define atomic_compare_exchange(p, expected, desired)                                                                  \
	__atomic_compare_exchange_n((p), (expected), (desired), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
#endif

/* A full fence; and one for the compiler alone. */
#define memory_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define compiler_barrier() __asm__ volatile("" ::: "memory")
