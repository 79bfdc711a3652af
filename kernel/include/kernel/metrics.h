/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics: what happened how often, and how much there is. One line where it happens registers one, and /proc/metrics,
 * and who looks at a machine's memory from outside (profiler/abi/metrics.h), have it:
 *
 *	METRIC_COUNTER(block_errors, "Requests that failed");
 *	...
 *	metric_inc(block_errors);
 *
 * is saki_block_errors_total. Counting is an addition to a cell of the running CPU's: no lock, any context. A thread
 * that is moved to another CPU in the middle of one may lose it, once in a very long time. Images for fuzzing do not
 * count (option METRICS): a reset would take it all back.
 *
 * Names: lower case, words with underscores, subsystem first; what is counted in plural. Times are in nanoseconds and
 * shown in seconds.
 */
#pragma once

#include <kernel/cpu.h>
#include <kernel/linkset.h>
#include <kernel/metrics_abi.h>

struct proc_text;

LINKSET_DECLARE(metric);
/* Where the lines below register; tests have another set, so that nobody sees theirs. */
#ifndef METRIC_SET
#define METRIC_SET metric
#endif

#define METRIC_ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))

#define METRIC_ADD(set, pointer) LINKSET_ADD(set, pointer)
#define METRIC_ENTRY(id, ...)                                                                                          \
	static const struct metric metric_##id = { __VA_ARGS__ };                                                      \
	METRIC_ADD(METRIC_SET, &metric_##id)

#if CONFIG_METRICS
/* All cells lie side by side: each CPU has a copy of that area. */
#define METRIC_ENTRY_CELLS(id, cells, ...)                                                                             \
	static uint64_t metric_cells_##id[cells]                                                                       \
		__attribute__((used, section(".bss.metrics"), no_sanitize("address")));                                \
	METRIC_ENTRY(id, .source = METRIC_CELLS, .values = METRIC_ADDRESS(metric_cells_##id), __VA_ARGS__)
#else
#define METRIC_ENTRY_CELLS(id, cells, ...) METRIC_ENTRY(id, .source = METRIC_CELLS, __VA_ARGS__)
#endif

/* How often: saki_<id>_total. */
#define METRIC_COUNTER(id, text)                                                                                       \
	METRIC_ENTRY_CELLS(id, 1, .name = METRIC_ADDRESS("saki_" #id "_total"), .help = METRIC_ADDRESS(text),          \
			   .type = METRIC_TYPE_COUNTER, .count = 1)
/* One for each value of a label, which are an array of strings. */
#define METRIC_COUNTERS(id, text, label_name, label_values)                                                            \
	METRIC_ENTRY_CELLS(id, array_size(label_values), .name = METRIC_ADDRESS("saki_" #id "_total"),                 \
			   .help = METRIC_ADDRESS(text), .label = METRIC_ADDRESS(label_name),                          \
			   .labels = METRIC_ADDRESS(label_values), .label_stride = sizeof((label_values)[0]),          \
			   .type = METRIC_TYPE_COUNTER, .count = array_size(label_values))
/* The same with the values in an array of structures, from first on: how many, and how far apart. */
#define METRIC_COUNTERS_IN(id, text, label_name, first, number, distance)                                              \
	METRIC_ENTRY_CELLS(id, number, .name = METRIC_ADDRESS("saki_" #id "_total"), .help = METRIC_ADDRESS(text),     \
			   .label = METRIC_ADDRESS(label_name), .labels = METRIC_ADDRESS(first),                       \
			   .label_stride = (distance), .type = METRIC_TYPE_COUNTER, .count = (number))
/* How many there are, where it is known when one comes and goes: saki_<id>; metric_add(id, ±n). */
#define METRIC_LEVEL(id, text)                                                                                         \
	METRIC_ENTRY_CELLS(id, 1, .name = METRIC_ADDRESS("saki_" #id), .help = METRIC_ADDRESS(text),                   \
			   .type = METRIC_TYPE_GAUGE, .count = 1)
/* How long: saki_<id>_seconds; metric_observe(id, nanoseconds). */
#define METRIC_LATENCY(id, text)                                                                                       \
	METRIC_ENTRY_CELLS(id, METRIC_HISTOGRAM_CELLS, .name = METRIC_ADDRESS("saki_" #id "_seconds"),                 \
			   .help = METRIC_ADDRESS(text), .type = METRIC_TYPE_HISTOGRAM, .unit = METRIC_NANOSECONDS,    \
			   .count = METRIC_HISTOGRAM_CELLS)

#define METRIC_OF_VARIABLE(id, shown, text, metric_type, pointer)                                                      \
	_Static_assert(sizeof(*(pointer)) == 4 || sizeof(*(pointer)) == 8, "a variable of 4 or 8 bytes");              \
	METRIC_ENTRY(id, .source = METRIC_VARIABLE, .name = METRIC_ADDRESS(shown), .help = METRIC_ADDRESS(text),       \
		     .type = (metric_type), .values = METRIC_ADDRESS(pointer), .width = sizeof(*(pointer)),            \
		     .count = 1)
/* What somebody counts in a variable already, which is unsigned; its address is a constant. */
#define METRIC_GAUGE(id, text, pointer) METRIC_OF_VARIABLE(id, "saki_" #id, text, METRIC_TYPE_GAUGE, pointer)
#define METRIC_COUNTED(id, text, pointer)                                                                              \
	METRIC_OF_VARIABLE(id, "saki_" #id "_total", text, METRIC_TYPE_COUNTER, pointer)

/*
 * What has to be looked for: a function calls metric_sample() for each value. It runs in a thread, may sleep, and may
 * not hold a spinlock in the calls. The host cannot see these in a machine's memory.
 */
struct metric_sink;
typedef void metric_collect_t(struct metric_sink *sink, unsigned argument);
/* label: its value; NULL where the metric has none. */
void metric_sample(struct metric_sink *sink, const char *label, uint64_t value);
/* The same with a number for the label. */
void metric_sample_number(struct metric_sink *sink, uint64_t label, uint64_t value);

#define METRIC_OF_FUNCTION(id, shown, text, metric_type, label_name, function, number)                                 \
	_Static_assert(__builtin_types_compatible_p(__typeof__(&(function)), metric_collect_t *), "metric_collect_t"); \
	METRIC_ENTRY(id, .source = METRIC_COMPUTED, .name = METRIC_ADDRESS(shown), .help = METRIC_ADDRESS(text),       \
		     .label = METRIC_ADDRESS(label_name), .type = (metric_type), .values = METRIC_ADDRESS(function),   \
		     .argument = (number))
#define METRIC_GAUGES_CALL(id, text, label_name, function, number)                                                     \
	METRIC_OF_FUNCTION(id, "saki_" #id, text, METRIC_TYPE_GAUGE, label_name, function, number)
#define METRIC_COUNTERS_CALL(id, text, label_name, function, number)                                                   \
	METRIC_OF_FUNCTION(id, "saki_" #id "_total", text, METRIC_TYPE_COUNTER, label_name, function, number)

/* ---- counting ---- */

/* From the boot CPU's cells to a CPU's own. */
#if CONFIG_SMP
static ALWAYS_INLINE uintptr_t metrics_offset(const struct cpu *cpu)
{
	return cpu->metrics_offset;
}
static inline void metrics_set_offset(struct cpu *cpu, uintptr_t offset)
{
	cpu->metrics_offset = offset;
}
#else
static ALWAYS_INLINE uintptr_t metrics_offset(const struct cpu *cpu UNUSED)
{
	return 0;
}
static inline void metrics_set_offset(struct cpu *cpu UNUSED, uintptr_t offset UNUSED)
{
}
#endif

/* The bucket of a histogram for a value. */
static inline unsigned metric_bucket(uint64_t value)
{
	unsigned log = value < 2 ? 0 : 64 - (unsigned)__builtin_clzll(value - 1);

	return log <= METRIC_BUCKET_FIRST ? 0 : min(log - METRIC_BUCKET_FIRST, METRIC_BUCKETS + 0u);
}

#if CONFIG_METRICS
/* One instruction on the memory, which no interrupt cuts in two. */
static ALWAYS_INLINE void metric_add_cell(uint64_t *cell, uint64_t n)
{
	if (IS_ENABLED(CONFIG_SMP))
		cell = (uint64_t *)((uintptr_t)cell + metrics_offset(arch_cpu()));
	__atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

#define metric_add_at(id, index, n) metric_add_cell(&metric_cells_##id[index], (uint64_t)(n))
#else
#define metric_add_at(id, index, n) ((void)metric_##id, (void)(index), (void)(n))
#endif
#define metric_add(id, n) metric_add_at(id, 0, n)
#define metric_inc(id) metric_add_at(id, 0, 1)
#define metric_inc_at(id, index) metric_add_at(id, index, 1)
#define metric_observe(id, value)                                                                                      \
	do {                                                                                                           \
		uint64_t metric_value = (value);                                                                       \
		metric_add_at(id, metric_bucket(metric_value), 1);                                                     \
		metric_add_at(id, METRIC_BUCKETS + 1, metric_value);                                                   \
	} while (0)

/* ---- reading ---- */

/* A value that is in cells or in a variable, of all CPUs together; 0 where this image does not count. */
uint64_t metric_value(const struct metric *metric, unsigned index);
#define metric_get(id) metric_value(&metric_##id, 0)
#define metric_get_at(id, index) metric_value(&metric_##id, index)

/*
 * All of them in Prometheus's text format (0.0.4), in order of their names. In images for fuzzing there are no values.
 */
void metrics_show(struct proc_text *text);
/* The same of a set by its bounds. */
void metrics_show_set(struct proc_text *text, const void *const *start, const void *const *end);

/* The area of cells of the boot CPU: [start, end). Empty without option METRICS. */
extern char metric_cells_start[], metric_cells_end[];
/* That of a CPU. */
char *metrics_cells(const struct cpu *cpu);
/* Gives a new CPU cells of its own. -ENOMEM. */
int metrics_add_cpu(struct cpu *cpu);
/* Takes them back from one that was given up before it ran. */
void metrics_drop_cpu(struct cpu *cpu);
