/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is drawn is even and nobody's twice, and the image is whole where it has been moved to. That a seed repeats a
 * boot is seen from outside (layout.test).
 */
#include <instrumentation/layout/layout_internal.h>
#include <kernel/aspace.h>
#include <kernel/boot.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

#define BUCKETS 16
#define DRAWS 4096

TEST(layout_draws_are_even)
{
	for (enum layout_region region = 0; region < LAYOUT_REGIONS; region++) {
		unsigned seen[BUCKETS] = { 0 };
		uint64_t squares = 0;

		for (unsigned i = 0; i < DRAWS; i++) {
			uint64_t value = layout_draw(region, BUCKETS);

			CHECK(value < BUCKETS);
			seen[value]++;
		}
		for (unsigned i = 0; i < BUCKETS; i++) {
			int64_t off = (int64_t)seen[i] - DRAWS / BUCKETS;

			squares += (uint64_t)(off * off);
		}
		/* Chi-squared of 15 degrees of freedom: above 70 once in 10^8. */
		CHECK(squares / (DRAWS / BUCKETS) < 70);
	}
}

TEST(layout_draws_stay_below)
{
	static const uint64_t counts[] = { 1, 2, 3, 1000, UINT64_C(1) << 28, UINT64_MAX };

	for (size_t i = 0; i < array_size(counts); i++)
		for (unsigned n = 0; n < 100; n++)
			CHECK(layout_draw(LAYOUT_PROGRAM, counts[i]) < counts[i]);
}

TEST(layout_streams_have_nothing_in_common)
{
	enum { WORDS = 64 };
	uint64_t words[LAYOUT_REGIONS * WORDS];

	for (size_t i = 0; i < array_size(words); i++)
		words[i] = layout_bits(i / WORDS);
	for (size_t i = 0; i < array_size(words); i++)
		for (size_t j = 0; j < i; j++)
			CHECK(words[i] != words[j]);
}

/* Entry code's own ChaCha makes what everybody else's does. */
TEST(layout_word_is_of_the_stream)
{
	for (enum layout_region region = 0; region < LAYOUT_REGIONS; region++) {
		uint32_t state[CHACHA20_BLOCK_WORDS], block[CHACHA20_BLOCK_WORDS];
		uint64_t n = UINT64_C(0x100000001) * region;

		layout_state(state, region, n);
		chacha_block(block, state, LAYOUT_DOUBLE_ROUNDS);
		CHECK_EQ(layout_word(region, n), (uint64_t)block[1] << 32 | block[0]);
	}
}

TEST(layout_copies_part)
{
	static const uint64_t secrets[2] = { 1, 2 };
	uint64_t common, first, second;

	if (layout_is_fixed()) {
		test_skip("the layout is a fixed one");
		return;
	}
	common = layout_word(LAYOUT_PAGES, 0);
	layout_key_change(&secrets[0], sizeof(secrets[0]));
	first = layout_word(LAYOUT_PAGES, 0);
	layout_key_change(&secrets[1], sizeof(secrets[1]));
	second = layout_word(LAYOUT_PAGES, 0);
	CHECK(first != common && second != common && first != second);
	CHECK_EQ(layout_bits(LAYOUT_PAGES) == layout_bits(LAYOUT_PAGES), 0);
}

/* ---- the image ---- */

static long one(void)
{
	return 1;
}

static long two(void)
{
	return 2;
}

extern const char nobody_has_this[] WEAK;
static long (*const constant_table[])(void) = { one, two };
static long (*table[])(void) = { two, one };
static const char *texts[] = { "one", "two", nobody_has_this };
/* Only one of them is in the image. */
static const uint64_t numbers[] = { KERNEL_BASE, KERNEL_BASE + 0x123456789 };

static NOINLINE long choose(unsigned n)
{
	switch (n) {
	case 0: return (long)(uintptr_t)texts[0];
	case 1: return one();
	case 2: return -7;
	case 3: return two() << 4;
	case 4: return (long)(uintptr_t)&table;
	case 5: return 11;
	default: return 0;
	}
}

