/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wake-up chains: see wakers.h. Samples are in order of time, so one pass knows for each thread what it did last.
 */
#include "wakers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 4		/* wakers behind one wait */
#define THREADS_MAX (1u << 22)	/* Linux' own limit; others are left as they are */
#define CHAINS_MAX (1u << 26)	/* places in all chains: what comes after stays as it is */
#define NONE UINT32_MAX

struct matching {
	struct profile *profile;
	uint32_t waits, wakeups;	/* events */
	uint32_t threads;		/* numbers of threads are below */
	uint32_t *last_wait;		/* of a thread: the sample that ended it, or NONE */
	uint32_t *last_wakeup;		/* of a thread: the sample of its waker */
	uint32_t *before;		/* of a wait: its wake-up; of a wake-up: the waker's last wait */
};

static int find_event(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->event_count; i++)
		if (!strcmp(profile_text(p, p->events[i].name), name))
			return (int)i;
	return -1;
}

static uint32_t *fresh(size_t count)
{
	uint32_t *array = memory_new(count + 1, sizeof(*array));

	memset(array, 0xff, count * sizeof(*array));
	return array;
}

static uint32_t thread_limit(const struct profile *p)
{
	uint32_t limit = 0;

	for (size_t i = 0; i < p->sample_count; i++)
		if (p->samples[i].tid < THREADS_MAX && p->samples[i].tid >= limit)
			limit = p->samples[i].tid + 1;
	return limit;
}

static bool lasts(const struct profile_sample *wait, const struct profile_sample *other)
{
	return other->time <= wait->time && wait->time - other->time <= wait->value;
}

static void match(struct matching *m)
{
	const struct profile *p = m->profile;

	for (uint32_t i = 0; i < p->sample_count; i++) {
		const struct profile_sample *s = &p->samples[i];
		uint32_t wakeup;

		if (s->tid >= m->threads)
			continue;
		if (s->event == m->wakeups) {
			/* An interrupt wakes for nobody. */
			m->before[i] = s->tid ? m->last_wait[s->tid] : NONE;
			if (s->address < m->threads)
				m->last_wakeup[s->address] = i;
		} else if (s->event == m->waits) {
			wakeup = m->last_wakeup[s->tid];
			if (wakeup != NONE && lasts(s, &p->samples[wakeup]))
				m->before[i] = wakeup;
			m->last_wait[s->tid] = i;
		}
	}
}

/* The wake-ups behind a wait, the nearest first. */
static unsigned links_of(const struct matching *m, uint32_t wait, uint32_t *links)
{
	const struct profile_sample *samples = m->profile->samples;
	unsigned count = 0;

	for (uint32_t at = wait; count < LINKS_MAX && m->before[at] != NONE; count++) {
		links[count] = m->before[at];
		at = m->before[links[count]];
		/* What the waker waited for is its own affair where that was over before. */
		if (at == NONE || !lasts(&samples[wait], &samples[at]))
			return count + 1;
	}
	return count;
}

static void add(struct profile *p, struct profile_sample *s, uint32_t place)
{
	p->chain = memory_more(p->chain, p->chain_count, sizeof(*p->chain));
	p->chain[p->chain_count++] = place;
	s->depth++;
}

static uint32_t waker_place(struct profile *p, const struct profile_sample *wakeup)
{
	const char *comm = profile_text(p, wakeup->comm);
	char name[96];

	if (!wakeup->tid)
		snprintf(name, sizeof(name), "woken by an interrupt");
	else if (*comm)
		snprintf(name, sizeof(name), "woken by %.64s", comm);
	else
		snprintf(name, sizeof(name), "woken by thread-%u", wakeup->tid);
	return profile_place_named(p, "[wakers]", name);
}

static void extend(struct profile *p, struct profile_sample *s, const uint32_t *links, unsigned count)
{
	struct profile_sample whole = *s;

	whole.chain = (uint32_t)p->chain_count;
	whole.depth = 0;
	for (unsigned i = count; i > 0; i--) {
		const struct profile_sample *wakeup = &p->samples[links[i - 1]];

		for (uint32_t at = wakeup->depth; at > 0; at--)
			add(p, &whole, p->chain[wakeup->chain + at - 1]);
		add(p, &whole, waker_place(p, wakeup));
	}
	for (uint32_t at = 0; at < s->depth; at++)
		add(p, &whole, p->chain[s->chain + at]);
	*s = whole;
}

int wakers_apply(struct profile *p, uint32_t event)
{
	int wakeups = find_event(p, "wakeup");
	struct matching m = { .profile = p, .waits = event, .wakeups = (uint32_t)wakeups, .threads = thread_limit(p) };
	uint32_t links[LINKS_MAX];
	unsigned count;

	if (wakeups < 0 || strcmp(profile_text(p, p->events[event].name), "offcpu"))
		return -1;
	m.last_wait = fresh(m.threads);
	m.last_wakeup = fresh(m.threads);
	m.before = fresh(p->sample_count);
	match(&m);
	for (uint32_t i = 0; i < p->sample_count; i++) {
		if (p->samples[i].event != event)
			continue;
		count = links_of(&m, i, links);
		if (count && p->chain_count < CHAINS_MAX)
			extend(p, &p->samples[i], links, count);
	}
	free(m.last_wait);
	free(m.last_wakeup);
	free(m.before);
	return 0;
}
