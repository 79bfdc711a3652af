/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-ups in the generated descriptions. Compiled into the kernel and into host programs: no other kernel code is
 * used.
 */
#include <kernel/syscall_desc.h>

const struct desc_call *desc_call_find(uint32_t number, uint32_t variant)
{
	if (number >= desc_number_limit)
		return NULL;
	for (unsigned i = desc_call_first[number]; i < desc_call_first[number + 1]; i++)
		if (desc_calls[i].variant == variant)
			return &desc_calls[i];
	return NULL;
}

static bool name_is(const char *name, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] == '\0' || name[i] != text[i])
			return false;
	return name[len] == '\0';
}

const struct desc_call *desc_call_find_name(const char *name, size_t len)
{
	for (size_t i = 0; i < desc_call_count; i++)
		if (name_is(desc_calls[i].name, name, len))
			return &desc_calls[i];
	return NULL;
}

bool desc_resource_fits(const struct desc_resource *have, const struct desc_resource *want)
{
	for (; have; have = have->parent)
		if (have == want)
			return true;
	return false;
}
