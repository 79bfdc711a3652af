/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sanitizer's shadow on x86_64 Linux: one byte for 8 bytes of memory. 0: all good; 1..7: only that many are; else
 * none, and why (values of compiler-rt, asan_internal.h).
 */
#pragma once

#include <kernel/sanitize.h>

#define SHADOW_OFFSET UINT64_C(0x7fff8000)

#define SHADOW_STACK_LEFT 0xf1
#define SHADOW_STACK_MIDDLE 0xf2
#define SHADOW_STACK_RIGHT 0xf3
#define SHADOW_STACK_RETURNED 0xf5
#define SHADOW_STACK_SCOPE 0xf8
#define SHADOW_GLOBAL 0xf9
#define SHADOW_HEAP_REDZONE 0xfa
#define SHADOW_HEAP_FREED 0xfd

static inline uint8_t *shadow_of(const void *ptr)
{
	return (uint8_t *)(((uintptr_t)ptr / SANITIZE_GRANULE) + SHADOW_OFFSET);
}

/* memset() for memory that has no shadow, or that is bad on purpose. */
static inline void raw_fill(uint8_t *dst, uint8_t value, size_t n)
{
	if (n < 64) {
		while (n--)
			*(volatile uint8_t *)dst++ = value;
		return;
	}
	__asm__ volatile("rep stosb" : "+D"(dst), "+c"(n) : "a"(value) : "memory");
}

/* memcpy() likewise. String instructions are slow to start. */
static inline void raw_copy(uint8_t *dst, const uint8_t *src, size_t n)
{
	if (n >= 256) {
		__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
		return;
	}
	for (; n >= 8; n -= 8, dst += 8, src += 8)
		__builtin_memcpy(dst, src, 8);
	while (n--)
		*dst++ = *src++;
}