TEST(layout_image_is_whole)
{
	uint64_t slide = layout_slide();

	CHECK_EQ(slide % PAGE_SIZE, 0);
	CHECK(slide < 2 * GIB);
	CHECK_EQ(constant_table[0]() + constant_table[1]() * 4, 9);
	CHECK_EQ(table[0]() + table[1]() * 4, 6);
	CHECK_STR(texts[0], "one");
	CHECK_STR(texts[1], "two");
	CHECK(!texts[2] && !nobody_has_this);
	CHECK_EQ(numbers[0], KERNEL_BASE);
	CHECK_EQ(numbers[1] - numbers[0], 0x123456789);
	CHECK_EQ(choose(0), (uintptr_t)texts[0]);
	CHECK_EQ(choose(1) + choose(2) + choose(3), 1 - 7 + 32);
	CHECK_EQ(choose(4), (uintptr_t)table);
	CHECK_EQ(choose(5) + choose(6), 11);
}

TEST(layout_linked_takes_the_slide_off)
{
	CHECK_EQ(layout_linked((uintptr_t)one), (uintptr_t)one - layout_slide());
	CHECK_EQ(layout_linked(0x401000), 0x401000);
	CHECK_EQ(layout_linked((uintptr_t)arch_phys_to_virt(0)), (uintptr_t)arch_phys_to_virt(0));
	CHECK_EQ(layout_direct_map_slide() % GIB, 0);
	CHECK(layout_direct_map_slide() / GIB < arch_direct_map_places());
	CHECK(arch_image_places() == 1 || layout_slide() / PAGE_SIZE < arch_image_places());
}

/* ---- the parts that draw ---- */

#define MANY 64

/* How many of them lie right behind the one before. */
static unsigned in_a_row(const uint64_t *addresses, size_t count, uint64_t distance)
{
	unsigned n = 0;

	for (size_t i = 1; i < count; i++)
		n += addresses[i] == addresses[i - 1] + distance;
	return n;
}

TEST(layout_pages_are_drawn)
{
	struct page *pages[MANY];
	uint64_t addresses[MANY];
	unsigned row;

	if (!IS_ENABLED(CONFIG_LAYOUT_PAGES)) {
		test_skip("needs LAYOUT_PAGES");
		return;
	}
	for (size_t i = 0; i < MANY; i++) {
		pages[i] = page_alloc(0);
		addresses[i] = pages[i] ? page_phys(pages[i]) : 0;
	}
	row = in_a_row(addresses, MANY, PAGE_SIZE);
	for (size_t i = 0; i < MANY; i++)
		if (pages[i])
			page_free(pages[i], 0);
	CHECK(row < MANY / 8);
}

#define REGION (2 * MIB)

static bool is_in_region_of(phys_t phys, struct page *const *pages)
{
	for (size_t i = 0; i < MANY; i++)
		if (pages[i] && page_phys(pages[i]) / REGION == phys / REGION)
			return true;
	return false;
}

#define TABLES 600 /* so many that one at an end of a region would be seen */

TEST(layout_page_tables_are_apart)
{
	struct page *pages[MANY], *table;
	size_t before = page_free_count(), had = 0, tables = 0, beside = 0, at_end = 0;
	struct list all = LIST_INIT(all);
	uint64_t addresses[MANY] = { 0 };

	if (!IS_ENABLED(CONFIG_LAYOUT_PAGES) || before < 40 * MIB / PAGE_SIZE) {
		test_skip("needs LAYOUT_PAGES and 40 MiB");
		return;
	}
	for (size_t i = 0; i < MANY; i++) {
		pages[i] = page_alloc(0);
		had += pages[i] != NULL;
	}
	for (; tables < TABLES && (table = page_alloc_table()); tables++) {
		phys_t phys = page_phys(table);

		if (tables < MANY)
			addresses[tables] = phys;
		beside += is_in_region_of(phys, pages);
		at_end += phys % REGION == 0 || phys % REGION == REGION - PAGE_SIZE;
		list_append(&all, &table->node);
	}
	if (arch_kernel_pagetable.root)
		beside += is_in_region_of(arch_kernel_pagetable.root, pages);
	list_foreach_safe(&all, struct page, node, page)
		page_free(page, 0);
	for (size_t i = 0; i < MANY; i++)
		if (pages[i])
			page_free(pages[i], 0);
	CHECK_EQ(had, MANY);
	CHECK_EQ(tables, TABLES);
	CHECK_EQ(beside, 0);
	CHECK_EQ(at_end, 0);
	CHECK(in_a_row(addresses, MANY, PAGE_SIZE) < MANY / 8);
	CHECK_EQ(page_free_count(), before);
}

