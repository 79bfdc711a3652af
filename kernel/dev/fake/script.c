/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scripts: see kernel/fake.h.
 */
#include <kernel/fake.h>

uint64_t script_take(struct script *script, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++, script->at++)
		if (script->at < script->size)
			value |= (uint64_t)script->data[script->at] << 8 * i;
	return value;
}

void script_bytes(struct script *script, void *to, size_t len)
{
	uint8_t *byte = to;

	while (len--)
		*byte++ = (uint8_t)script_take(script, 1);
}
