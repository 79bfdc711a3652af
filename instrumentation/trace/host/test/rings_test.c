/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of taking rings out of a machine's memory: what is written there comes out once, and a machine that lies gets
 * nothing out of it. Prints "ok NAME" or "not ok NAME: reason" lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../forward.h"

#define MEMORY (4u << 20)
#define AREA 0x10000u
#define RING 0x20000u
#define DESCRIPTION 0x14000u
#define SIZE 4096u

static const char description[] = "0 a:b c:u64\n";
static uint8_t *memory;
static int memory_fd, stream_fd;

static struct trace_area *area(void)
{
	return (struct trace_area *)(memory + AREA);
}

static struct trace_ring *ring(void)
{
	return (struct trace_ring *)(memory + RING);
}

static void check(const char *name, int fine)
{
	printf(fine ? "ok rings_%s\n" : "not ok rings_%s: see rings_test.c\n", name);
}

/* A machine that tells the truth, and an empty stream. */
static void reset(struct rings *rings)
{
	struct trace_beacon *beacon = (struct trace_beacon *)(memory + TRACE_BEACON);

	memset(memory, 0, RING + sizeof(struct trace_ring) + SIZE);
	*area() = (struct trace_area){ .magic = TRACE_MAGIC,
				       .version = TRACE_VERSION,
				       .size = sizeof(struct trace_area),
				       .cpu_count = 1,
				       .ring_size = SIZE,
				       .time_scale = UINT64_C(1) << 32,
				       .description = DESCRIPTION,
				       .description_size = sizeof(description) - 1,
				       .rings = { RING } };
	memcpy(memory + DESCRIPTION, description, sizeof(description));
	*beacon = (struct trace_beacon){ .magic = TRACE_MAGIC, .area = AREA };
	if (ftruncate(stream_fd, 0) || lseek(stream_fd, 0, SEEK_SET))
		abort();
	rings_free(rings);
	rings_init(rings, memory_fd, stream_fd);
}

/* Writes count bytes that say where they are in the endless sequence. */
static void produce(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		ring()->data[(ring()->head + i) % SIZE] = (uint8_t)((ring()->head + i) / 8);
	ring()->head += count;
}

static void test_wrap(void)
{
	static uint8_t out[1 << 16];
	struct rings rings = { 0 };
	size_t at = sizeof(struct trace_stream) + 16;
	uint64_t expected = 0;
	ssize_t size;
	int fine = 1;

	reset(&rings);
	fine &= rings_find(&rings);
	for (int i = 0; i < 10; i++) {
		produce(3000);
		rings_drain(&rings, true);
		fine &= ring()->tail == ring()->head;
	}
	rings_finish(&rings);
	size = pread(stream_fd, out, sizeof(out), 0);
	for (; at < (size_t)size; at += 16 + 3000)
		for (size_t i = 0; i < 3000; i++)
			fine &= out[at + 16 + i] == (uint8_t)(expected++ / 8);
	check("wrap", fine && expected == 30000 && !rings.broken && !rings.error);
	rings_free(&rings);
}

static void test_waits(void)
{
	struct rings rings = { 0 };

	reset(&rings);
	rings_find(&rings);
	produce(64);
	rings_drain(&rings, false);
	check("little_waits", !rings.bytes && !ring()->tail);
	produce(SIZE / 2);
	check("full_is_told", rings_drain(&rings, false) && rings.bytes == SIZE / 2 + 64);
	rings_free(&rings);
}

static void test_lost(void)
{
	struct rings rings = { 0 };

	reset(&rings);
	rings_find(&rings);
	ring()->lost = 7;
	rings_drain(&rings, true);
	check("lost_without_records", rings.lost[0] == 7);
	rings_free(&rings);
}

static void test_lies(void)
{
	struct rings rings = { 0 };

	reset(&rings);
	rings_find(&rings);
	ring()->head = SIZE + 8;
	rings_drain(&rings, true);
	check("too_much", rings.broken == 1 && !rings.bytes && ring()->tail == SIZE + 8);
	produce(16);
	rings_drain(&rings, true);
	check("goes_on_after_a_lie", rings.bytes == 16);
	area()->rings[0] = MEMORY - 4096;
	area()->rings[1] = UINT64_MAX - 4095;
	area()->rings[2] = RING + 8;
	rings_drain(&rings, true);
	check("rings_outside", rings.bytes == 16);
	area()->ring_size = 1 << 30;
	produce(8);
	rings_finish(&rings);
	check("header_stays", !rings.error);
	rings_free(&rings);
}

/* Memory that comes piece by piece: nothing else is looked at. */
static bool reach(void *context, uint64_t address, uint64_t size)
{
	const uint64_t *end = context;

	return address + size <= *end;
}

