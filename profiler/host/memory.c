/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is there, or the program ends. See profile.h.
 */
#include "profile.h"

#include "prof.h"

#include <stdio.h>
#include <stdlib.h>

static void *memory_or_end(void *memory)
{
	if (memory)
		return memory;
	fputs("saki-prof: out of memory\n", stderr);
	exit(PROF_ENVIRONMENT);
}

void *memory_new(size_t count, size_t size)
{
	return memory_or_end(calloc(count ? count : 1, size));
}

void *memory_more(void *array, size_t count, size_t size)
{
	size_t room = count ? count * 2 : 1;

	if (count & (count - 1))
		return array;
	return memory_or_end(room > SIZE_MAX / size / 2 ? NULL : realloc(array, room * size));
}
