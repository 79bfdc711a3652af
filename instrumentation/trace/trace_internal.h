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
	bool is_short;			/* may go the short way: trace_short_open() */
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

/* Nanoseconds from start to now, both cycles; 0 when start is 0, or of another CPU, where it may seem to be later. */
static ALWAYS_INLINE uint64_t trace_passed(uint64_t start, uint64_t now)
{
	uint64_t passed = start && start < now ? now - start : 0;

	return (uint64_t)((unsigned __int128)passed * trace_area->time_scale >> 32);
}

/* Whether records may go on up to there. */
static inline bool trace_has_room(const struct trace_ring *ring, uint64_t end)
{
	return trace_area->flags & TRACE_OVERWRITE || end - atomic_load_relaxed(&ring->tail) <= trace_area->ring_size;
}

/* Where a record is being written. */
struct trace_place {
	struct trace_ring *ring;
	struct trace_record *record;
	uint64_t start;			/* of what was taken for it, bytes of the ring's sequence */
};

/*
 * The long way to write a record: room for one of at most max bytes, false when there is none, which is counted; and
 * its end: size bytes of it were used, at least sizeof(struct trace_record) + 8, a multiple of eight. Interrupts off
 * from the one to the other.
 */
bool trace_reserve(struct trace_ring *ring, size_t max, struct trace_place *place);
void trace_commit(const struct trace_place *place, size_t max, size_t size);

/* It has neither conditions nor a call chain. */
static inline bool trace_is_plain(unsigned event)
{
	return !trace_events[event].filter_count && !trace_events[event].has_chain;
}

/*
 * A record is complete. Whoever interrupted another one's leaves it to that to show both: until then head is where the
 * other one's begins.
 */
static ALWAYS_INLINE void trace_publish(struct trace_ring *ring, uint64_t start)
{
	uint64_t shown = start, end;

	do {
		end = atomic_load_relaxed(&ring->reserved);
		if (!arch_local_compare_exchange(&ring->head, &shown, end))
			return;
		shown = end;
	} while (unlikely(atomic_load_relaxed(&ring->reserved) != end));
}

/*
 * The short way, for a record of whole words at the end of what the ring has: everything that could be in its way is in
 * ring->short_end. Inline, as how many words there are is mostly known. Preemption off, as the ring is the CPU's; an
 * interrupt may come in between and write records of its own.
 * @return false: nothing is written, and the long way (emit.c) is to be gone
 */
static ALWAYS_INLINE bool trace_short_begin(struct trace_place *place, unsigned event, size_t count)
{
	const size_t size = sizeof(struct trace_record) + (count + 1) * sizeof(uint64_t);
	const struct cpu *cpu = arch_cpu();
	struct trace_ring *ring = trace_rings[cpu->id];
	struct trace_record *record;
	uint64_t start;

	if (unlikely(!ring))
		return false;
	start = atomic_load_relaxed(&ring->reserved);
	if (unlikely(start + size > ring->short_end) ||
	    !arch_local_compare_exchange(&ring->reserved, &start, start + size))
		return false;
	record = (struct trace_record *)(ring->data + (start & ring->mask));
	/* Size and event, in one store. */
	*(uint32_t *)record = (uint32_t)size | (uint32_t)event << 16;
	record->thread = cpu->thread == cpu->idle ? 0 : (uint32_t)cpu->thread->id;
	record->time = arch_cycles();
	record->args[count] = size;
	*place = (struct trace_place){ ring, record, start };
	return true;
}

/* What an interrupt could not do while preemption was off; see preempt_enable(), which is seldom worth its call. */
static ALWAYS_INLINE void trace_reschedule(void)
{
	if (likely(!arch_cpu()->need_resched))
		return;
	preempt_disable();
	preempt_enable();
}

/*
 * The same for an event, which it keeps on this CPU if it returns true, until trace_short_close(); if not, trace_emit()
 * is to follow.
 */
static ALWAYS_INLINE bool trace_short_open(struct trace_place *place, unsigned event, size_t count)
{
	if (unlikely(!trace_events[event].is_short))
		return false;
	arch_preempt_add(1);
	compiler_barrier();
	if (likely(trace_short_begin(place, event, count)))
		return true;
	arch_preempt_add(-1);
	return false;
}

/* Its words are written. */
static ALWAYS_INLINE void trace_short_close(const struct trace_place *place)
{
	trace_publish(place->ring, place->start);
	arch_preempt_add(-1);
	trace_reschedule();
}