static void test_reach(void)
{
	struct rings rings = { 0 };
	uint64_t end = TRACE_BEACON;

	reset(&rings);
	rings_init_reached(&rings, memory, MEMORY, reach, &end, stream_fd);
	check("beacon_out_of_reach", !rings_find(&rings));
	end = RING;
	check("area_within_reach", rings_find(&rings));
	produce(16);
	rings_drain(&rings, true);
	check("ring_out_of_reach", !rings.bytes);
	end = MEMORY;
	rings_drain(&rings, true);
	check("ring_within_reach", rings.bytes == 16);
}

/* What went on to another place is there what it would have been here. */
static void test_forward(void)
{
	struct rings rings = { 0 }, taken;
	struct trace_stream header;
	off_t size;

	reset(&rings);
	rings_find(&rings);
	produce(64);
	ring()->lost = 3;
	rings_drain(&rings, true);
	area()->cpu_count = 2;
	size = lseek(stream_fd, 0, SEEK_CUR);
	rings_finish_forward(&rings);
	rings_init(&taken, -1, stream_fd);
	rings_take_forward(&taken);
	check("forward", taken.area_at && taken.bytes == 64 && taken.lost[0] == 3 && taken.area.cpu_count == 2);
	check("forward_file", lseek(stream_fd, 0, SEEK_END) == size &&
				      pread(stream_fd, &header, sizeof(header), 0) == sizeof(header) &&
				      header.area.cpu_count == 2);
	/* One that was cut, and none. */
	rings_init(&taken, -1, stream_fd);
	if (ftruncate(stream_fd, size - 8))
		abort();
	rings_take_forward(&taken);
	check("forward_cut", taken.area_at && lseek(stream_fd, 0, SEEK_END) == size - 8);
	rings_init(&taken, -1, stream_fd);
	if (ftruncate(stream_fd, 0))
		abort();
	rings_take_forward(&taken);
	check("forward_nothing", !taken.area_at && !taken.error);
	rings_free(&rings);
}

/* Each of them alone keeps the rings from being found. */
static void test_areas(void)
{
	struct rings rings = { 0 };
	int found = 0;

#define BAD(statement)                                                                                                 \
	do {                                                                                                           \
		reset(&rings);                                                                                         \
		statement;                                                                                             \
		found += rings_find(&rings);                                                                           \
	} while (0)
	BAD(area()->magic++);
	BAD(area()->version++);
	BAD(area()->size--);
	BAD(area()->flags = TRACE_OVERWRITE);
	BAD(area()->ring_size = 0);
	BAD(area()->ring_size = 5000);
	BAD(area()->ring_size = UINT64_C(1) << 63);
	BAD(area()->description = MEMORY - 4);
	BAD(area()->description_size = UINT64_MAX);
	BAD(((struct trace_beacon *)(memory + TRACE_BEACON))->area = MEMORY);
	BAD(((struct trace_beacon *)(memory + TRACE_BEACON))->area = MEMORY - 4096 + 1);
	BAD(((struct trace_beacon *)(memory + TRACE_BEACON))->area = -4096);
	BAD(((struct trace_beacon *)(memory + TRACE_BEACON))->magic = 0);
	check("bad_areas", !found);
	reset(&rings);
	check("good_area", rings_find(&rings));
	rings_free(&rings);
}

/* Anything at all: nothing but the file's memory is touched, and nothing hangs. */
static void test_random(void)
{
	struct rings rings = { 0 };
	uint64_t taken = 0;

	srand(1);
	for (int n = 0; n < 20000; n++) {
		uint64_t *words = (uint64_t *)(memory + AREA);

		reset(&rings);
		if (n % 2)
			words[rand() % (sizeof(struct trace_area) / 8)] = (uint64_t)rand() << rand() % 40;
		rings_find(&rings);
		for (int i = 0; i < 4; i++) {
			ring()->head = rand() % 2 ? ring()->tail + (uint64_t)rand() % SIZE
						  : (uint64_t)rand() << rand() % 33;
			area()->rings[rand() % TRACE_CPUS_MAX] = (uint64_t)(rand() % 2000) << 12;
			rings_drain(&rings, i % 2);
		}
		rings_finish(&rings);
		taken += rings.bytes;
	}
	check("random", taken > 0);
	rings_free(&rings);
}

int main(void)
{
	memory_fd = memfd_create("memory", MFD_CLOEXEC);
	stream_fd = memfd_create("stream", MFD_CLOEXEC);
	if (memory_fd < 0 || stream_fd < 0 || ftruncate(memory_fd, MEMORY))
		return 1;
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	if (memory == MAP_FAILED)
		return 1;
	test_wrap();
	test_waits();
	test_lost();
	test_lies();
	test_areas();
	test_reach();
	test_forward();
	test_random();
	return 0;
}
