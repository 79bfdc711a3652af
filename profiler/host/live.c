/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which allocations were not given back: see live.h.
 */
#include "live.h"

#include <stdlib.h>
#include <string.h>

/* Pointers that are held: an open hash table of samples, whose entries move up when one goes. */
struct held {
	uint32_t *slots;	/* sample + 1 */
	size_t size;
};

static size_t home(const struct held *held, uint64_t pointer)
{
	return (pointer >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (held->size - 1);
}

static size_t find(const struct profile *p, const struct held *held, uint64_t pointer)
{
	size_t at = home(held, pointer);

	while (held->slots[at] && p->samples[held->slots[at] - 1].address != pointer)
		at = (at + 1) & (held->size - 1);
	return at;
}

static void take_out(const struct profile *p, struct held *held, size_t at)
{
	size_t next = at;

	held->slots[at] = 0;
	for (;;) {
		size_t its;

		next = (next + 1) & (held->size - 1);
		if (!held->slots[next])
			return;
		its = home(held, p->samples[held->slots[next] - 1].address);
		/* It may stay if its home lies behind the hole, in the order of looking. */
		if (((next - its) & (held->size - 1)) < ((next - at) & (held->size - 1)))
			continue;
		held->slots[at] = held->slots[next];
		held->slots[next] = 0;
		at = next;
	}
}

int live_find(const struct profile *p, uint32_t event, bool *live)
{
	struct held held = { .size = 16 };

	if (strcmp(profile_text(p, p->events[event].name), "alloc"))
		return -1;
	while (held.size < p->sample_count * 2)
		held.size *= 2;
	held.slots = memory_new(held.size, sizeof(*held.slots));
	for (size_t i = 0; i < p->sample_count; i++) {
		bool is_free = !strcmp(profile_text(p, p->events[p->samples[i].event].name), "free");
		size_t at;

		live[i] = false;
		if (p->samples[i].event != event && !is_free)
			continue;
		at = find(p, &held, p->samples[i].address);
		/* Allocated again without a free: that was lost. */
		if (held.slots[at])
			live[held.slots[at] - 1] = false;
		if (is_free) {
			if (held.slots[at])
				take_out(p, &held, at);
			continue;
		}
		live[i] = true;
		held.slots[at] = (uint32_t)i + 1;
	}
	free(held.slots);
	return 0;
}

int live_apply(struct profile *p, uint32_t event)
{
	bool *live = memory_new(p->sample_count, sizeof(*live));
	int err = live_find(p, event, live);

	for (size_t i = 0; i < p->sample_count && !err; i++)
		if (p->samples[i].event == event && !live[i])
			p->samples[i].value = 0;
	free(live);
	return err;
}
