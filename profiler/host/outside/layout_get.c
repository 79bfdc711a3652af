/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading members of structures, whose places are known. See layout.h.
 */
#include "guest.h"

bool layout_get(const struct layout *layout, struct guest_memory *memory, uint64_t base, enum member member,
		uint64_t *value)
{
	uint32_t size = layout->members[member].size;

	*value = 0;
	return guest_memory_read(memory, base + layout->members[member].offset, value,
				 size < sizeof(*value) ? size : sizeof(*value));
}

#define KERNEL_BASE UINT64_C(0xffffffff80000000)

void guest_place(struct guest *guest)
{
	struct layout *l = &guest->layout;
	uint64_t *const addresses[] = { &l->text_start,    &l->text_end,    &l->entry_start, &l->entry_end,
					&l->syscall_start, &l->syscall_end, &l->quick_start, &l->quick_end };
	uint64_t virt, phys;

	/* The image is all that is mapped there, and its addresses are physical ones plus a constant. */
	if (guest_memory_first(&guest->memory, KERNEL_BASE, &virt, &phys))
		guest->slide = virt - phys - KERNEL_BASE;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		*addresses[i] += guest->slide;
	guest->is_placed = true;
}
