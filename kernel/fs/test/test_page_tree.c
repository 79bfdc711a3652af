/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree of a file's pages; the entropy source.
 */
#include "../page_tree.h"

#include <kernel/heap.h>
#include <kernel/random.h>
#include <kernel/string.h>
#include <kernel/test.h>

static const uint64_t indexes[] = {
	0, 1, 63, 64, 65, 4095, 4096, 1u << 20, UINT64_C(1) << 40, (UINT64_C(1) << 51) - 1
};

TEST(page_tree_finds_what_was_put_in)
{
	struct page_tree tree = { NULL, 0 };
	struct page *pages[array_size(indexes)];

	for (size_t i = 0; i < array_size(indexes); i++) {
		pages[i] = page_alloc(0);
		CHECK(pages[i]);
		CHECK_EQ(page_tree_insert(&tree, indexes[i], pages[i]), 0);
	}
	for (size_t i = 0; i < array_size(indexes); i++)
		CHECK(page_tree_find(&tree, indexes[i]) == pages[i]);
	CHECK(!page_tree_find(&tree, 2));
	CHECK(!page_tree_find(&tree, UINT64_C(1) << 41));
	CHECK_EQ(page_tree_next(&tree, 2, false), 63);
	CHECK_EQ(page_tree_next(&tree, 66, false), 4095);
	CHECK_EQ(page_tree_next(&tree, 0, true), 2);
	CHECK_EQ(page_tree_next(&tree, 63, true), 66);
	CHECK_EQ(page_tree_next(&tree, UINT64_C(1) << 51, false), UINT64_MAX);
	CHECK_EQ(page_tree_remove(&tree, 1, 64), 3);
	CHECK(!page_tree_find(&tree, 63) && page_tree_find(&tree, 65));
	CHECK_EQ(page_tree_remove(&tree, 0, UINT64_MAX), array_size(indexes) - 3);
	CHECK(!tree.root);
	CHECK_EQ(tree.height, 0);
}

TEST(page_tree_frees_its_nodes)
{
	struct page_tree tree = { NULL, 0 };
	struct heap_stats before, after;

	heap_stats(&before);
	for (uint64_t i = 0; i < 300; i++)
		CHECK_EQ(page_tree_insert(&tree, i * 37, page_alloc(0)), 0);
	for (uint64_t i = 0; i < 300; i++)
		CHECK_EQ(page_tree_remove(&tree, i * 37, i * 37), 1);
	CHECK(!tree.root);
	heap_stats(&after);
	CHECK_EQ(after.live_objects, before.live_objects);
}

TEST(random_bytes_differ)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };

	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)));
	CHECK(memcmp(a, a + 32, 32));
}
