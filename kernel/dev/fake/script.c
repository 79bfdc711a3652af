/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scripts, and the lies that they tell about registers: see kernel/fake.h.
 */
#include <kernel/fake.h>

#include <kernel/string.h>

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
	size_t left = script->at < script->size ? script->size - script->at : 0, part = min(len, left);

	memcpy(to, script->data + script->at, part);
	memset((char *)to + part, 0, len - part);
	script->at += len;
}

void fake_lies_more(struct fake_override *overrides, struct script *script)
{
	struct fake_override *o = &overrides[script_take(script, 1) % FAKE_OVERRIDES];

	o->offset = (uint32_t)script_take(script, 2);
	o->value = (uint32_t)script_take(script, 4);
	o->honest = (uint8_t)script_take(script, 1);
	o->left = (uint8_t)script_take(script, 1);
}

bool fake_lie(struct fake_override *overrides, size_t offset, uint64_t *value)
{
	for (unsigned i = 0; i < FAKE_OVERRIDES; i++) {
		struct fake_override *o = &overrides[i];

		if (!o->left || o->offset != offset)
			continue;
		if (o->honest) {
			o->honest--;
			continue;
		}
		o->left--;
		*value = o->value;
		return true;
	}
	return false;
}
