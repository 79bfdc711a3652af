/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel half of option ASAN: marks for the allocators, stacks, and the sanitizer's reports as crashes. The marks are
 * written into the shadow directly, with the values that the runtime uses for its own heap, so that its reports name the right
 * kind. Never instrumented; takes no locks.
 */
#include <arch/arch.h>
#include <kernel/crash.h>
#include <kernel/string.h>

#include "asan.h"
#include "asan_abi.h"

/* Values of shadow bytes as the runtime knows them (compiler-rt, asan_internal.h); 1..7: only that many bytes are good. */
#define SHADOW_HEAP_REDZONE 0xfa
#define SHADOW_HEAP_FREED 0xfd
/* The shadow of an address is at address / 8 + this, on x86_64 Linux. */
#define SHADOW_OFFSET UINT64_C(0x7fff8000)

void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old, size_t *size_old);

static bool reporting;

static uint8_t *shadow_of(const void *ptr)
{
	return (uint8_t *)(((uintptr_t)ptr / SANITIZE_GRANULE) + SHADOW_OFFSET);
}

/* memset() is the sanitizer's, which would look for the shadow of the shadow. */
static void shadow_fill(uint8_t *shadow, uint8_t value, size_t len)
{
	__asm__ volatile("rep stosb" : "+D"(shadow), "+c"(len) : "a"(value) : "memory");
}

void *sanitize_shadow_of(const void *ptr)
{
	return shadow_of(ptr);
}

void sanitize_shadow_copy(void *dst, const void *src, size_t len)
{
	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(len) : : "memory");
}

void sanitize_poison(const void *ptr, size_t len, enum sanitize_kind kind)
{
	shadow_fill(shadow_of(ptr), kind == SANITIZE_FREED ? SHADOW_HEAP_FREED : SHADOW_HEAP_REDZONE,
		    align_up(len, (size_t)SANITIZE_GRANULE) / SANITIZE_GRANULE);
}

void sanitize_unpoison(const void *ptr, size_t len)
{
	uint8_t *shadow = shadow_of(ptr);

	shadow_fill(shadow, 0, len / SANITIZE_GRANULE);
	if (len % SANITIZE_GRANULE)
		shadow[len / SANITIZE_GRANULE] = len % SANITIZE_GRANULE;
}

/* The runtime has no function to say "from now on"; leaving and arriving at once is the same when nothing runs between. */
void asan_stack_set(const void *base, size_t size)
{
	void *fake_stack = NULL;

	__sanitizer_start_switch_fiber(&fake_stack, base, size);
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

void asan_stack_forget(const void *base, size_t len)
{
	sanitize_unpoison((const void *)align_down((uintptr_t)base, (uintptr_t)SANITIZE_GRANULE), align_up(len, (size_t)16));
}

bool asan_is_reporting(void)
{
	return reporting;
}

static enum crash_kind report_kind(const char *description)
{
	static const struct {
		const char *start;
		enum crash_kind kind;
	} kinds[] = {
		{ "heap-buffer-overflow", CRASH_HEAP_OVERFLOW },
		{ "heap-use-after-free", CRASH_USE_AFTER_FREE },
	};

	for (size_t i = 0; i < array_size(kinds); i++)
		if (strcmp(description, kinds[i].start) == 0)
			return kinds[i].kind;
	return CRASH_BAD_ACCESS;
}

void host_sanitizer_report(const struct host_sanitizer_report *report)
{
	const struct arch_regs regs = { .rip = report->pc, .rbp = report->bp, .rsp = report->sp, .cr2 = report->address };

	reporting = true;
	crash_raise(report_kind(report->description), &regs, report->address, "%s: %s of %llu bytes at %#llx",
		    report->description, report->is_write ? "write" : "read", (unsigned long long)report->size,
		    (unsigned long long)report->address);
}
