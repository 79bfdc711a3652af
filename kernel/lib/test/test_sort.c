/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sorting, on every order of few elements and on many.
 */
#include <kernel/sort.h>
#include <kernel/test.h>

static int compare_addresses(const void *a, const void *b)
{
	return (a > b) - (a < b);
}

static bool is_sorted(const void *const *array, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (array[i - 1] > array[i])
			return false;
	}
	return true;
}

/* n decides the order: its digits in base 5. */
TEST(sort_orders_every_arrangement_of_five)
{
	const void *array[5];

	for (unsigned n = 0; n < 5 * 5 * 5 * 5 * 5; n++) {
		unsigned rest = n;
		uintptr_t sum = 0, after = 0;

		for (unsigned i = 0; i < 5; i++, rest /= 5) {
			array[i] = (void *)(uintptr_t)(rest % 5 + 1);
			sum += (uintptr_t)array[i] * (uintptr_t)array[i];
		}
		sort_pointers(array, 5, compare_addresses);
		for (unsigned i = 0; i < 5; i++)
			after += (uintptr_t)array[i] * (uintptr_t)array[i];
		CHECK(is_sorted(array, 5));
		CHECK_EQ(after, sum);
	}
}

TEST(sort_orders_many)
{
	static const void *array[777];
	uint64_t x = 1;

	for (size_t i = 0; i < array_size(array); i++) {
		x = x * UINT64_C(6364136223846793005) + 1;
		array[i] = (void *)(uintptr_t)(x >> 40);
	}
	sort_pointers(array, array_size(array), compare_addresses);
	CHECK(is_sorted(array, array_size(array)));
}

TEST(sort_leaves_nothing_and_one_alone)
{
	const void *one = &one;

	sort_pointers(NULL, 0, compare_addresses);
	sort_pointers(&one, 1, compare_addresses);
	CHECK(one == &one);
}
