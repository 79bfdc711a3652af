/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What attackers know: the image that was linked, and what the running one gives away.
 */
#include "attacks.h"

#include <instrumentation/layout/layout.h>
#include <kernel/heap.h>

extern const char _stext[], _etext[]; /* the linker script's */

uintptr_t attack_linked(const volatile void *now)
{
	return (uintptr_t)now - layout_slide();
}

uintptr_t attack_gadget(const void *bytes, size_t len)
{
	for (const char *at = _stext; at + len <= _etext; at++)
		if (!memcmp(at, bytes, len))
			return attack_linked(at);
	return 0;
}

NOINLINE uint64_t attack_leaky_read(const struct attack_leaky *object, size_t index)
{
	const uint64_t *samples = attack_opaque(&object->samples[0]);

	return samples[index];
}

/* Without randomization. */
#define DIRECT_MAP_USUAL UINT64_C(0xffff800000000000)

static bool has_leaked;

uintptr_t attack_direct_map(phys_t phys)
{
	return (has_leaked ? DIRECT_MAP_BASE : DIRECT_MAP_USUAL) + phys;
}

static void notify(void)
{
}

uintptr_t attack_leaked_slide(void)
{
	static struct attack_leaky clock;

	clock.pointer = (const void *)notify;
	has_leaked = true;
	return attack_leaky_read(&clock, ATTACK_LEAK) - attack_linked_code(notify);
}

/* What the kernel keeps of a message that was sent; the list is why it has pointers. */
struct message {
	struct attack_leaky header;
	size_t len;
	uint8_t bytes[];
};

uintptr_t attack_leaked_heap(const void *bytes, size_t len)
{
	struct message *message = heap_zalloc(sizeof(*message) + len + 64);

	if (!message)
		return 0;
	message->header.pointer = message;
	message->len = len;
	memcpy(message->bytes, bytes, len);
	return attack_leaky_read(&message->header, ATTACK_LEAK) + offsetof(struct message, bytes);
}
