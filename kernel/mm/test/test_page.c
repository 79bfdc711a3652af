/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page allocator, and what it accepts of a boot map.
 */
#include <kernel/heap.h>
#include <kernel/string.h>
#include "../page_internal.h"
#include "mm_test.h"

TEST(page_alloc_returns_aligned_blocks)
{
	for (unsigned order = 0; order <= 8; order++) {
		struct page *page = page_alloc(order);

		CHECK(page);
		CHECK_EQ(page_phys(page) % (PAGE_SIZE << order), 0);
		CHECK_EQ(page->refs, 1);
		memset(page_virt(page), 0x5a, PAGE_SIZE << order);
		CHECK(page_from_virt((char *)page_virt(page) + 5) == page);
		CHECK(page_from_phys(page_phys(page)) == page);
		page_free(page, order);
	}
}

TEST(page_alloc_repeats_itself)
{
	static const unsigned orders[] = { 0, 0, 3, 0, 1, 2, 0, 4 };
	struct page *first[array_size(orders)];

	if (IS_ENABLED(CONFIG_LAYOUT_PAGES)) {
		test_skip("pages are drawn (LAYOUT_PAGES)");
		return;
	}
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < array_size(orders); i++) {
			struct page *page = page_alloc(orders[i]);

			CHECK(page);
			if (round == 0)
				first[i] = page;
			CHECK(page == first[i]);
		}
		/* Freed in another order than allocated. */
		for (size_t i = 0; i < array_size(orders); i++)
			page_free(first[i * 5 % array_size(orders)], orders[i * 5 % array_size(orders)]);
	}
}

TEST(page_alloc_takes_the_lowest)
{
	struct page *a, *b, *odd = NULL, *again;

	if (IS_ENABLED(CONFIG_LAYOUT_PAGES)) {
		test_skip("pages are drawn (LAYOUT_PAGES)");
		return;
	}
	a = page_alloc(0);
	b = page_alloc(0);
	CHECK(a && b);
	/* A single free frame goes first, wherever it lies; what is split after it comes in order. */
	if (page_phys(a) > page_phys(b)) {
		odd = a;
		a = b;
		b = page_alloc(0);
		CHECK(b);
	}
	CHECK(page_phys(a) < page_phys(b));
	page_free(b, 0);
	page_free(a, 0);
	again = page_alloc(0);
	CHECK(again == a);
	page_free(again, 0);
	if (odd)
		page_free(odd, 0);
}

TEST(page_exhaustion_returns_null_and_recovers)
{
	size_t before = page_free_count(), taken = 0;
	struct list all = LIST_INIT(all);
	struct page *page;

	for (unsigned order = PAGE_ORDER_MAX + 1; order-- > 0;) {
		while ((page = page_alloc(order))) {
			list_append(&all, &page->node);
			taken += (size_t)1 << order;
		}
	}
	CHECK_EQ(taken, before);
	CHECK_EQ(page_free_count(), 0);
	list_foreach_safe(&all, struct page, node, p)
		page_free(p, p->order);
	CHECK_EQ(page_free_count(), before);
	page = page_alloc(PAGE_ORDER_MAX - 2);
	CHECK(page);
	page_free(page, PAGE_ORDER_MAX - 2);
}

/* That many single pages, or as many as there are. */
static size_t take_singles(struct list *all, size_t count)
{
	struct page *page;
	size_t taken = 0;

	for (; taken < count && (page = page_alloc(0)); taken++)
		list_append(all, &page->node);
	return taken;
}

static void give_singles(struct list *all)
{
	list_foreach_safe(all, struct page, node, p)
		page_free(p, 0);
}

#define ROOM_ORDER 7
#define MANY ((size_t)(256 * MIB / PAGE_SIZE)) /* with more others need some meanwhile */

/* What is taken by the page does not lie about everywhere. */
TEST(page_singles_leave_room_for_blocks)
{
	size_t before = page_free_count(), wanted = min(before, MANY) / 4, taken;
	struct list all = LIST_INIT(all);
	struct page *block;

	if (page_total_count() < 32 * MIB / PAGE_SIZE) {
		test_skip("little memory");
		return;
	}
	taken = take_singles(&all, wanted);
	block = page_alloc(ROOM_ORDER);
	give_singles(&all);
	CHECK_EQ(taken, wanted);
	CHECK(block);
	page_free(block, ROOM_ORDER);
	CHECK_EQ(page_free_count(), before);
}

