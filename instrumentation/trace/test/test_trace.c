/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rings and choices, on a ring and a table of the tests' own: what is recorded by the machine that runs them stays.
 */
#include "../trace_internal.h"

#include <kernel/atomic.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>

#define RING_SIZE (64 * KIB)
#define RING_PAGES (RING_SIZE / PAGE_SIZE + 1)
#define SMALLEST (sizeof(struct trace_record) + sizeof(uint64_t))

static struct trace_area area;
static struct trace_area *old_area;
static struct page *pages;

/* Tracing that is on is left alone. */
static struct trace_ring *begin(uint32_t flags)
{
	struct trace_ring *ring;

	if (trace_is_on()) {
		test_skip("this machine is being traced");
		return NULL;
	}
	pages = page_run_alloc(RING_PAGES);
	if (!pages)
		return NULL;
	ring = page_virt(pages);
	memset(ring, 0, sizeof(*ring));
	ring->mask = RING_SIZE - 1;
	area = (struct trace_area){ .flags = flags, .ring_size = RING_SIZE };
	old_area = trace_area;
	trace_area = &area;
	return ring;
}

static void end(void)
{
	trace_area = old_area;
	page_run_free(pages, RING_PAGES);
}

static bool write_one(struct trace_ring *ring, size_t size, size_t max, uint16_t event)
{
	unsigned long flags = arch_irq_save();
	struct trace_place place;
	bool done = trace_reserve(ring, max, &place);

	if (done) {
		place.record->event = event;
		trace_commit(&place, max, size);
	}
	arch_irq_restore(flags);
	return done;
}

/* Walks what is between tail and head. @return how many records there are beside padding; -1 when one is not whole. */
static int walk(const struct trace_ring *ring, uint16_t *last)
{
	int count = 0;

	for (uint64_t at = ring->tail; at < ring->head;) {
		const struct trace_record *record = (const void *)(ring->data + at % RING_SIZE);

		if (record->size < SMALLEST || record->size % 8 || at % RING_SIZE + record->size > RING_SIZE ||
		    *(const uint64_t *)((const char *)record + record->size - 8) != record->size)
			return -1;
		if ((record->event & TRACE_EVENT_MASK) != TRACE_PAD) {
			*last = record->event;
			count++;
		}
		at += record->size;
	}
	return count;
}

TEST(trace_ring_takes_records_and_gives_unused_room_back)
{
	struct trace_ring *ring = begin(0);
	uint16_t last = 0;

	if (!ring)
		return;
	CHECK(write_one(ring, SMALLEST, 4000, 1));
	CHECK(write_one(ring, SMALLEST + 8, 4000, 2));
	CHECK_EQ(ring->head, 2 * SMALLEST + 8);
	CHECK_EQ(walk(ring, &last), 2);
	CHECK_EQ(last, 2);
	CHECK_EQ(ring->lost, 0);
	end();
}

TEST(trace_ring_that_is_full_counts_what_it_loses)
{
	struct trace_ring *ring = begin(0);
	uint16_t last = 0;
	int written = 0;

	if (!ring)
		return;
	while (write_one(ring, 1024, 1024, 7))
		written++;
	CHECK_EQ(walk(ring, &last), written);
	CHECK(written >= 62);
	CHECK_EQ(ring->lost, 1);
	/* Room that was read is used again, over the end of the ring. */
	ring->tail = ring->head;
	for (int i = 0; i < 60; i++)
		CHECK(write_one(ring, 1024, 1024, (uint16_t)(100 + i)));
	CHECK_EQ(walk(ring, &last), 60);
	CHECK_EQ(last, 159);
	CHECK_EQ(ring->lost, 1);
	end();
}

TEST(trace_ring_wraps_at_any_size)
{
	struct trace_ring *ring = begin(0);
	uint16_t last = 0;

	if (!ring)
		return;
	for (unsigned i = 0; i < 5000; i++) {
		size_t size = SMALLEST + (size_t)(i * 40503 % 300) * 8;

		CHECK(write_one(ring, size, size + i % 7 * 8, (uint16_t)(i % 1000)));
		CHECK_EQ(walk(ring, &last), 1);
		CHECK_EQ(last, i % 1000);
		ring->tail = ring->head;
	}
	end();
}

/* As an NMI would: between a reservation and its end. */
TEST(trace_ring_shows_what_came_in_between_with_what_it_interrupted)
{
	struct trace_ring *ring = begin(0);
	struct trace_place place;
	uint16_t last = 0;

	if (!ring)
		return;
	CHECK(trace_reserve(ring, 1000, &place));
	CHECK(write_one(ring, SMALLEST, 100, 5));
	CHECK_EQ(ring->head, 0);
	place.record->event = 4;
	trace_commit(&place, 1000, SMALLEST);
	CHECK_EQ(walk(ring, &last), 2);
	CHECK_EQ(last, 5);
	CHECK_EQ(ring->depth, 0);
	end();
}

/* The short way goes to this CPU's ring: for as long as interrupts are off that is the test's. */
static bool write_short(struct trace_ring *ring, uint16_t event, void (*between)(struct trace_ring *ring))
{
	unsigned long flags = arch_irq_save();
	struct trace_ring *former = trace_ring_here();
	struct trace_place place;
	bool done;

	trace_rings[arch_cpu()->id] = ring;
	done = trace_short_begin(&place, event, 2);
	if (done) {
		place.record->args[0] = place.record->args[1] = event;
		if (between)
			between(ring);
		trace_publish(ring, place.start);
	}
	trace_rings[arch_cpu()->id] = former;
	arch_irq_restore(flags);
	return done;
}

