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
#include <kernel/string.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#define RING_DEFAULT (2 * MIB)
#define RING_LEAST (64 * KIB)
#define TAIL sizeof(uint64_t) /* of a record: its size again */

struct trace_area *trace_area;
bool trace_ready;
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

/* An NMI may come between any two instructions and take room of its own: so the place is taken in one step. */
struct trace_record *trace_reserve(struct trace_ring *ring, size_t max)
{
	uint64_t start, end, place;

	/* Room that is left over must hold a record. */
	max += sizeof(struct trace_record) + TAIL;
	ring->depth++;
	compiler_barrier();
	start = atomic_load_relaxed(&ring->reserved);
	do {
		uint64_t left = trace_area->ring_size - start % trace_area->ring_size;

		place = left < max ? start + left : start;
		end = place + max;
		if (!trace_has_room(ring, end)) {
			ring->lost++;
			ring->depth--;
			return NULL;
		}
	} while (!atomic_compare_exchange(&ring->reserved, &start, end));
	if (place != start)
		pad(ring->data + start % trace_area->ring_size, place - start);
	return (struct trace_record *)(ring->data + place % trace_area->ring_size);
}

void trace_commit(struct trace_ring *ring, struct trace_record *record, size_t max, size_t size)
{
	uint64_t reserved = atomic_load_relaxed(&ring->reserved);
	char *end = (char *)record + max + sizeof(struct trace_record) + TAIL;
	size_t unused = (size_t)(end - (char *)record) - size;
	uint64_t give_back = reserved - unused;

	seal(record, size);
	/* The last one can be shortened; where an NMI has written behind it, the rest is padding. */
	if ((reserved - 1) % trace_area->ring_size + 1 != (uint64_t)(end - (char *)ring->data) ||
	    !atomic_compare_exchange(&ring->reserved, &reserved, give_back))
		pad((char *)record + size, unused);
	if (ring->depth == 1)
		trace_publish(ring);
	else
		ring->depth--;
}

/* ---- making them ---- */

static void *zeroed(size_t size)
{
	struct page *page = page_run_alloc(align_up(size, PAGE_SIZE) / PAGE_SIZE);

	return page ? memset(page_virt(page), 0, size) : NULL;
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

extern const char text_start[], text_end[];
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

static void publish(void)
{
	struct trace_beacon *beacon = arch_phys_to_virt(TRACE_BEACON);

	beacon->area = arch_virt_to_phys(trace_area);
	atomic_store(&beacon->magic, TRACE_MAGIC);
	atomic_store(&trace_ready, true);
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
	trace_rings[id] = ring;
	atomic_store(&trace_area->rings[id], arch_virt_to_phys(ring));
	atomic_store(&trace_area->cpu_count, id + 1);
	return 0;
}

void trace_finish(void)
{
	if (!trace_ready)
		return;
	atomic_store(&trace_ready, false);
	atomic_store(&trace_area->finished, 1u);
}
