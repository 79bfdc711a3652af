/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-ups in the generated descriptions. Compiled into the kernel and into host programs: no other kernel code is
 * used.
 */
#include <kernel/syscall_desc.h>

static int compare(const struct desc_call *call, uint32_t number, uint32_t variant)
{
	if (call->number != number)
		return call->number < number ? -1 : 1;
	if (call->variant != variant)
		return call->variant < variant ? -1 : 1;
	return 0;
}

const struct desc_call *desc_call_find(uint32_t number, uint32_t variant)
{
	size_t low = 0, high = desc_call_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&desc_calls[middle], number, variant);

		if (order == 0)
			return &desc_calls[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
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
