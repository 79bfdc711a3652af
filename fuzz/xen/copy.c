/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages in 64-bit words: where this dom0 is itself emulated, the string instructions that libc would choose take many
 * times as long.
 */
#include "internal.h"

void copy_page(void *to, const void *from)
{
	const uint64_t *source = from;
	uint64_t *target = to;

	for (size_t i = 0; i < PAGE / sizeof(*source); i += 4) {
		uint64_t a = source[i], b = source[i + 1], c = source[i + 2], d = source[i + 3];

		target[i] = a;
		target[i + 1] = b;
		target[i + 2] = c;
		target[i + 3] = d;
		/* Not to be turned into a call of memcpy(). */
		__asm__ volatile("" ::: "memory");
	}
}

bool page_is_blank(const void *page)
{
	const uint64_t *words = page;

	for (size_t i = 0; i < PAGE / sizeof(*words); i += 4)
		if (words[i] | words[i + 1] | words[i + 2] | words[i + 3])
			return false;
	return true;
}
