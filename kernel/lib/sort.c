/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heap sort: in place, n log n always.
 */
#include <kernel/sort.h>

/* Restores the heap (largest first) below one element that may be too small. */
static void sift_down(const void **array, size_t root, size_t count, sort_compare_t *compare)
{
	const void *moved = array[root];

	for (;;) {
		size_t child = 2 * root + 1;

		if (child >= count)
			break;
		if (child + 1 < count && compare(array[child], array[child + 1]) < 0)
			child++;
		if (compare(moved, array[child]) >= 0)
			break;
		array[root] = array[child];
		root = child;
	}
	array[root] = moved;
}

void sort_pointers(const void **array, size_t count, sort_compare_t *compare)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(array, i, count, compare);
	for (size_t end = count; end-- > 1;) {
		const void *largest = array[0];

		array[0] = array[end];
		array[end] = largest;
		sift_down(array, 0, end, compare);
	}
}
