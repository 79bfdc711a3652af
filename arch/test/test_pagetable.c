/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables as arch/arch.h promises them: map, look up, protect, unmap, walk, destroy.
 */
#include <arch/arch.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/test.h>
#include <kernel/user.h>

#define RW (ARCH_PAGE_READ | ARCH_PAGE_WRITE)

static const uint64_t places[] = {
	0x10000,
	0x11000,
	0x400000,
	0x7fffff000,
	UINT64_C(0x555555554000),
	UINT64_C(0x7ffff7fff000),
	USER_END - PAGE_SIZE,
};

TEST(pagetable_maps_what_it_was_told)
{
	struct arch_pagetable table;
	phys_t phys;
	unsigned rights;

	CHECK_EQ(arch_pagetable_create(&table), 0);
	for (size_t i = 0; i < array_size(places); i++)
		CHECK_EQ(arch_pagetable_map(&table, places[i], (i + 1) * PAGE_SIZE, RW), 0);
	for (size_t i = 0; i < array_size(places); i++) {
		CHECK_EQ(arch_pagetable_lookup(&table, places[i], &phys, &rights), 0);
		CHECK_EQ(phys, (i + 1) * PAGE_SIZE);
		CHECK_EQ(rights & RW, RW);
		CHECK_EQ(arch_pagetable_map(&table, places[i], PAGE_SIZE, RW), -EEXIST);
		CHECK_EQ(arch_pagetable_lookup(&table, places[i] + 32 * PAGE_SIZE, &phys, &rights), -ENOENT);
	}
	arch_pagetable_destroy(&table);
}

TEST(pagetable_unmap_and_protect)
{
	struct arch_pagetable table;
	phys_t phys = 0;
	unsigned rights;

	CHECK_EQ(arch_pagetable_create(&table), 0);
	CHECK_EQ(arch_pagetable_unmap(&table, 0x400000, NULL), -ENOENT);
	CHECK_EQ(arch_pagetable_protect(&table, 0x400000, RW), -ENOENT);
	CHECK_EQ(arch_pagetable_map(&table, 0x400000, 5 * PAGE_SIZE, RW), 0);
	CHECK_EQ(arch_pagetable_protect(&table, 0x400000, ARCH_PAGE_READ), 0);
	CHECK_EQ(arch_pagetable_lookup(&table, 0x400000, &phys, &rights), 0);
	CHECK_EQ(phys, 5 * PAGE_SIZE);
	CHECK_EQ(rights & RW, ARCH_PAGE_READ);
	phys = 0;
	CHECK_EQ(arch_pagetable_unmap(&table, 0x400000, &phys), 0);
	CHECK_EQ(phys, 5 * PAGE_SIZE);
	CHECK_EQ(arch_pagetable_lookup(&table, 0x400000, NULL, NULL), -ENOENT);
	arch_pagetable_destroy(&table);
}

TEST(pagetable_next_visits_in_order)
{
	struct arch_pagetable table;
	uint64_t at = USER_START;

	CHECK_EQ(arch_pagetable_create(&table), 0);
	CHECK_EQ(arch_pagetable_next(&table, at, USER_END), USER_END);
	for (size_t i = array_size(places); i-- > 0;)
		CHECK_EQ(arch_pagetable_map(&table, places[i], (i + 1) * PAGE_SIZE, RW), 0);
	for (size_t i = 0; i < array_size(places); i++) {
		at = arch_pagetable_next(&table, at, USER_END);
		CHECK_EQ(at, places[i]);
		at += PAGE_SIZE;
	}
	CHECK_EQ(arch_pagetable_next(&table, at, USER_END), USER_END);
	CHECK_EQ(arch_pagetable_next(&table, 0x12000, 0x400000), 0x400000);
	arch_pagetable_destroy(&table);
}

TEST(pagetable_gives_its_pages_back)
{
	size_t before = page_free_count();
	struct arch_pagetable table;

	CHECK_EQ(arch_pagetable_create(&table), 0);
	for (size_t i = 0; i < array_size(places); i++)
		CHECK_EQ(arch_pagetable_map(&table, places[i], PAGE_SIZE, RW), 0);
	CHECK(page_free_count() < before);
	arch_pagetable_destroy(&table);
	CHECK_EQ(page_free_count(), before);
}

TEST(pagetable_of_the_kernel_knows_its_memory)
{
	struct page *page = page_alloc(0);
	phys_t phys = 0;
	unsigned rights = 0;

	CHECK(page);
	CHECK_EQ(arch_pagetable_lookup(&arch_kernel_pagetable, (uint64_t)page_virt(page), &phys, &rights), 0);
	CHECK_EQ(phys, page_phys(page));
	CHECK_EQ(rights & RW, RW);
	CHECK_EQ(arch_pagetable_lookup(&arch_kernel_pagetable, 0x400000, NULL, NULL), -ENOENT);
	page_free(page, 0);
}
