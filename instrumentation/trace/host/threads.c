/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of threads by their ids. See threads.h.
 */
#include <stdlib.h>

#include "threads.h"

static size_t slot_of(const struct threads *threads, uint32_t id)
{
	size_t i = (id * 2654435761u) & (threads->size - 1);

	while (threads->slots[i].is_used && threads->slots[i].id != id)
		i = (i + 1) & (threads->size - 1);
	return i;
}

static bool grow(struct threads *threads)
{
	struct threads more = { .size = threads->size ? 2 * threads->size : 64, .count = threads->count };

	more.slots = calloc(more.size, sizeof(*more.slots));
	if (!more.slots)
		return false;
	for (size_t i = 0; i < threads->size; i++)
		if (threads->slots[i].is_used)
			more.slots[slot_of(&more, threads->slots[i].id)] = threads->slots[i];
	free(threads->slots);
	*threads = more;
	return true;
}

struct traced_thread *threads_get(struct threads *threads, uint32_t id)
{
	struct traced_thread *thread;

	if (2 * threads->count >= threads->size && !grow(threads))
		return NULL;
	thread = &threads->slots[slot_of(threads, id)];
	if (!thread->is_used) {
		*thread = (struct traced_thread){ .id = id, .is_used = true };
		threads->count++;
	}
	return thread;
}

void threads_free(struct threads *threads)
{
	free(threads->slots);
	*threads = (struct threads){ 0 };
}