static void count_largest(size_t frame UNUSED, size_t count, void *context)
{
	*(size_t *)context += count == (size_t)1 << PAGE_ORDER_MAX;
}

TEST(page_singles_can_be_all_and_become_blocks)
{
	size_t before = page_free_count(), taken, largest_before = 0, largest_between = 0, largest = 0;
	struct list all = LIST_INIT(all);

	if (before > MANY) {
		test_skip("more memory than can be had page by page");
		return;
	}
	page_foreach_free(count_largest, &largest_before);
	taken = take_singles(&all, SIZE_MAX);
	page_foreach_free(count_largest, &largest_between);
	give_singles(&all);
	page_foreach_free(count_largest, &largest);
	CHECK_EQ(taken, before);
	CHECK_EQ(page_free_count(), before);
	CHECK_EQ(largest_between, 0);
	CHECK(largest >= largest_before / 2);
}

TEST(page_tables_can_be_all)
{
	size_t before = page_free_count(), taken = 0, dirty = 0;
	struct list all = LIST_INIT(all);
	struct page *page;

	if (before > MANY) {
		test_skip("more memory than can be had page by page");
		return;
	}
	for (; (page = page_alloc_table()); taken++) {
		const uint64_t *words = page_virt(page);

		for (size_t i = 0; i < PAGE_SIZE / sizeof(*words); i++)
			dirty += words[i] != 0;
		list_append(&all, &page->node);
	}
	give_singles(&all);
	CHECK_EQ(taken, before);
	CHECK_EQ(dirty, 0);
	CHECK_EQ(page_free_count(), before);
}

static void count_free(size_t frame UNUSED, size_t count, void *context)
{
	*(size_t *)context += count;
}

TEST(page_foreach_free_sees_all)
{
	size_t seen = 0;

	page_foreach_free(count_free, &seen);
	CHECK_EQ(seen, page_free_count());
	CHECK(seen <= page_total_count());
}

TEST(page_references_are_counted)
{
	size_t before = page_free_count();
	struct page *page = page_alloc(0);

	CHECK(page);
	page_get(page);
	page_put(page);
	CHECK_EQ(page_free_count(), before - 1);
	page_put(page);
	CHECK_EQ(page_free_count(), before);
}

TEST(page_run_is_trimmed)
{
	size_t before = page_free_count();
	struct page *page = page_run_alloc(9);

	CHECK(page);
	CHECK_EQ(page_free_count(), before - 9);
	memset(page_virt(page), 1, 9 * PAGE_SIZE);
	page_run_free(page, 9);
	CHECK_EQ(page_free_count(), before);
	CHECK(!page_run_alloc(((size_t)1 << PAGE_ORDER_MAX) + 1));
}

static void free_order_0(void *page)
{
	page_free(page, 0);
}

TEST(page_misuse_is_a_crash)
{
	struct page *page = page_alloc(1);

	CHECK(page);
	CHECK_EQ(test_crash_of(free_order_0, page), CRASH_INVALID_FREE);
	CHECK_EQ(test_crash_of(free_order_0, page + 1), CRASH_DOUBLE_FREE);
	page_free(page, 1);
	CHECK_EQ(test_crash_of(free_order_0, page), CRASH_DOUBLE_FREE);
}

/* ---- boot maps ---- */

static struct boot_info map;
static struct page_range usable[PAGE_RANGES_MAX];

static void map_start(void)
{
	memset(&map, 0, sizeof(map));
}

static void map_add(phys_t base, uint64_t size, enum boot_range_type type)
{
	map.ranges[map.range_count++] = (struct boot_range){ base, size, type };
}

TEST(page_ranges_are_sorted_and_merged)
{
	map_start();
	map_add(0x800000, 0x100800, BOOT_RAM);	/* ends within a page */
	map_add(0x200800, 0x10000, BOOT_RAM);	/* starts within one */
	map_add(0x208000, 0x20000, BOOT_RAM);	/* overlaps the one before */
	CHECK_EQ(page_usable_ranges(&map, UINT64_MAX, usable), 2);
	CHECK_EQ(usable[0].start, 0x201);
	CHECK_EQ(usable[0].end, 0x228);
	CHECK_EQ(usable[1].start, 0x800);
	CHECK_EQ(usable[1].end, 0x900);
}

