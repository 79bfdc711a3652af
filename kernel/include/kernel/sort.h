/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sorting in place, without memory and without a bad case. Not stable. Any context.
 */
#pragma once

#include <kernel/types.h>

/* Less than 0, 0, more than 0: a belongs before, beside, behind b. */
typedef int sort_compare_t(const void *a, const void *b);

/* Sorts an array of pointers. */
void sort_pointers(const void **array, size_t count, sort_compare_t *compare);
