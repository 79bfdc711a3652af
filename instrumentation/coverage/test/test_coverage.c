/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option COVERAGE: edges are counted, the table says where they are, comparisons are logged.
 */
#include <fuzz/abi/channel.h>
#include <instrumentation/coverage/coverage.h>
#include <instrumentation/layout/layout.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/test.h>

#define RING 8

static volatile int sink;

/* What the compiler cannot make one with its neighbours, so that the branch before it stays one. */
static ALWAYS_INLINE void apart(int n)
{
	__asm__ volatile("# %0" : : "i"(n));
	sink = n;
}

static NOINLINE void branch(int which)
{
	if (which == 1)
		apart(10);
	else if (which == 2)
		apart(20);
	else
		apart(30);
}

static NOINLINE void compare(uint64_t a, uint32_t b)
{
	if (a == UINT64_C(0x1122334455667788))
		apart(1);
	if (b > 0xabcd)
		apart(2);
}

static NOINLINE void choose(unsigned which)
{
	switch (which) {
	case 1000: apart(1); break;
	case 2000: apart(2); break;
	case 30000: apart(3); break;
	case 400000: apart(4); break;
	default: apart(5); break;
	}
}

/* Counters that belong to [fn, fn + 256) and are not 0. */
static size_t hits(void (*fn)(int))
{
	const uint64_t *pcs = coverage_pcs();
	size_t n = 0;

	for (size_t i = 0; i < coverage_counter_count(); i++)
		n += pcs[2 * i] - layout_linked((uint64_t)fn) < 256 && coverage_counters()[i];
	return n;
}

TEST(coverage_counts_edges)
{
	size_t one, two;

	CHECK(coverage_counter_count() > 100);
	CHECK(is_aligned(coverage_counters(), PAGE_SIZE));
	memset(coverage_counters(), 0, coverage_counter_count());
	branch(1);
	one = hits(branch);
	branch(2);
	two = hits(branch);
	CHECK(one > 0);
	CHECK(two > one);
	branch(1);
	CHECK_EQ(hits(branch), two);
}

TEST(coverage_table_names_functions)
{
	const uint64_t *pcs = coverage_pcs();
	bool found = false;

	for (size_t i = 0; i < coverage_counter_count(); i++)
		found |= pcs[2 * i] == layout_linked((uint64_t)branch) && pcs[2 * i + 1] & 1;
	CHECK(found);
}

static bool logged(const struct channel_compare *ring, uint64_t constant, uint64_t value, uint32_t size)
{
	for (size_t i = 0; i < RING; i++) {
		const struct channel_compare *c = &ring[i];

		if (c->a == constant && c->b == value && c->size == size && c->is_const)
			return true;
	}
	return false;
}

TEST(coverage_logs_comparisons)
{
	struct channel_compare *ring = heap_array(RING, sizeof(*ring));
	uint32_t count = 0;

	CHECK(ring);
	coverage_set_compare_log(ring, RING, &count);
	compare(7, 9);
	coverage_set_compare_log(NULL, 0, NULL);
	CHECK_EQ(count, 2);
	CHECK(logged(ring, UINT64_C(0x1122334455667788), 7, 8));
	CHECK(logged(ring, 0xabcd, 9, 4) || logged(ring, 0xabce, 9, 4));
	CHECK(ring[0].pc - (uint64_t)compare < 256);
	compare(7, 9);
	CHECK_EQ(count, 2);
	heap_free(ring);
}

TEST(coverage_log_leaves_equal_values_out_and_wraps)
{
	struct channel_compare *ring = heap_array(RING, sizeof(*ring));
	volatile unsigned which = 2000;
	uint32_t count = 0;

	CHECK(ring);
	coverage_set_compare_log(ring, RING, &count);
	compare(UINT64_C(0x1122334455667788), 9);
	CHECK_EQ(count, 1);
	choose(which);
	CHECK_EQ(count, 1 + 3);
	CHECK(logged(ring, 1000, 2000, 4));
	CHECK(logged(ring, 400000, 2000, 4));
	for (int i = 0; i < 100; i++)
		compare(1, 2);
	coverage_set_compare_log(NULL, 0, NULL);
	CHECK(count >= 204); /* and those of this function itself */
	heap_free(ring);
}
