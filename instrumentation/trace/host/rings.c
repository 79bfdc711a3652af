/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Emptying the rings of a machine into a stream. See rings.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "forward.h"
#include "rings.h"

#define DESCRIPTION_MAX (1u << 20)
#define RING_MIN 4096u
#define RING_MAX (UINT64_C(1) << 30)

void rings_init(struct rings *rings, int memory_fd, int stream_fd)
{
	*rings = (struct rings){ .memory_fd = memory_fd, .stream_fd = stream_fd };
}

void rings_init_reached(struct rings *rings, uint8_t *memory, uint64_t size, rings_reach_t *reach, void *context,
			int stream_fd)
{
	*rings = (struct rings){ .memory_fd = -1,
				 .stream_fd = stream_fd,
				 .memory = memory,
				 .memory_size = size,
				 .reach = reach,
				 .context = context };
}

void rings_free(struct rings *rings)
{
	if (rings->memory)
		munmap(rings->memory, rings->memory_size);
	rings->memory = NULL;
}

/* The file has no size before the machine is made, and keeps it then. */
static bool map_memory(struct rings *rings)
{
	struct stat stat;
	void *map;

	if (rings->memory)
		return true;
	if (fstat(rings->memory_fd, &stat) || stat.st_size < 1 << 20)
		return false;
	map = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, rings->memory_fd, 0);
	if (map == MAP_FAILED)
		return false;
	rings->memory = map;
	rings->memory_size = (uint64_t)stat.st_size;
	return true;
}

