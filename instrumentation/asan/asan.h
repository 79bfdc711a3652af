/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel's lowest parts tell the address sanitizer of the host image; the allocators and the snapshot use
 * kernel/sanitize.h. Empty inlines without option ASAN.
 */
#pragma once

#include <kernel/sanitize.h>

#ifdef CONFIG_ASAN

/* The stack that will be used from now on; call right before the change, from code that is not instrumented. */
void asan_stack_set(const void *base, size_t size);
/* Frames in [base, base + len) of a stack were left without returning. */
void asan_stack_forget(const void *base, size_t len);
/* True from the moment a report began: the process can only end. */
bool asan_is_reporting(void);

#else

static inline void asan_stack_set(const void *base UNUSED, size_t size UNUSED)
{
}
static inline void asan_stack_forget(const void *base UNUSED, size_t len UNUSED)
{
}
static inline bool asan_is_reporting(void)
{
	return false;
}

#endif
