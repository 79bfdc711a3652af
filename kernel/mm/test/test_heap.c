/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel heap in good hands: sizes, alignment, contents, counts.
 */
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include "mm_test.h"

static bool filled_with(const uint8_t *p, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != value)
			return false;
	return true;
}

TEST(heap_serves_all_sizes)
{
	struct heap_stats before, after;

	heap_drain();
	heap_stats(&before);
	for (size_t size = 0; size < 20000; size += size < 2200 ? 1 : 509) {
		uint8_t *p = heap_alloc(size), *q = heap_zalloc(size);

		CHECK(p && q);
		CHECK(is_aligned(p, 16) && is_aligned(q, 16));
		CHECK(filled_with(q, size, 0));
		memset(p, 0xa5, size);
		CHECK(filled_with(q, size, 0));
		memset(q, 0x5a, size);
		CHECK(filled_with(p, size, 0xa5));
		heap_free(p);
		heap_free(q);
	}
	heap_drain();
	heap_stats(&after);
	CHECK_EQ(after.live_objects, before.live_objects);
	CHECK_EQ(after.live_bytes, before.live_bytes);
	CHECK_EQ(after.pages, before.pages);
}

TEST(heap_refuses_what_cannot_be)
{
	CHECK(!heap_alloc(SIZE_MAX));
	CHECK(!heap_alloc(SIZE_MAX - 20));
	CHECK(!heap_alloc(64 * MIB));
	CHECK(!heap_array(SIZE_MAX / 2, 3));
	CHECK(!heap_array(UINT64_C(1) << 32, UINT64_C(1) << 32));
	heap_free(NULL);
}

TEST(heap_resize_keeps_contents)
{
	static const size_t sizes[] = { 10, 16, 17, 100, 5000, 9000, 3000, 64, 1, 2016, 2017 };
	struct heap_stats before, after;
	uint8_t *p = heap_resize(NULL, 8);
	size_t old = 8;

	heap_stats(&before);
	CHECK(p);
	memset(p, 0x11, 8);
	for (size_t i = 0; i < array_size(sizes); i++) {
		p = heap_resize(p, sizes[i]);
		CHECK(p);
		CHECK(filled_with(p, min(old, sizes[i]), 0x11));
		memset(p, 0x11, sizes[i]);
		old = sizes[i];
	}
	CHECK(!heap_resize(p, SIZE_MAX / 2));
	CHECK(filled_with(p, old, 0x11));
	heap_stats(&after);
	CHECK_EQ(after.live_objects, before.live_objects);
	heap_free(p);
}

TEST(heap_strdup_copies)
{
	char *copy = heap_strdup("saki");

	CHECK(copy);
	CHECK_STR(copy, "saki");
	heap_free(copy);
}

#define OBJECTS 300

static struct {
	uint8_t *p;
	size_t size;
	uint8_t value;
} objects[OBJECTS];

static size_t random_size(uint64_t r)
{
	return r % 16 == 0 ? r / 16 % 12000 : r / 16 % 300;
}

TEST(heap_random_use_keeps_objects_apart)
{
	struct heap_stats before, after;
	uint64_t random = 20261121;

	heap_drain();
	heap_stats(&before);
	memset(objects, 0, sizeof(objects));
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t r = test_random(&random);
		size_t n = r % OBJECTS;

		CHECK(!objects[n].p || filled_with(objects[n].p, objects[n].size, objects[n].value));
		heap_free(objects[n].p);
		objects[n].size = random_size(r >> 16);
		objects[n].value = (uint8_t)(r >> 56);
		objects[n].p = r >> 9 & 1 ? heap_alloc(objects[n].size) : NULL;
		if (objects[n].p)
			memset(objects[n].p, objects[n].value, objects[n].size);
	}
	for (size_t n = 0; n < OBJECTS; n++)
		heap_free(objects[n].p);
	heap_check_all();
	heap_drain();
	heap_stats(&after);
	CHECK_EQ(after.live_objects, before.live_objects);
	CHECK_EQ(after.pages, before.pages);
}

TEST(heap_repeats_itself)
{
	void *first[64];

	if (IS_ENABLED(CONFIG_LAYOUT_HEAP) || IS_ENABLED(CONFIG_LAYOUT_PAGES)) {
		test_skip("places are drawn (LAYOUT_HEAP, LAYOUT_PAGES)");
		return;
	}
	for (unsigned round = 0; round < 2; round++) {
		heap_drain();
		for (size_t i = 0; i < array_size(first); i++) {
			void *p = heap_alloc(i * 40);

			if (round == 0)
				first[i] = p;
			CHECK(p && p == first[i]);
		}
		for (size_t i = 0; i < array_size(first); i++)
			heap_free(first[i * 7 % array_size(first)]);
	}
}

TEST(heap_returns_null_when_memory_is_out)
{
	struct heap_stats before, after;
	size_t count = 0;
	void **chain = NULL, **next;

	heap_drain();
	heap_stats(&before);
	while ((next = heap_alloc(300 * KIB))) {
		*next = chain;
		chain = next;
		count++;
	}
	CHECK(count > 0);
	for (; chain; chain = next) {
		next = *chain;
		heap_free(chain);
	}
	heap_drain();
	heap_stats(&after);
	CHECK_EQ(after.pages, before.pages);
}
