/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rings: made at boot when an event is on, published by the beacon, written by their CPU alone. See trace_abi.h.
 */
#include "boot.h"
#include "description.h"
#include "function.h"
#include "trace_internal.h"

#include <instrumentation/layout/layout.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#define RING_DEFAULT (2 * MIB)
#define RING_LEAST (64 * KIB)
#define TAIL sizeof(uint64_t) /* of a record: its size again */

struct trace_area *trace_area;
bool trace_ready, trace_by_cycles;
struct trace_ring *trace_rings[CPUS_MAX];

static void seal(struct trace_record *record, size_t size)
{
	record->size = (uint16_t)size;
	*(uint64_t *)((char *)record + size - TAIL) = size;
}

static void pad(void *at, size_t size)
{
	struct trace_record *record = at;

	while (size) {
		size_t part = min(size, (size_t)TRACE_RECORD_MAX);

		/* What is left must hold a record too. */
		if (size - part && size - part < sizeof(*record) + TAIL)
			part -= sizeof(*record) + TAIL;
		*record = (struct trace_record){ .event = TRACE_PAD };
		seal(record, part);
		record = (struct trace_record *)((char *)record + part);
		size -= part;
	}
}

/*
 * Up to the end of its data, where a record more has room, so that nothing need be padded, and to what has been read.
 * Nowhere while a record is written the long way, and where the clock of nanoseconds, which is a call, is the records'.
 */
static uint64_t short_end(const struct trace_ring *ring)
{
	uint64_t size = trace_area->ring_size, reserved = atomic_load_relaxed(&ring->reserved);
	uint64_t end = align_down(reserved, size) + size - (sizeof(struct trace_record) + TAIL);

	if (trace_area->flags & TRACE_TIME_NS)
		return 0;
	return trace_area->flags & TRACE_OVERWRITE ? end : min(end, atomic_load_relaxed(&ring->tail) + size);
}

static void leave(struct trace_ring *ring)
{
	compiler_barrier();
	if (!--ring->depth)
		ring->short_end = short_end(ring);
}

/* An NMI may come between any two instructions and take room of its own: so the place is taken in one step. */
bool trace_reserve(struct trace_ring *ring, size_t max, struct trace_place *place)
{
	uint64_t start, end, at;

	/* Room that is left over must hold a record. */
	max += sizeof(struct trace_record) + TAIL;
	ring->depth++;
	ring->short_end = 0;
	compiler_barrier();
	start = atomic_load_relaxed(&ring->reserved);
	do {
		uint64_t left = trace_area->ring_size - start % trace_area->ring_size;

		/* What an NMI keeps from being given back may leave less than a record. */
		at = left == max || left >= max + sizeof(struct trace_record) + TAIL ? start : start + left;
		end = at + max;
		if (!trace_has_room(ring, end)) {
			ring->lost++;
			leave(ring);
			return false;
		}
	} while (!arch_local_compare_exchange(&ring->reserved, &start, end));
	if (at != start)
		pad(ring->data + start % trace_area->ring_size, at - start);
	*place = (struct trace_place){ ring, (struct trace_record *)(ring->data + at % trace_area->ring_size), start };
	return true;
}

void trace_commit(const struct trace_place *place, size_t max, size_t size)
{
	struct trace_ring *ring = place->ring;
	char *record = (char *)place->record, *end = record + max + sizeof(struct trace_record) + TAIL;
	uint64_t reserved = atomic_load_relaxed(&ring->reserved);
	size_t unused = (size_t)(end - record) - size;

	seal(place->record, size);
	/* The last one can be shortened; where an NMI has written behind it, the rest is padding. */
	if ((reserved - 1) % trace_area->ring_size + 1 != (uint64_t)(end - (char *)ring->data) ||
	    !arch_local_compare_exchange(&ring->reserved, &reserved, reserved - unused))
		pad(record + size, unused);
	trace_publish(ring, place->start);
	leave(ring);
}

/* ---- making them ---- */

/* What a fuzzer's inputs leave in them is to be read: they are no part of its snapshot. */
static void *zeroed(size_t size)
{
	struct page *page = page_run_alloc(align_up(size, PAGE_SIZE) / PAGE_SIZE);

	if (!page)
		return NULL;
	snapshot_exempt(page_virt(page), size);
	return memset(page_virt(page), 0, size);
}

