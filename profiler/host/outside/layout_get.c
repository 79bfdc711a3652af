/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading members of structures, whose places are known. See layout.h.
 */
#include "layout.h"

bool layout_get(const struct layout *layout, struct guest_memory *memory, uint64_t base, enum member member,
		uint64_t *value)
{
	uint32_t size = layout->members[member].size;

	*value = 0;
	return guest_memory_read(memory, base + layout->members[member].offset, value,
				 size < sizeof(*value) ? size : sizeof(*value));
}
