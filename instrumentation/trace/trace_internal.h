/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of tracing: which events are on (choose.c), the rings (ring.c), records (emit.c), and text of them
 * (print.c).
 */
#pragma once

#include "abi/trace_abi.h"
#include "trace.h"

#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#include <generated/trace_events.h>

/* A condition on one argument. */
enum filter_op { FILTER_EQUAL, FILTER_UNEQUAL, FILTER_LESS, FILTER_LESS_EQUAL, FILTER_GREATER, FILTER_GREATER_EQUAL };
#define FILTER_CPU 254u		/* in the place of an argument's number */
#define FILTER_THREAD 255u
#define FILTERS_MAX 4
struct trace_filter {
	uint8_t argument, op, is_signed;
	uint64_t value;
};

struct trace_event_state {
	bool on, has_chain;
	uint8_t filter_count;		/* all must hold */
	struct trace_filter filters[FILTERS_MAX];
};
extern struct trace_event_state trace_events[TRACE_EVENTS];

/* choose.c: an event's line of the description, "number group:name argument:type ...". */
const char *trace_line(unsigned event);

/*
 * The same: chooses the events of a list as on the command line, or those that carry chains. @return what of it is no
 * event, from there on; NULL: all are.
 */
const char *trace_choose_list(const char *list, bool is_chain);

/* choose.c: what is recorded has been decided. */
extern bool trace_chosen;
/* ring.c: all rings are there. */
extern bool trace_ready;
extern struct trace_area *trace_area;
extern struct trace_ring *trace_rings[CPUS_MAX];
/* This CPU's, NULL before its time. Preemption off. */
static inline struct trace_ring *trace_ring_here(void)
{
	return trace_rings[arch_cpu()->id];
}

/* trace_time(), of where there is an area. */
static inline uint64_t trace_now(void)
{
	return trace_area->flags & TRACE_TIME_NS ? plat->clock_ns() : arch_cycles();
}

/* Whether records may go on up to there. */
static inline bool trace_has_room(const struct trace_ring *ring, uint64_t end)
{
	return trace_area->flags & TRACE_OVERWRITE || end - atomic_load_relaxed(&ring->tail) <= trace_area->ring_size;
}

/*
 * Room for a record of at most max bytes, NULL when there is none, which is counted; and its end: size bytes of it were
 * used, at least sizeof(struct trace_record) + 8, a multiple of eight. Interrupts off from the one to the other.
 */
struct trace_record *trace_reserve(struct trace_ring *ring, size_t max);
void trace_commit(struct trace_ring *ring, struct trace_record *record, size_t max, size_t size);

/*
 * Ends the outermost record that is being written, of which there is one. What an interrupt has written meanwhile is
 * visible with it, also where that came between the two steps.
 */
static inline void trace_publish(struct trace_ring *ring)
{
	for (;;) {
		atomic_store(&ring->head, atomic_load_relaxed(&ring->reserved));
		compiler_barrier();
		ring->depth = 0;
		compiler_barrier();
		if (likely(atomic_load_relaxed(&ring->reserved) == atomic_load_relaxed(&ring->head)))
			return;
		ring->depth = 1;
		compiler_barrier();
	}
}

/* It has neither conditions nor a call chain. */
static inline bool trace_is_plain(unsigned event)
{
	return !trace_events[event].filter_count && !trace_events[event].has_chain;
}

/*
 * The short way to write a record, of whole words at the end of what the ring has, where it lies before the end of its
 * data and nothing else is being written. Inline, as how many words there are is mostly known. Preemption off, as the
 * ring is the CPU's; an interrupt may come in between and write records of its own.
 * @return its time, 0: nothing is written, and the long way (emit.c) is to be gone
 */
static inline __attribute__((always_inline)) uint64_t trace_put(struct trace_ring *ring, unsigned event,
								const uint64_t *words, size_t count)
{
	const size_t size = sizeof(struct trace_record) + (count + 1) * sizeof(uint64_t);
	uint64_t start = atomic_load_relaxed(&ring->reserved), end = start + size;
	uint64_t at = start & (trace_area->ring_size - 1);
	struct trace_record *record = (struct trace_record *)(ring->data + at);
	uint64_t time;

	/* A record more has room behind it, so that nothing need be padded. The clock of nanoseconds is a call. */
	if (ring->depth || trace_area->flags & TRACE_TIME_NS || at + 2 * size > trace_area->ring_size ||
	    !trace_has_room(ring, end))
		return 0;
	ring->depth = 1;
	compiler_barrier();
	if (!atomic_compare_exchange(&ring->reserved, &start, end)) {
		ring->depth = 0;
		return 0;
	}
	record->size = (uint16_t)size;
	record->event = (uint16_t)event;
	record->thread = arch_cpu()->thread == arch_cpu()->idle ? 0 : (uint32_t)arch_thread()->id;
	record->time = time = arch_cycles();
	for (size_t i = 0; i < count; i++)
		record->args[i] = words[i];
	record->args[count] = size;
	trace_publish(ring);
	return time;
}
