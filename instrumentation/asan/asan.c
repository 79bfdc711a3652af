/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel half of option ASAN: marks for the allocators, and stacks. The marks are written into the shadow
 * directly, with the values that the runtime uses for its own heap. What the runtime itself finds is a crash that
 * cannot be left by a jump; what instrumented code finds is reported by report.c. Never instrumented; takes no locks.
 */
#include <arch/arch.h>
#include <kernel/crash.h>

#include "asan.h"
#include "asan_abi.h"
#include "shadow.h"

void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old, size_t *size_old);

static bool reporting;

void *sanitize_shadow_of(const void *ptr)
{
	return shadow_of(ptr);
}

void sanitize_shadow_copy(void *dst, const void *src, size_t len)
{
	raw_copy(dst, src, len);
}

void sanitize_poison(const void *ptr, size_t len, enum sanitize_kind kind)
{
	raw_fill(shadow_of(ptr), kind == SANITIZE_FREED ? SHADOW_HEAP_FREED : SHADOW_HEAP_REDZONE,
		 align_up(len, (size_t)SANITIZE_GRANULE) / SANITIZE_GRANULE);
}

void sanitize_unpoison(const void *ptr, size_t len)
{
	uint8_t *shadow = shadow_of(ptr);

	raw_fill(shadow, 0, len / SANITIZE_GRANULE);
	if (len % SANITIZE_GRANULE)
		shadow[len / SANITIZE_GRANULE] = len % SANITIZE_GRANULE;
}

/* There is no function that says "from now on"; leaving and arriving at once is the same if nothing runs between. */
void asan_stack_set(const void *base, size_t size)
{
	void *fake_stack = NULL;

	__sanitizer_start_switch_fiber(&fake_stack, base, size);
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

void asan_stack_forget(const void *base, size_t len)
{
	sanitize_unpoison((const void *)align_down((uintptr_t)base, (uintptr_t)SANITIZE_GRANULE),
			  align_up(len, (size_t)16));
}

bool asan_is_reporting(void)
{
	return reporting;
}

void host_sanitizer_report(const struct host_sanitizer_report *report)
{
	const struct arch_regs regs = {
		.rip = report->pc, .rbp = report->bp, .rsp = report->sp, .cr2 = report->address
	};

	reporting = true;
	crash_raise(CRASH_BAD_ACCESS, &regs, report->address, "%s: %s of %llu bytes at %#llx", report->description,
		    report->is_write ? "write" : "read", (unsigned long long)report->size,
		    (unsigned long long)report->address);
}