static size_t ring_size(void)
{
	uint64_t wanted = boot_option_number("trace.ring", RING_DEFAULT);
	size_t size = RING_LEAST;

	while (size < wanted && size < (PAGE_SIZE << PAGE_ORDER_MAX) / 2)
		size *= 2;
	if (size < wanted)
		log_warning("trace: rings of %zu KiB are the largest there are", size / KIB);
	return size;
}

/* A process has no bounds of the kernel's code. */
extern const char text_start[] WEAK, text_end[] WEAK;
extern const uint8_t build_id_start[] WEAK, build_id_end[] WEAK;

#define NOTE_HEADER 16 /* ELF: three words, and the name "GNU" */

static void describe(struct trace_area *area)
{
	char word[8];
	uint64_t start = 0, scale = plat->clock_scale ? plat->clock_scale(&start) : 0;
	size_t id_size = (size_t)(build_id_end - build_id_start);

	area->version = TRACE_VERSION;
	area->size = sizeof(*area);
	area->flags = (boot_option("trace.overwrite", word, sizeof(word)) >= 0 ? TRACE_OVERWRITE : 0) |
		      (scale ? 0 : TRACE_TIME_NS);
	area->time_start = start;
	area->time_scale = scale;
	area->boot_time_ns = plat->boot_time_ns ? plat->boot_time_ns() : 0;
	area->text_start = (uint64_t)text_start;
	area->text_end = (uint64_t)text_end;
	area->text_linked = layout_linked((uint64_t)text_start);
	area->description = arch_virt_to_phys(trace_description);
	area->description_size = trace_description_size;
	area->sample_hz = boot_option_number("prof", 0);
	area->function_count = IS_ENABLED(CONFIG_TRACE_FUNCTIONS) ? function_count : 0;
	if (id_size > NOTE_HEADER && id_size - NOTE_HEADER <= TRACE_BUILD_ID_MAX) {
		area->build_id_size = (uint32_t)(id_size - NOTE_HEADER);
		memcpy(area->build_id, build_id_start + NOTE_HEADER, area->build_id_size);
	}
}

static void go_short_ways(bool may)
{
	for (unsigned i = 0; i < TRACE_EVENTS; i++)
		trace_events[i].is_short = may && trace_is_plain(i);
}

static void publish(void)
{
	struct trace_beacon *beacon = arch_phys_to_virt(TRACE_BEACON);

	beacon->area = arch_virt_to_phys(trace_area);
	atomic_store(&beacon->magic, TRACE_MAGIC);
	trace_by_cycles = !(trace_area->flags & TRACE_TIME_NS);
	atomic_store(&trace_ready, true);
	go_short_ways(true);
}

static int trace_init(void)
{
	int err;

	if (!trace_is_on())
		return 0;
	trace_area = zeroed(sizeof(*trace_area));
	if (!trace_area)
		return -ENOMEM;
	describe(trace_area);
	trace_area->ring_size = ring_size();
	atomic_store(&trace_area->magic, TRACE_MAGIC);
	err = trace_add_cpu(0);
	/* Other threads get theirs when they are made. */
	arch_thread()->calls = trace_calls_create();
	if (err)
		return err;
	publish();
	TRACE(thread_name, arch_thread()->id, arch_thread()->name);
	boot_steps_flush();
	return 0;
}
INIT_CALL(INIT_CORE, trace_init);

int trace_add_cpu(unsigned id)
{
	struct trace_ring *ring;

	if (!trace_area)
		return 0;
	ring = zeroed(sizeof(*ring) + trace_area->ring_size);
	if (!ring) {
		log_error("trace: no memory for the ring of CPU %u, %zu KiB", id, (size_t)trace_area->ring_size / KIB);
		return -ENOMEM;
	}
	ring->cpu = id;
	ring->mask = trace_area->ring_size - 1;
	trace_rings[id] = ring;
	atomic_store(&trace_area->rings[id], arch_virt_to_phys(ring));
	atomic_store(&trace_area->cpu_count, id + 1);
	return 0;
}

void trace_finish(void)
{
	if (!trace_ready)
		return;
	go_short_ways(false);
	atomic_store(&trace_ready, false);
	atomic_store(&trace_area->finished, 1u);
}
