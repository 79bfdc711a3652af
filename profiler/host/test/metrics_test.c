/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables that a guest might show: one that is right, each way in which one can be wrong, and a great many that are
 * damaged at random. The memory ends at a page that nobody may touch. Prints "ok NAME" and "not ok NAME: reason".
 */
#include "../metrics.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE ((size_t)0x20000)
#define BASE UINT64_C(0xffffffff80000000)
#define TABLE 0x8000
#define ENTRIES 0x9000
#define METRICS 0xa000
#define STRINGS 0xb000
#define LABELS 0xc000
#define CELLS 0x10000
#define VARIABLE (SIZE - 8) /* the last that there is */
#define CELLS_SIZE 512
#define COUNT 5

static uint8_t *memory;
static struct metrics_table *table;
static struct metric *metrics;
static uint64_t *entries, *labels;

static uint64_t string(unsigned number, const char *text)
{
	strcpy((char *)memory + STRINGS + number * 64, text);
	return BASE + STRINGS + number * 64;
}

/* A counter, one by a label on two CPUs, a histogram, a variable, and one that is computed. */
static void make(void)
{
	memset(memory, 0, SIZE);
	*(struct metrics_beacon *)(void *)(memory + METRICS_BEACON) = (struct metrics_beacon){ METRICS_MAGIC, TABLE };
	*table = (struct metrics_table){ .version = METRICS_VERSION,
					 .size = sizeof(*table),
					 .virtual_base = BASE,
					 .entries = ENTRIES,
					 .entry_count = COUNT,
					 .entry_size = sizeof(struct metric),
					 .cells = BASE + CELLS,
					 .cells_size = CELLS_SIZE,
					 .cpu_count = 2,
					 .cpu_cells = { CELLS, CELLS + CELLS_SIZE } };
	for (unsigned i = 0; i < COUNT; i++)
		entries[i] = BASE + METRICS + i * sizeof(struct metric);
	labels[0] = string(10, "one");
	labels[4] = string(11, "a \"quote\"");
	metrics[0] = (struct metric){
		.name = string(0, "saki_e_total"), .help = string(1, "How \\ often"), .values = BASE + CELLS, .count = 1
	};
	metrics[1] = (struct metric){ .name = string(2, "saki_d_total"),
				      .help = string(3, "By kind"),
				      .label = string(4, "kind"),
				      .labels = BASE + LABELS,
				      .label_stride = 16,
				      .values = BASE + CELLS + 8,
				      .count = 3 };
	metrics[2] = (struct metric){ .name = string(5, "saki_c_seconds"),
				      .help = string(6, "How long"),
				      .type = METRIC_TYPE_HISTOGRAM,
				      .unit = METRIC_NANOSECONDS,
				      .values = BASE + CELLS + 64,
				      .count = METRIC_HISTOGRAM_CELLS };
	metrics[3] = (struct metric){ .name = string(7, "saki_b"),
				      .help = string(8, "A variable"),
				      .type = METRIC_TYPE_GAUGE,
				      .source = METRIC_VARIABLE,
				      .values = BASE + VARIABLE,
				      .width = 8,
				      .count = 1 };
	metrics[4] = (struct metric){
		.name = string(9, "saki_a"), .help = string(1, "How \\ often"), .source = METRIC_COMPUTED, .values = 1
	};
	for (unsigned cpu = 0; cpu < 2; cpu++)
		for (unsigned i = 0; i < CELLS_SIZE / 8; i++)
			*(uint64_t *)(void *)(memory + CELLS + cpu * CELLS_SIZE + i * 8) = i + 1;
	*(uint64_t *)(void *)(memory + VARIABLE) = 4711;
}

/* What is printed; NULL and *err. Static memory. */
static const char *print(int *err, int (*with)(const uint8_t *memory, size_t size, FILE *out), size_t size)
{
	static char text[1 << 16];
	FILE *out = fmemopen(text, sizeof(text), "w");

	memset(text, 0, sizeof(text));
	*err = with(memory, size, out);
	fclose(out);
	return text;
}

