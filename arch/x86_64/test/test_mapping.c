/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seeing writes: the dirty bit of a mapping tells of a write through it, and of nothing else. The alias itself is
 * only made under a harness (its tables cannot be given back), so that what it must do is tested by the snapshot's
 * audits.
 */
#include <arch/arch.h>
#include <kernel/page.h>
#include <kernel/test.h>

static uint64_t wanted_virt;
static struct arch_mapping found;
static size_t found_count, table_count;

static void visit(const struct arch_mapping *mapping, void *context UNUSED)
{
	if (mapping->virt != wanted_virt)
		return;
	found = *mapping;
	found_count++;
}

static void count_table(const struct arch_table *table, void *context UNUSED)
{
	table_count += page_from_phys(table->phys) != NULL;
}

TEST(mapping_foreach_finds_each_once)
{
	struct page *page = page_alloc(0);

	CHECK(page);
	wanted_virt = (uint64_t)page_virt(page);
	found_count = table_count = 0;
	arch_mapping_foreach(&arch_kernel_pagetable, visit, count_table, NULL);
	CHECK_EQ(found_count, 1);
	CHECK_EQ(found.phys, page_phys(page));
	CHECK(found.writable);
	CHECK(table_count > 4);
	page_free(page, 0);
}

/* The mapping's entry by way of the direct map, as there may be no alias. */
static struct arch_mapping seen_directly(struct arch_mapping mapping)
{
	mapping.entry = arch_phys_to_virt((uint64_t)mapping.entry - (uint64_t)arch_alias(0));
	return mapping;
}

TEST(mapping_tells_of_writes)
{
	struct page *page = page_alloc(0);
	volatile uint64_t *word = page ? page_virt(page) : NULL;
	struct arch_mapping mapping;

	CHECK(page);
	if (X86_TABLES_LOCKED) {
		page_free(page, 0);
		test_skip("page tables are locked, which they are not in images with snapshots");
		return;
	}
	wanted_virt = (uint64_t)word;
	arch_mapping_foreach(&arch_kernel_pagetable, visit, NULL, NULL);
	mapping = seen_directly(found);
	for (int round = 0; round < 3; round++) {
		arch_mapping_clean(&mapping);
		CHECK(!arch_mapping_is_dirty(&mapping));
		CHECK(word[round] || !arch_mapping_is_dirty(&mapping)); /* a read is no write */
		word[round] = 1;
		CHECK(arch_mapping_is_dirty(&mapping));
	}
	page_free(page, 0);
}