TEST(trace_ring_has_short_ways_and_long_ones_in_turns)
{
	struct trace_ring *ring = begin(0);
	unsigned shorts = 0;
	uint16_t last = 0;

	if (!ring)
		return;
	for (unsigned i = 0; i < 5000; i++) {
		bool is_short = write_short(ring, (uint16_t)(i % 1000), NULL);

		shorts += is_short;
		if (!is_short)
			CHECK(write_one(ring, SMALLEST, SMALLEST + i % 7 * 8, (uint16_t)(i % 1000)));
		if (i % 20)
			continue;
		CHECK(walk(ring, &last) >= 1);
		CHECK_EQ(last, i % 1000);
		ring->tail = ring->head;
	}
	CHECK(shorts > 4500);
	CHECK_EQ(ring->lost, 0);
	end();
}

TEST(trace_ring_short_ways_end_where_it_is_full)
{
	struct trace_ring *ring = begin(0);
	uint16_t last = 0;
	int written = 0;

	if (!ring)
		return;
	ring->tail = ring->head;
	while (write_short(ring, 7, NULL) || write_one(ring, SMALLEST, SMALLEST, 7))
		written++;
	CHECK_EQ(walk(ring, &last), written);
	CHECK(ring->head - ring->tail <= RING_SIZE);
	CHECK(!write_short(ring, 8, NULL));
	CHECK_EQ(walk(ring, &last), written);
	end();
}

static void two_more(struct trace_ring *ring)
{
	CHECK_EQ(ring->head, ring->tail);
	CHECK(write_short(ring, 5, NULL));
	CHECK(write_one(ring, SMALLEST, 200, 6));
	CHECK_EQ(ring->head, ring->tail);
}

TEST(trace_ring_shows_what_came_in_between_with_a_short_one)
{
	struct trace_ring *ring = begin(0);
	uint16_t last = 0;

	if (!ring)
		return;
	CHECK(write_one(ring, SMALLEST, SMALLEST, 3)); /* from here on it knows its end */
	ring->tail = ring->head;
	CHECK(write_short(ring, 4, two_more));
	CHECK_EQ(walk(ring, &last), 3);
	CHECK_EQ(last, 6);
	CHECK_EQ(ring->depth, 0);
	end();
}

TEST(trace_ring_overwrites_the_oldest)
{
	struct trace_ring *ring = begin(TRACE_OVERWRITE);

	if (!ring)
		return;
	for (int i = 0; i < 1000; i++)
		CHECK(write_one(ring, 512, 512, (uint16_t)i));
	CHECK_EQ(ring->lost, 0);
	CHECK(ring->head > 7 * RING_SIZE);
	end();
}

/* ---- choosing ---- */

static struct trace_event_state saved[TRACE_EVENTS];

static void choose_begin(void)
{
	memcpy(saved, trace_events, sizeof(saved));
	memset(trace_events, 0, sizeof(trace_events));
}

static unsigned chosen(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < TRACE_EVENTS; i++)
		count += trace_events[i].on;
	memcpy(trace_events, saved, sizeof(saved));
	return count;
}

TEST(trace_events_are_chosen_by_name_group_and_star)
{
	choose_begin();
	CHECK(!trace_choose_list("sched_switch", false));
	CHECK(trace_events[TRACE_sched_switch].on);
	CHECK_EQ(chosen(), 1);
	choose_begin();
	CHECK(!trace_choose_list("syscall:*,heap_free", false));
	CHECK_EQ(chosen(), 3);
	choose_begin();
	CHECK(!trace_choose_list("*", false));
	CHECK_EQ(chosen(), TRACE_EVENTS);
	choose_begin();
	CHECK(!trace_choose_list("mem:page_fault", true));
	CHECK(trace_events[TRACE_page_fault].has_chain);
	CHECK_EQ(chosen(), 0);
}

TEST(trace_words_that_are_no_events_are_told)
{
	static const char *const bad[] = { "nothing", "sched:nothing", "no:*", "syscall_exit?nothing==1", "heap_free?",
					   "syscall_exit?call=1", "syscall_exit?call==", "syscall_exit?call==x",
					   "syscall_exit?call==1&call==1&call==1&call==1&call==1", ":",
					   "process_exec?path==1" };

	for (size_t i = 0; i < array_size(bad); i++) {
		const char *found;

		choose_begin();
		found = trace_choose_list(bad[i], false);
		chosen();
		/* An empty condition is none. */
		CHECK(strcmp(bad[i], "heap_free?") ? found == bad[i] : !found);
	}
}

TEST(trace_filters_are_read)
{
	const struct trace_event_state *state = &trace_events[TRACE_syscall_exit];

	choose_begin();
	CHECK(!trace_choose_list("syscall_exit?result<0&duration>=0x10&cpu!=3&thread==7", false));
	CHECK_EQ(state->filter_count, 4);
	CHECK_EQ(state->filters[0].argument, 1);
	CHECK_EQ(state->filters[0].op, FILTER_LESS);
	CHECK(state->filters[0].is_signed);
	CHECK_EQ(state->filters[1].argument, 2);
	CHECK_EQ(state->filters[1].op, FILTER_GREATER_EQUAL);
	CHECK_EQ(state->filters[1].value, 16);
	CHECK_EQ(state->filters[2].argument, FILTER_CPU);
	CHECK_EQ(state->filters[3].argument, FILTER_THREAD);
	chosen();
}