TEST(layout_blocks_are_drawn)
{
	struct page *blocks[MANY / 2];
	uint64_t addresses[MANY / 2];
	unsigned row, had = 0, again = 0;

	if (!IS_ENABLED(CONFIG_LAYOUT_PAGES)) {
		test_skip("needs LAYOUT_PAGES");
		return;
	}
	for (size_t i = 0; i < array_size(blocks); i++) {
		blocks[i] = page_alloc(2);
		addresses[i] = blocks[i] ? page_phys(blocks[i]) : 0;
	}
	row = in_a_row(addresses, array_size(blocks), PAGE_SIZE << 2);
	for (size_t i = 0; i < array_size(blocks); i++) {
		struct page *freed = blocks[i];

		if (!freed)
			continue;
		had++;
		page_free(freed, 2);
		blocks[i] = page_alloc(2);
		again += blocks[i] == freed;
	}
	for (size_t i = 0; i < array_size(blocks); i++)
		if (blocks[i])
			page_free(blocks[i], 2);
	CHECK_EQ(had, array_size(blocks));
	CHECK(row < array_size(blocks) / 2);
	CHECK(again < array_size(blocks) / 2);
}

TEST(layout_objects_are_drawn)
{
	void *objects[MANY];
	uint64_t addresses[MANY];
	unsigned row;

	if (!IS_ENABLED(CONFIG_LAYOUT_HEAP)) {
		test_skip("needs LAYOUT_HEAP");
		return;
	}
	for (size_t i = 0; i < MANY; i++) {
		objects[i] = heap_alloc(64);
		addresses[i] = (uintptr_t)objects[i];
	}
	row = in_a_row(addresses, MANY, 64);
	for (size_t i = 0; i < MANY; i++)
		heap_free(objects[i]);
	CHECK(row < MANY / 2);
	CHECK(heap_places(64) > MANY);
}

static void nothing(void *arg UNUSED)
{
}

TEST(layout_stacks_are_drawn)
{
	uint64_t tops[8] = { 0 };
	unsigned distinct_pages = 0, distinct_places = 0;

	if (!IS_ENABLED(CONFIG_LAYOUT_STACKS)) {
		test_skip("needs LAYOUT_STACKS");
		return;
	}
	for (size_t i = 0; i < array_size(tops); i++) {
		struct thread *thread = thread_create("drawn", nothing, NULL);

		if (thread) {
			tops[i] = (uintptr_t)thread->stack_base + thread->stack_size;
			thread_start(thread);
			thread_join(thread);
			thread_put(thread);
		}
		CHECK_EQ(tops[i] % 16, 0);
	}
	for (size_t i = 1; i < array_size(tops); i++) {
		distinct_pages += tops[i] / PAGE_SIZE != tops[0] / PAGE_SIZE;
		distinct_places += tops[i] % PAGE_SIZE != tops[0] % PAGE_SIZE;
	}
	CHECK(distinct_pages + distinct_places > array_size(tops) / 2);
}

TEST(layout_of_programs_is_possible)
{
	if (!IS_ENABLED(CONFIG_LAYOUT_PROGRAM)) {
		test_skip("needs LAYOUT_PROGRAM");
		return;
	}
	for (unsigned i = 0; i < 500; i++) {
		struct aspace as = { 0 };
		const struct aspace_places *places = &as.places;

		aspace_place(&as);
		CHECK(places->stack_top <= ASPACE_STACK_TOP && is_aligned(places->stack_top, PAGE_SIZE));
		CHECK(places->stack_gap < 2 * PAGE_SIZE && is_aligned(places->stack_gap, 16));
		CHECK(places->vdso + 64 * MIB <= places->stack_top - ASPACE_STACK_SIZE);
		CHECK(as.mmap_top <= places->vdso && places->vdso < as.mmap_top + MIB);
		CHECK(is_aligned(as.mmap_top, PAGE_SIZE));
		CHECK(places->pie_base >= ASPACE_PIE_BASE && places->pie_base < as.mmap_top - GIB);
		CHECK(places->brk_gap < 32 * MIB && is_aligned(places->brk_gap, PAGE_SIZE));
	}
}
