/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's base types. Freestanding: only the compiler's own headers are used.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t ssize_t;
typedef int64_t off_t;
typedef uint64_t phys_t;	/* a physical address (in the host world: an offset into the machine's memory file) */
typedef uint64_t user_ptr_t;	/* an address given by a program: never dereferenced, only handed to user_*() */

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

#define PAGE_SHIFT 12
#define PAGE_SIZE ((size_t)1 << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC UINT64_C(1000000000)
