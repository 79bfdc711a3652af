/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting on many files: the queues' entries of one sleeper, a few on its stack, more in chunks from the heap.
 */
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/thread.h>

#define CHUNK_ENTRIES 24

struct poll_chunk {
	struct poll_chunk *next;
	unsigned count;
	struct wait_entry entries[CHUNK_ENTRIES];
};

static struct wait_entry *new_entry(struct poll_waiter *waiter)
{
	struct poll_chunk *chunk = waiter->more;

	if (waiter->count < POLL_ENTRIES_INLINE)
		return &waiter->entries[waiter->count++];
	if (!chunk || chunk->count == CHUNK_ENTRIES) {
		chunk = heap_alloc(sizeof(*chunk));
		if (!chunk)
			return NULL;
		chunk->next = waiter->more;
		chunk->count = 0;
		waiter->more = chunk;
	}
	return &chunk->entries[chunk->count++];
}

static void join(struct poll_table *table, struct wait_queue *queue, unsigned events UNUSED)
{
	struct poll_waiter *waiter = container_of(table, struct poll_waiter, table);
	struct wait_entry *entry = new_entry(waiter);

	if (!entry) {
		waiter->err = -ENOMEM;
		return;
	}
	entry->thread = thread_current();
	entry->notify = NULL;
	wait_add(queue, entry);
}

void poll_waiter_begin(struct poll_waiter *waiter)
{
	waiter->table.add = join;
	waiter->err = 0;
	waiter->count = 0;
	waiter->more = NULL;
}

int poll_waiter_sleep(struct poll_waiter *waiter, wait_condition_t *condition, void *arg, uint64_t deadline_ns)
{
	return waiter->err ? waiter->err : wait_until_any(condition, arg, deadline_ns);
}

void poll_waiter_end(struct poll_waiter *waiter)
{
	struct poll_chunk *chunk = waiter->more, *next;

	for (unsigned i = 0; i < waiter->count; i++)
		wait_remove(&waiter->entries[i]);
	for (; chunk; chunk = next) {
		next = chunk->next;
		for (unsigned i = 0; i < chunk->count; i++)
			wait_remove(&chunk->entries[i]);
		heap_free(chunk);
	}
}