static bool is_inside(const struct rings *rings, uint64_t address, uint64_t size)
{
	return address <= rings->memory_size && size <= rings->memory_size - address &&
	       (!rings->reach || rings->reach(rings->context, address, size));
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* All bytes, or the stream's error is set. */
static void write_all(struct rings *rings, struct iovec *parts, int count)
{
	while (count && !rings->error) {
		ssize_t n = writev(rings->stream_fd, parts, count);

		if (n < 0 && errno != EINTR)
			rings->error = errno;
		for (; n >= 0 && count && (size_t)n >= parts->iov_len; count--)
			n -= (ssize_t)parts++->iov_len;
		if (n > 0) {
			parts->iov_base = (char *)parts->iov_base + n;
			parts->iov_len -= (size_t)n;
		}
	}
}

static void write_header(struct rings *rings)
{
	struct trace_stream header = { .magic = TRACE_STREAM_MAGIC,
				       .size = sizeof(header),
				       .description_size = (uint32_t)rings->area.description_size,
				       .area = rings->area };
	static const char zeros[8];
	struct iovec parts[] = { { &header, sizeof(header) },
				 { rings->memory + rings->area.description, rings->area.description_size },
				 { (void *)zeros, -rings->area.description_size % 8 } };

	write_all(rings, parts, 3);
}

static bool area_is_fine(const struct rings *rings, const struct trace_area *area)
{
	return area->magic == TRACE_MAGIC && area->version == TRACE_VERSION && area->size == sizeof(*area) &&
	       !(area->flags & TRACE_OVERWRITE) && area->ring_size >= RING_MIN && area->ring_size <= RING_MAX &&
	       !(area->ring_size & (area->ring_size - 1)) && area->description_size <= DESCRIPTION_MAX &&
	       is_inside(rings, area->description, area->description_size);
}

bool rings_find(struct rings *rings)
{
	const struct trace_beacon *beacon;
	uint64_t at;

	if (rings->area_at)
		return true;
	if (!map_memory(rings) || !is_inside(rings, TRACE_BEACON, sizeof(*beacon)))
		return false;
	beacon = (const struct trace_beacon *)(rings->memory + TRACE_BEACON);
	if (load(&beacon->magic) != TRACE_MAGIC)
		return false;
	at = load(&beacon->area);
	if (!at || at % 4096 || !is_inside(rings, at, sizeof(rings->area)))
		return false;
	memcpy(&rings->area, rings->memory + at, sizeof(rings->area));
	if (!area_is_fine(rings, &rings->area))
		return false;
	rings->area_at = at;
	write_header(rings);
	return true;
}

/* A CPU's ring, NULL where it has none that can be. Those of CPUs that start later come later. */
static struct trace_ring *ring_of(const struct rings *rings, unsigned cpu)
{
	const struct trace_area *area = (const struct trace_area *)(rings->memory + rings->area_at);
	uint64_t at = load(&area->rings[cpu]);

	if (!at || at % 4096 || !is_inside(rings, at, sizeof(struct trace_ring) + rings->area.ring_size))
		return NULL;
	return (struct trace_ring *)(rings->memory + at);
}

/* When the record that ends at head was made; 0 where there is no such thing. Records end with their size. */
static uint64_t time_of_last(const struct rings *rings, const struct trace_ring *ring, uint64_t head, uint64_t used)
{
	uint64_t end = (head - 1) % rings->area.ring_size + 1, size = 0;
	struct trace_record record;

	if (used < sizeof(record) + 8 || end < 8)
		return 0;
	memcpy(&size, ring->data + end - 8, sizeof(uint32_t));
	if (size < sizeof(record) + 8 || size > used || size > end)
		return 0;
	memcpy(&record, ring->data + end - size, sizeof(record));
	return record.event == TRACE_PAD ? 0 : record.time;
}

static void write_block(struct rings *rings, const struct trace_ring *ring, unsigned cpu, uint64_t used, uint64_t lost)
{
	struct trace_block block = { .cpu = cpu, .size = (uint32_t)used, .lost = lost };
	uint64_t from = rings->tails[cpu] % rings->area.ring_size;
	uint64_t first = used < rings->area.ring_size - from ? used : rings->area.ring_size - from;
	struct iovec parts[] = { { &block, sizeof(block) },
				 { (void *)(ring->data + from), first },
				 { (void *)ring->data, used - first } };

	if (used) {
		uint64_t time = time_of_last(rings, ring, rings->tails[cpu] + used, used);

		rings->newest = time > rings->newest ? time : rings->newest;
	}
	write_all(rings, parts, 3);
	rings->lost[cpu] = lost;
	rings->bytes += used;
}

static bool drain_one(struct rings *rings, unsigned cpu, bool all)
{
	struct trace_ring *ring = ring_of(rings, cpu);
	uint64_t head, lost, used;

	if (!ring)
		return false;
	head = load(&ring->head);
	lost = load(&ring->lost);
	used = head - rings->tails[cpu];
	if (used > rings->area.ring_size || used % 8) {
		rings->broken++;
		rings->tails[cpu] = head & ~UINT64_C(7);
		used = 0;
	} else if (used && (all || used >= rings->area.ring_size / 8)) {
		write_block(rings, ring, cpu, used, lost);
		rings->tails[cpu] = head;
	} else if (all && lost != rings->lost[cpu]) {
		write_block(rings, ring, cpu, 0, lost);
	}
	__atomic_store_n(&ring->tail, rings->tails[cpu], __ATOMIC_RELEASE);
	return used > rings->area.ring_size / 2;
}

bool rings_drain(struct rings *rings, bool all)
{
	bool full = false;

	rings->newest = 0;
	if (!rings->area_at)
		return false;
	for (unsigned cpu = 0; cpu < TRACE_CPUS_MAX; cpu++)
		full |= drain_one(rings, cpu, all);
	return full;
}

void rings_tell_time(struct rings *rings, uint64_t now_ns)
{
	struct trace_beacon *beacon = (struct trace_beacon *)(rings->memory + TRACE_BEACON);

	__atomic_store_n(&beacon->recorder_ns, now_ns, __ATOMIC_RELEASE);
}

/* The header as it is to be in the end. False: there is none, or the machine has made it another one. */
static bool last_header(struct rings *rings, struct trace_stream *header)
{
	*header = (struct trace_stream){ .magic = TRACE_STREAM_MAGIC,
					 .size = sizeof(*header),
					 .description_size = (uint32_t)rings->area.description_size };
	if (!rings->area_at || rings->error)
		return false;
	memcpy(&header->area, rings->memory + rings->area_at, sizeof(header->area));
	if (!area_is_fine(rings, &header->area) || header->area.description_size != header->description_size)
		return false;
	rings->area = header->area;
	return true;
}

void rings_finish(struct rings *rings)
{
	struct trace_stream header;

	if (last_header(rings, &header) && pwrite(rings->stream_fd, &header, sizeof(header), 0) != sizeof(header))
		rings->error = errno;
}

void rings_finish_forward(struct rings *rings)
{
	struct trace_block block = { .cpu = FORWARD_END, .size = sizeof(struct forward_end) };
	struct forward_end end = { .broken = rings->broken };
	struct iovec parts[] = { { &block, sizeof(block) }, { &end, sizeof(end) } };

	if (!rings->area_at)
		return;
	if (!last_header(rings, &end.header))
		end.header.magic = 0;
	write_all(rings, parts, 2);
}