static void result(const char *name, bool good, const char *why)
{
	if (good)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, why);
}

static void test_good(void)
{
	const char *text;
	int err;

	make();
	text = print(&err, metrics_print, SIZE);
	result("metrics_text",
	       !err &&
		       strstr(text,
			      "# HELP saki_e_total How \\\\ often\n# TYPE saki_e_total counter\nsaki_e_total 2\n") &&
		       strstr(text, "saki_d_total{kind=\"one\"} 4\nsaki_d_total{kind=\"a \\\"quote\\\"\"} 8\n") &&
		       strstr(text, "saki_c_seconds_bucket{le=\"0.000001024\"} 18\n") &&
		       strstr(text, "saki_c_seconds_bucket{le=\"+Inf\"} 1050\nsaki_c_seconds_sum 0.000000068\n") &&
		       strstr(text, "saki_b 4711\n") && !strncmp(text, "# saki_a: only", 14),
	       text);
	text = print(&err, metrics_print_json, SIZE);
	result("metrics_json",
	       !err && !strncmp(text, "{\"saki_b\": 4711, \"saki_c_seconds\": {\"buckets\": {", 48) &&
		       strstr(text, "\"saki_d_total\": {\"one\": 4, \"a \\\"quote\\\"\": 8}, \"saki_e_total\": 2}\n"),
	       text);
}

/* One change of what is right, and what is to be said of it. */
static void refused(const char *name, void *place, uint64_t value, size_t width, int expected)
{
	char full[96];
	int err;

	memcpy(place, &value, width);
	snprintf(full, sizeof(full), "metrics_refuses_%s", name);
	result(full, !*print(&err, metrics_print, SIZE) && err == expected, err ? metrics_problem(err) : "accepted");
	make();
}

#define REFUSED(name, field, value) refused(name, &(field), (uint64_t)(value), sizeof(field), -EINVAL)

static void test_table(void)
{
	struct metrics_beacon *beacon = (void *)(memory + METRICS_BEACON);

	refused("no_beacon", &beacon->magic, METRICS_MAGIC + 1, 8, -ENOENT);
	REFUSED("table_outside", beacon->table, SIZE);
	REFUSED("table_that_ends_outside", beacon->table, SIZE - 16);
	REFUSED("table_far_outside", beacon->table, UINT64_MAX - 3);
	REFUSED("version", table->version, 2);
	REFUSED("table_size", table->size, 0);
	REFUSED("entry_size", table->entry_size, 8);
	REFUSED("many_entries", table->entry_count, UINT32_MAX);
	REFUSED("entries_outside", table->entries, SIZE - 8);
	REFUSED("entries_wrapping", table->entries, UINT64_MAX - 7);
	REFUSED("entries_odd", table->entries, ENTRIES + 1);
	REFUSED("base", table->virtual_base, 0);
	REFUSED("no_cpus", table->cpu_count, 0);
	REFUSED("many_cpus", table->cpu_count, METRICS_CPUS_MAX + 1);
	REFUSED("cells_outside", table->cpu_cells[1], SIZE - CELLS_SIZE + 8);
	REFUSED("cells_wrapping", table->cpu_cells[1], UINT64_MAX - 100);
	REFUSED("cells_odd", table->cpu_cells[1], CELLS + 4);
	REFUSED("much_of_cells", table->cells_size, UINT64_MAX);
	REFUSED("cells_base", table->cells, 0);
}

