/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums of what only some events have: see special.h.
 */
#include "special.h"

#include "live.h"
#include "objects.h"

#include <inttypes.h>
#include <kernel/syscall_desc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char calls[] = "system call", locks[] = "lock", wakers[] = "woken by", futexes[] = "futex";

static const char *title_of(const char *event)
{
	if (!strcmp(event, "syscall"))
		return calls;
	if (!strcmp(event, "offcpu"))
		return wakers;
	if (!strcmp(event, "futex_wait"))
		return futexes;
	return !strcmp(event, "lock_wait") || !strcmp(event, "spin_wait") ? locks : NULL;
}

static int by_address(const void *left, const void *right)
{
	const struct special_row *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int by_sum(const void *left, const void *right)
{
	const struct special_row *a = left, *b = right;

	return a->sum != b->sum ? (a->sum > b->sum ? -1 : 1) : by_address(left, right);
}

/* The row of an address, in an array that is sorted by address. */
static struct special_row *row_of(struct special *special, uint64_t address)
{
	size_t low = 0, high = special->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (special->rows[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < special->count && special->rows[low].address == address)
		return &special->rows[low];
	special->rows = memory_more(special->rows, special->count, sizeof(*special->rows));
	memmove(special->rows + low + 1, special->rows + low, (special->count - low) * sizeof(*special->rows));
	special->count++;
	special->rows[low] = (struct special_row){ .address = address, .least = UINT64_MAX };
	return &special->rows[low];
}

static unsigned bucket_of(uint64_t value)
{
	return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

void special_make(struct special *special, const struct profile *p, uint32_t event)
{
	*special = (struct special){ .title = title_of(profile_text(p, p->events[event].name)) };
	for (size_t i = 0; special->title && i < p->sample_count; i++) {
		const struct profile_sample *s = &p->samples[i];
		struct special_row *row;

		if (s->event != event)
			continue;
		row = row_of(special, s->address);
		row->count++;
		row->sum += s->value;
		row->buckets[bucket_of(s->value)]++;
		if (s->value < row->least)
			row->least = s->value;
		if (s->value > row->most)
			row->most = s->value;
	}
	if (special->count)
		qsort(special->rows, special->count, sizeof(*special->rows), by_sum);
}

void special_free(struct special *special)
{
	free(special->rows);
}

uint64_t special_percentile(const struct special_row *row, unsigned percent)
{
	uint64_t wanted = (row->count * percent + 99) / 100, seen = 0, top;

	for (unsigned i = 0; i < SPECIAL_BUCKETS; i++) {
		seen += row->buckets[i];
		if (seen < wanted)
			continue;
		top = i ? (i == 64 ? UINT64_MAX : (UINT64_C(1) << i) - 1) : 0;
		return top < row->most ? top : row->most;
	}
	return row->most;
}

static const char *call_name(uint64_t number)
{
	const struct desc_call *call = number < desc_number_limit ? desc_call_find((uint32_t)number, 0) : NULL;

	return call ? call->name : NULL;
}

static const char *thread_name(const struct profile *p, uint64_t tid)
{
	for (size_t i = p->sample_count; i > 0; i--)
		if (p->samples[i - 1].tid == tid && p->samples[i - 1].comm)
			return profile_text(p, p->samples[i - 1].comm);
	return "";
}

/* A lock that has a name is one of the kernel's variables, all others are in what was allocated. */
void special_name(struct profile *p, const struct special *special, const struct special_row *row,
		  char name[SPECIAL_NAME])
{
	const char *call = special->title == calls ? call_name(row->address) : NULL;

	if (call)
		snprintf(name, SPECIAL_NAME, "%s", call);
	else if (special->title == calls)
		snprintf(name, SPECIAL_NAME, "call %" PRIu64, row->address);
	else if (special->title == wakers && !row->address)
		snprintf(name, SPECIAL_NAME, "nobody");
	else if (special->title == wakers)
		snprintf(name, SPECIAL_NAME, "%.200s %" PRIu64, thread_name(p, row->address), row->address);
	else
		objects_variable(p, row->address, name, SPECIAL_NAME);
}

/* ---- allocations ---- */

static int compare_chains(const struct profile *p, uint32_t left, uint32_t right)
{
	const struct profile_sample *a = &p->samples[left], *b = &p->samples[right];

	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return memcmp(p->chain + a->chain, p->chain + b->chain, a->depth * sizeof(*p->chain));
}

static int by_chain(const void *left, const void *right, void *profile)
{
	return compare_chains(profile, ((const struct special_chain *)left)->sample,
			      ((const struct special_chain *)right)->sample);
}

static int by_live(const void *left, const void *right)
{
	const struct special_chain *a = left, *b = right;

	if (a->live != b->live)
		return a->live > b->live ? -1 : 1;
	if (a->total != b->total)
		return a->total > b->total ? -1 : 1;
	return a->sample < b->sample ? -1 : a->sample > b->sample;
}

/* Makes one of those that are alike. */
static size_t merge_chains(const struct profile *p, struct special_chain *chains, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct special_chain *last = kept ? &chains[kept - 1] : NULL;

		if (!last || compare_chains(p, last->sample, chains[i].sample)) {
			chains[kept++] = chains[i];
			continue;
		}
		last->live += chains[i].live;
		last->total += chains[i].total;
		last->live_count += chains[i].live_count;
		last->count++;
	}
	return kept;
}

bool special_live_make(struct special_live *live, const struct profile *p, uint32_t event)
{
	bool *is_live = memory_new(p->sample_count, sizeof(*is_live));
	bool found = !live_find(p, event, is_live);

	*live = (struct special_live){ 0 };
	for (size_t i = 0; found && i < p->sample_count; i++) {
		uint64_t value = p->samples[i].value;

		if (p->samples[i].event != event)
			continue;
		live->chains = memory_more(live->chains, live->count, sizeof(*live->chains));
		live->chains[live->count++] = (struct special_chain){ (uint32_t)i, is_live[i] ? value : 0, value,
								      is_live[i], 1 };
		live->live += is_live[i] ? value : 0;
		live->live_count += is_live[i];
	}
	free(is_live);
	if (live->count) {
		qsort_r(live->chains, live->count, sizeof(*live->chains), by_chain, (void *)p);
		live->count = merge_chains(p, live->chains, live->count);
		qsort(live->chains, live->count, sizeof(*live->chains), by_live);
	}
	return found;
}

void special_live_free(struct special_live *live)
{
	free(live->chains);
}
