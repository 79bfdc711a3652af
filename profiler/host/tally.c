/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums over samples: see tally.h.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

static int compare_rows(const void *left, const void *right)
{
	const struct tally_row *a = left, *b = right;

	if (a->self != b->self)
		return a->self > b->self ? -1 : 1;
	if (a->total != b->total)
		return a->total > b->total ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Leaves those that have something. */
static size_t finish_rows(struct tally_row *rows, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (rows[i].total || rows[i].samples)
			rows[kept++] = rows[i];
	if (kept)
		qsort(rows, kept, sizeof(*rows), compare_rows);
	return kept;
}

static struct tally_row *new_rows(size_t count)
{
	struct tally_row *rows = memory_new(count, sizeof(*rows));

	for (size_t i = 0; i < count; i++)
		rows[i].id = (uint32_t)i;
	return rows;
}

static size_t thread_of(struct tally *tally, const struct profile_sample *sample)
{
	struct tally_thread *thread;

	for (size_t i = tally->thread_name_count; i > 0; i--) {
		thread = &tally->thread_names[i - 1];
		if (thread->pid == sample->pid && thread->tid == sample->tid && thread->comm == sample->comm)
			return i - 1;
	}
	tally->thread_names = memory_more(tally->thread_names, tally->thread_name_count, sizeof(*thread));
	tally->threads = memory_more(tally->threads, tally->thread_name_count, sizeof(*tally->threads));
	thread = &tally->thread_names[tally->thread_name_count];
	*thread = (struct tally_thread){ sample->pid, sample->tid, sample->comm };
	tally->threads[tally->thread_name_count] = (struct tally_row){ .id = (uint32_t)tally->thread_name_count };
	return tally->thread_name_count++;
}

/* seen: the number of the last sample that counted for each. */
static void add_total(struct tally_row *row, uint64_t *seen, uint64_t number, uint64_t value)
{
	if (*seen == number)
		return;
	*seen = number;
	row->total += value;
}

static void add_self(struct tally_row *row, uint64_t value)
{
	row->self += value;
	row->samples++;
}

void tally_make(struct tally *tally, const struct profile *p, uint32_t event)
{
	uint64_t *seen_functions = memory_new(p->function_count, sizeof(*seen_functions));
	uint64_t *seen_objects = memory_new(p->object_count, sizeof(*seen_objects));

	*tally = (struct tally){ .functions = new_rows(p->function_count), .objects = new_rows(p->object_count) };
	for (size_t i = 0; i < p->sample_count; i++) {
		const struct profile_sample *s = &p->samples[i];
		struct tally_row *thread;
		size_t number;

		if (s->event != event)
			continue;
		tally->total += s->value;
		tally->samples++;
		number = thread_of(tally, s);
		thread = &tally->threads[number];
		add_self(thread, s->value);
		thread->total += s->value;
		for (uint32_t at = 0; at < s->depth; at++) {
			const struct profile_place *place = &p->places[p->chain[s->chain + at]];

			if (!at) {
				add_self(&tally->functions[place->function], s->value);
				add_self(&tally->objects[place->object], s->value);
			}
			add_total(&tally->functions[place->function], &seen_functions[place->function], i + 1,
				  s->value);
			add_total(&tally->objects[place->object], &seen_objects[place->object], i + 1, s->value);
		}
	}
	free(seen_functions);
	free(seen_objects);
	tally->function_count = finish_rows(tally->functions, p->function_count);
	tally->object_count = finish_rows(tally->objects, p->object_count);
	tally->thread_count = finish_rows(tally->threads, tally->thread_name_count);
}

void tally_free(struct tally *tally)
{
	free(tally->functions);
	free(tally->objects);
	free(tally->threads);
	free(tally->thread_names);
}

/* What is recorded only for what it says of another event's samples. */
static bool is_partner(const char *event)
{
	return !strcmp(event, "free") || !strcmp(event, "wakeup");
}

int tally_event(const struct profile *p, const char *name)
{
	for (size_t i = 0; name && i < p->event_count; i++)
		if (!strcmp(profile_text(p, p->events[i].name), name))
			return (int)i;
	if (name)
		return -1;
	for (size_t i = 0; i < p->sample_count; i++)
		if (!is_partner(profile_text(p, p->events[p->samples[i].event].name)))
			return (int)p->samples[i].event;
	return p->event_count ? 0 : -1;
}
