/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the heap and the page allocator do against those who write where they may not, or read what they have not
 * written: options HEAP_HARDENING, INIT_ON_ALLOC and INIT_ON_FREE.
 */
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include "../heap_internal.h"
#include "mm_test.h"

#define SIZE 192 /* one that little else in the kernel has */

static void alloc_one(void *unused UNUSED)
{
	heap_free(heap_alloc(SIZE));
}

static void free_one(void *object)
{
	heap_free(object);
}

static void drain(void *unused UNUSED)
{
	heap_drain();
}

/* Links, counts, the class, the sum and the map of free blocks: what lies before a slab's first object. */
TEST(heap_tells_of_writes_to_its_own_data)
{
	uint64_t *object = heap_alloc(SIZE);
	uint64_t *header = (uint64_t *)((uintptr_t)object & PAGE_MASK);

	CHECK(object);
	if (!IS_ENABLED(CONFIG_HEAP_HARDENING) || HEAP_MARKED) {
		heap_free(object);
		test_skip("needs HEAP_HARDENING without HEAP_CHECK");
		return;
	}
	test_one_cpu();
	for (size_t i = 0; i < 8; i++) {
		uint64_t word = header[i];

		header[i] = word ^ 1;
		CHECK_EQ(test_crash_of(free_one, object), CRASH_HEAP_CORRUPTION);
		header[i] = word ^ UINT64_C(1) << 17;
		CHECK_EQ(test_crash_of(free_one, object), CRASH_HEAP_CORRUPTION);
		CHECK_EQ(test_crash_record()->address, (uintptr_t)header);
		CHECK_EQ(test_crash_of(alloc_one, NULL), CRASH_HEAP_CORRUPTION);
		CHECK_EQ(test_crash_of(drain, NULL), CRASH_HEAP_CORRUPTION);
		header[i] = word;
	}
	CHECK_EQ(test_crash_of(free_one, object), CRASH_NONE);
}

static bool is_zero(const volatile uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* The same block comes back, as nobody else runs. */
TEST(memory_is_zeros_when_allocated)
{
	uint8_t *object = heap_alloc(SIZE), *again;
	struct page *page = page_alloc(0);
	void *virt;

	CHECK(object && page);
	test_one_cpu();
	virt = page_virt(page);
	memset(object, 0x5a, SIZE);
	memset(virt, 0x5a, PAGE_SIZE);
	heap_free(object);
	page_free(page, 0);
	again = heap_alloc(SIZE);
	page = page_alloc(0);
	CHECK(again && page);
	if (IS_ENABLED(CONFIG_INIT_ON_ALLOC))
		CHECK(is_zero(again, SIZE) && is_zero(page_virt(page), PAGE_SIZE));
	else
		test_skip("needs INIT_ON_ALLOC");
	heap_free(again);
	page_free(page, 0);
}

/* Whoever asks for zeros gets them, also where somebody has written by a stale pointer. */
TEST(zeros_that_are_asked_for_are_made)
{
	uint8_t *stale = heap_alloc(SIZE), *neighbour = heap_alloc(SIZE), *objects[256];
	bool again = false;
	size_t count = 0;

	CHECK(stale && neighbour);
	test_one_cpu();
	heap_free(stale);
	if (HEAP_MARKED) {
		heap_free(neighbour);
		test_skip("needs a heap that does not find it");
		return;
	}
	memset(stale, 0x5a, SIZE);
	for (; count < array_size(objects) && !again; count++) {
		objects[count] = heap_zalloc(SIZE);
		CHECK(objects[count] && is_zero(objects[count], SIZE));
		again = objects[count] == stale;
	}
	CHECK(again);
	while (count)
		heap_free(objects[--count]);
	heap_free(neighbour);
}

TEST(memory_is_zeros_when_freed)
{
	uint8_t *object = heap_alloc(SIZE), *neighbour = heap_alloc(SIZE);
	struct page *page = page_alloc(0);
	const uint8_t *virt;

	CHECK(object && neighbour && page);
	test_one_cpu();
	virt = page_virt(page);
	memset(object, 0x5a, SIZE);
	memset((void *)(uintptr_t)virt, 0x5a, PAGE_SIZE);
	heap_free(object);
	page_free(page, 0);
	if (IS_ENABLED(CONFIG_INIT_ON_FREE) && !HEAP_MARKED)
		CHECK(is_zero(object, SIZE) && is_zero(virt, PAGE_SIZE));
	else
		test_skip("needs INIT_ON_FREE without HEAP_CHECK");
	heap_free(neighbour);
}

TEST(stacks_are_zeros_when_allocated)
{
	const size_t size = 32 * KIB;
	uint8_t *stack = stack_alloc(size);

	CHECK(stack);
	test_one_cpu();
	memset(stack, 0x5a, size);
	stack_free(stack, size);
	stack = stack_alloc(size);
	CHECK(stack);
	if (IS_ENABLED(CONFIG_INIT_ON_ALLOC))
		CHECK(is_zero(stack, size));
	else
		test_skip("needs INIT_ON_ALLOC");
	stack_free(stack, size);
}