static void test_metric(void)
{
	REFUSED("entry_outside", entries[1], BASE + SIZE - 8);
	REFUSED("entry_below", entries[1], BASE - 8);
	REFUSED("entry_null", entries[1], 0);
	REFUSED("same_twice", entries[1], entries[0]);
	REFUSED("type", metrics[0].type, 3);
	REFUSED("source", metrics[0].source, 3);
	REFUSED("unit", metrics[0].unit, 2);
	REFUSED("no_values", metrics[0].count, 0);
	REFUSED("values_without_labels", metrics[0].count, 2);
	REFUSED("many_values", metrics[1].count, 1u << 31);
	REFUSED("values_outside", metrics[1].values, BASE + CELLS + CELLS_SIZE - 16);
	REFUSED("values_below", metrics[1].values, BASE + CELLS - 8);
	REFUSED("values_odd", metrics[1].values, BASE + CELLS + 4);
	REFUSED("labels_outside", metrics[1].labels, BASE + SIZE);
	REFUSED("label_stride", metrics[1].label_stride, UINT32_MAX);
	REFUSED("labels_without_a_name", metrics[1].label, 0);
	REFUSED("label_outside", labels[0], BASE + SIZE);
	REFUSED("short_histogram", metrics[2].count, 4);
	REFUSED("variable_outside", metrics[3].values, BASE + SIZE);
	REFUSED("variable_width", metrics[3].width, 3);
	REFUSED("variable_odd", metrics[3].values, BASE + VARIABLE - 2);
	REFUSED("name_outside", metrics[4].name, BASE + SIZE);
	REFUSED("name_empty", metrics[4].name, BASE + CELLS - 8);
	refused("name_of_other_characters", memory + STRINGS, '{', 1, -EINVAL);
	refused("name_with_an_escape", memory + STRINGS, 0x1b, 1, -EINVAL);
	refused("help_with_an_escape", memory + STRINGS + 64, 0x1b, 1, -EINVAL);
	memset(memory + SIZE - 64, 'x', 64);
	refused("name_without_end", &metrics[4].name, BASE + SIZE - 64, 8, -EINVAL);
}

static uint64_t state = 20261127;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t lie(void)
{
	switch (next_random() >> 32 & 7) {
	case 0: return UINT64_MAX;
	case 1: return next_random() % SIZE;
	case 2: return BASE + next_random() % SIZE;
	case 3: return BASE + SIZE - next_random() % 64;
	case 4: return 0;
	case 5: return next_random() >> 40 & 0xff;
	case 6: return UINT64_C(0x7fffffff7fffffff);
	default: return next_random();
	}
}

/* Whatever it is, it is said to be wrong, or printed; nothing is touched that is not memory, and it comes to an end. */
static void test_random(void)
{
	unsigned refusals = 0, rounds = 30000;
	int err;

	for (unsigned i = 0; i < rounds; i++) {
		static const struct {
			unsigned start, len;
		} areas[] = { { TABLE, 128 }, { ENTRIES, COUNT * 8 }, { METRICS, COUNT * sizeof(struct metric) },
			      { STRINGS, 12 * 64 }, { LABELS, 48 } };

		make();
		for (unsigned n = 1 + next_random() % 3; n--;) {
			unsigned area = next_random() % 5, at = next_random() % (areas[area].len / 4) * 4;
			uint64_t value = lie();

			memcpy(memory + areas[area].start + at, &value, next_random() & 1 ? 8 : 4);
		}
		print(&err, next_random() & 1 ? metrics_print : metrics_print_json, SIZE);
		if (err != 0 && err != -EINVAL)
			break;
		refusals += err != 0;
	}
	result("metrics_survives_random_tables", (err == 0 || err == -EINVAL) && refusals > rounds / 4, "no result");
}

static void test_sizes(void)
{
	bool good = true;
	int err;

	make();
	for (size_t size = 0; size < SIZE; size += size < METRICS_BEACON + 64 && size >= METRICS_BEACON ? 1 : 8) {
		print(&err, metrics_print, size);
		good &= err == -ENOENT || err == -EINVAL;
	}
	result("metrics_refuses_small_memories", good, "one was read");
}

int main(void)
{
	uint8_t *area = mmap(NULL, SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED || mprotect(area + SIZE, 4096, PROT_NONE))
		return 1;
	memory = area;
	table = (void *)(memory + TABLE);
	entries = (void *)(memory + ENTRIES);
	metrics = (void *)(memory + METRICS);
	labels = (void *)(memory + LABELS);
	test_good();
	test_table();
	test_metric();
	test_sizes();
	test_random();
	return 0;
}
