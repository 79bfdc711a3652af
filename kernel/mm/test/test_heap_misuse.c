/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel heap in bad hands: each misuse ends in the crash that names it.
 */
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include "mm_test.h"

static void free_object(void *object)
{
	heap_free(object);
}

static void free_inside(void *object)
{
	heap_free((char *)object + 16);
}

static void check_all(void *unused UNUSED)
{
	heap_check_all();
}

/* The compiler must not see that the object is gone or too small. */
static void write_byte(volatile uint8_t *object, size_t at)
{
	object[at] ^= 0x40;
}

TEST(heap_double_free_is_a_crash)
{
	if (!IS_ENABLED(CONFIG_FREE_CHECKS)) {
		test_skip("needs FREE_CHECKS");
		return;
	}
	void *small = heap_alloc(40), *neighbour = heap_alloc(40), *large = heap_alloc(3 * PAGE_SIZE);

	CHECK(small && neighbour && large);
	heap_free(small);
	CHECK_EQ(test_crash_of(free_object, small), CRASH_DOUBLE_FREE);
	heap_drain();
	CHECK_EQ(test_crash_of(free_object, small), CRASH_DOUBLE_FREE);
	heap_free(neighbour);
	heap_free(large);
	CHECK_EQ(test_crash_of(free_object, large), CRASH_DOUBLE_FREE);
	heap_drain();
	CHECK_EQ(test_crash_of(free_object, large), CRASH_DOUBLE_FREE);
}

TEST(heap_invalid_free_is_a_crash)
{
	if (!IS_ENABLED(CONFIG_FREE_CHECKS)) {
		test_skip("needs FREE_CHECKS");
		return;
	}
	static uint64_t not_on_the_heap[16];
	char *object = heap_alloc(200);
	struct page *page = page_alloc(0);

	CHECK(object && page);
	CHECK_EQ(test_crash_of(free_inside, object), CRASH_INVALID_FREE);
	CHECK_EQ(test_crash_of(free_object, not_on_the_heap), CRASH_INVALID_FREE);
	CHECK_EQ(test_crash_of(free_object, (void *)0x1000), CRASH_INVALID_FREE);
	/* Not its first byte: a mark of that would lie in the page before, which may be free. */
	CHECK_EQ(test_crash_of(free_object, (char *)page_virt(page) + 64), CRASH_INVALID_FREE);
	page_free(page, 0);
	heap_free(object);
}

TEST(heap_overflow_is_found_by_the_check)
{
	static const size_t sizes[] = { 1, 15, 16, 24, 100, 2000, 5000 };

	if (!IS_ENABLED(CONFIG_HEAP_CHECK) || IS_ENABLED(CONFIG_ASAN)) {
		test_skip("needs HEAP_CHECK");
		return;
	}
	for (size_t i = 0; i < array_size(sizes); i++) {
		uint8_t *object = heap_alloc(sizes[i]);

		CHECK(object);
		heap_check_all();
		write_byte(object, sizes[i]);
		CHECK_EQ(test_crash_of(free_object, object), CRASH_HEAP_OVERFLOW);
		write_byte(object, sizes[i]);
		write_byte(object - 1, 0);
		CHECK_EQ(test_crash_of(free_object, object), CRASH_HEAP_OVERFLOW);
		write_byte(object - 1, 0);
		heap_free(object);
	}
}

TEST(heap_check_all_finds_what_is_not_freed)
{
	uint8_t *object = heap_alloc(20);

	if (!IS_ENABLED(CONFIG_HEAP_CHECK) || IS_ENABLED(CONFIG_ASAN)) {
		heap_free(object);
		test_skip("needs HEAP_CHECK");
		return;
	}
	CHECK(object);
	write_byte(object, 20);
	CHECK_EQ(test_crash_of(check_all, NULL), CRASH_HEAP_OVERFLOW);
	write_byte(object, 20);
	heap_free(object);
	write_byte(object, 3);
	CHECK_EQ(test_crash_of(check_all, NULL), CRASH_USE_AFTER_FREE);
	write_byte(object, 3);
	heap_check_all();
	heap_drain();
}
