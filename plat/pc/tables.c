/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all tables of a PC's firmware have in common.
 */
#include "tables.h"

#include <kernel/string.h>

#define EBDA_SEGMENT 0x40e

bool table_sum_is_right(const void *table, size_t len)
{
	const uint8_t *bytes = table;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += bytes[i];
	return sum == 0;
}

phys_t table_find(tables_at_t *at, phys_t start, phys_t end, const char *text)
{
	size_t len = strlen(text);

	for (phys_t phys = start; phys + 16 <= end; phys += 16) {
		const char *bytes = at(phys, 16);

		if (bytes && !memcmp(bytes, text, len))
			return phys;
	}
	return 0;
}

phys_t table_ebda(tables_at_t *at)
{
	const uint16_t *segment = at(EBDA_SEGMENT, sizeof(*segment));

	return segment ? (phys_t)*segment << 4 : 0;
}