TEST(page_ranges_leave_out_what_is_taken)
{
	map_start();
	map_add(0, 0x1000000, BOOT_RAM);
	map_add(0x700800, 0x100, BOOT_ACPI);
	map_add(0xf00000, 0x200000, BOOT_RESERVED);
	map.image_start = 0x200000;
	map.image_end = 0x280000;
	map.initrd = 0x300100;
	map.initrd_size = 0x1000;
	CHECK_EQ(page_usable_ranges(&map, UINT64_MAX, usable), 4);
	CHECK_EQ(usable[0].start, 0x100);
	CHECK_EQ(usable[0].end, 0x200);
	CHECK_EQ(usable[1].start, 0x280);
	CHECK_EQ(usable[1].end, 0x300);
	CHECK_EQ(usable[2].start, 0x302);
	CHECK_EQ(usable[2].end, 0x700);
	CHECK_EQ(usable[3].start, 0x701);
	CHECK_EQ(usable[3].end, 0xf00);
	CHECK_EQ(page_usable_ranges(&map, 0x280000, usable), 1);
}

TEST(page_memory_is_where_the_map_says)
{
	map_start();
	map_add(2 * MIB, MIB + 0x800, BOOT_RAM);
	map_add(4 * MIB, MIB, BOOT_RESERVED);
	map_add(6 * MIB, PAGE_SIZE, BOOT_ACPI);
	map_add(0x100000000, MIB, BOOT_RAM);
	map.image_start = 8 * MIB;
	map.image_end = 9 * MIB;
	map.initrd = 10 * MIB + 5;
	map.initrd_size = 1;
	CHECK(page_memory_is_at(&map, 3 * MIB, PAGE_SIZE));
	CHECK(!page_memory_is_at(&map, 3 * MIB + PAGE_SIZE, 2 * MIB));
	CHECK(!page_memory_is_at(&map, 4 * MIB, MIB));
	CHECK(page_memory_is_at(&map, 6 * MIB, PAGE_SIZE));
	CHECK(!page_memory_is_at(&map, 7 * MIB, MIB));
	CHECK(page_memory_is_at(&map, 7 * MIB, MIB + 1));
	CHECK(page_memory_is_at(&map, 10 * MIB, PAGE_SIZE));
	CHECK(!page_memory_is_at(&map, 11 * MIB, 0x100000000 - 11 * MIB));
	CHECK(page_memory_is_at(&map, 11 * MIB, UINT64_MAX));
}

TEST(page_ranges_survive_a_hostile_map)
{
	map_start();
	map_add(0x200000, UINT64_MAX, BOOT_RAM);
	map_add(UINT64_MAX - 5, UINT64_MAX, BOOT_RAM);
	map_add(0x300000, 0, BOOT_RAM);
	map_add(UINT64_MAX, UINT64_MAX, BOOT_RESERVED);
	map.initrd = UINT64_MAX - PAGE_SIZE;
	map.initrd_size = UINT64_MAX;
	map.image_start = 0x400000;
	map.image_end = 0x300000;
	map.range_count = SIZE_MAX;
	CHECK_EQ(page_usable_ranges(&map, UINT64_MAX, usable), 1);
	CHECK_EQ(usable[0].start, 0x200);
	CHECK_EQ(usable[0].end, DIRECT_MAP_SIZE >> PAGE_SHIFT);
}

TEST(page_ranges_of_a_full_map)
{
	map_start();
	map_add(0x200000, 0x4000000, BOOT_RAM);
	for (size_t i = 1; i < BOOT_RANGES_MAX; i++)
		map_add(0x200000 + i * 0x100000, PAGE_SIZE, BOOT_RESERVED);
	CHECK_EQ(page_usable_ranges(&map, UINT64_MAX, usable), BOOT_RANGES_MAX);
	for (size_t i = 1; i < BOOT_RANGES_MAX; i++)
		CHECK(usable[i - 1].end < usable[i].start);
}
