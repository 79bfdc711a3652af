/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel stacks: usable memory, a guard below, all given back.
 */
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include "mm_test.h"

TEST(stack_alloc_gives_memory_with_a_guard)
{
	char *a, *b;
	size_t before;

	/* The first one may cost page tables, which stay. */
	a = stack_alloc(THREAD_STACK_SIZE);
	CHECK(a);
	stack_free(a, THREAD_STACK_SIZE);
	before = page_free_count();
	a = stack_alloc(THREAD_STACK_SIZE);
	b = stack_alloc(5 * PAGE_SIZE);
	CHECK(a && b);
	memset(a, 0x33, THREAD_STACK_SIZE);
	memset(b, 0x44, 5 * PAGE_SIZE);
	CHECK_EQ(a[0], 0x33);
	CHECK_EQ(a[THREAD_STACK_SIZE - 1], 0x33);
	if (IS_ENABLED(CONFIG_GUARD_PAGES))
		CHECK(stack_is_guard((uintptr_t)a - 1) && stack_is_guard((uintptr_t)b - PAGE_SIZE));
	CHECK(!stack_is_guard((uintptr_t)a) && !stack_is_guard((uintptr_t)b + 5 * PAGE_SIZE - 1));
	CHECK(!stack_is_guard((uintptr_t)page_virt));
	stack_free(a, THREAD_STACK_SIZE);
	stack_free(b, 5 * PAGE_SIZE);
	/* Where slots are drawn each stack may be the first in its table. */
	CHECK(before - page_free_count() <= (IS_ENABLED(CONFIG_LAYOUT_STACKS) ? 2 : 0));
}

TEST(stack_larger_than_a_slot)
{
	size_t size = 128 * KIB;
	char *a = stack_alloc(size), *b = stack_alloc(PAGE_SIZE);

	CHECK(a && b);
	memset(a, 1, size);
	memset(b, 2, PAGE_SIZE);
	CHECK_EQ(a[size - 1], 1);
	stack_free(a, size);
	stack_free(b, PAGE_SIZE);
}

static void free_stack(void *stack)
{
	stack_free(stack, PAGE_SIZE);
}

TEST(stack_overflow_is_found_where_the_guard_is_memory)
{
	char *stack = stack_alloc(PAGE_SIZE);

	CHECK(stack);
	if (STACK_AREA_SIZE > UINT64_C(0) || IS_ENABLED(CONFIG_ASAN)) {
		stack_free(stack, PAGE_SIZE);
		test_skip("the guard is not writable here");
		return;
	}
	stack[-20] ^= 1;
	CHECK_EQ(test_crash_of(free_stack, stack), CRASH_STACK_OVERFLOW);
	stack[-20] ^= 1;
	stack_free(stack, PAGE_SIZE);
}
