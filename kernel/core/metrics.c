/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metrics as one text (Prometheus's exposition format 0.0.4), and each CPU's cells. See kernel/metrics.h.
 */
#include <kernel/metrics.h>

#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/proc.h>
#include <kernel/string.h>

LINKSET_DECLARE(object_type);

struct metric_sink {
	struct proc_text *text;
	const struct metric *metric;
};

static const char *string_at(uint64_t address)
{
	return (const char *)(uintptr_t)address;
}

/* ---- cells ---- */

int metrics_add_cpu(struct cpu *cpu)
{
	char *cells = heap_zalloc((size_t)(metric_cells_end - metric_cells_start));

	if (!cells)
		return -ENOMEM;
	metrics_set_offset(cpu, (uintptr_t)cells - (uintptr_t)metric_cells_start);
	return 0;
}

void metrics_drop_cpu(struct cpu *cpu)
{
	if (metrics_offset(cpu))
		heap_free(metrics_cells(cpu));
	metrics_set_offset(cpu, 0);
}

char *metrics_cells(const struct cpu *cpu)
{
	return (char *)((uintptr_t)metric_cells_start + metrics_offset(cpu));
}

static uint64_t sum_cells(uint64_t address)
{
	uint64_t sum = 0;

	if (!IS_ENABLED(CONFIG_METRICS))
		return 0;
	for (unsigned i = 0; i < cpu_count; i++)
		sum += atomic_load_relaxed((uint64_t *)((uintptr_t)address + metrics_offset(cpus[i])));
	return sum;
}

uint64_t metric_value(const struct metric *m, unsigned index)
{
	if (m->source == METRIC_CELLS)
		return sum_cells(m->values + index * sizeof(uint64_t));
	if (m->source != METRIC_VARIABLE)
		return 0;
	return m->width == 4 ? atomic_load_relaxed((uint32_t *)(uintptr_t)m->values)
			     : atomic_load_relaxed((uint64_t *)(uintptr_t)m->values);
}

/* ---- the text ---- */

/* A backslash, a line's end, and in a label's value a quotation mark are written with a backslash before them. */
static void put_escaped(struct proc_text *text, const char *s, bool quotes)
{
	for (; *s; s++) {
		if (*s == '\n')
			proc_put(text, "\\n", 2);
		else if (*s == '\\' || (quotes && *s == '"'))
			proc_print(text, "\\%c", *s);
		else
			proc_put(text, s, 1);
	}
}

static void put_number(struct proc_text *text, const struct metric *m, uint64_t value)
{
	if (m->unit == METRIC_NANOSECONDS)
		proc_print(text, "%lu.%09lu", value / NSEC_PER_SEC, value % NSEC_PER_SEC);
	else if (m->type == METRIC_TYPE_GAUGE && m->source == METRIC_CELLS)
		proc_print(text, "%ld", (int64_t)value);
	else
		proc_print(text, "%lu", value);
}

void metric_sample(struct metric_sink *sink, const char *label, uint64_t value)
{
	const struct metric *m = sink->metric;

	proc_print(sink->text, "%s", string_at(m->name));
	if (label) {
		proc_print(sink->text, "{%s=\"", string_at(m->label));
		put_escaped(sink->text, label, true);
		proc_print(sink->text, "\"}");
	}
	proc_print(sink->text, " ");
	put_number(sink->text, m, value);
	proc_print(sink->text, "\n");
}

void metric_sample_number(struct metric_sink *sink, uint64_t label, uint64_t value)
{
	char text[24];

	format(text, sizeof(text), "%lu", label);
	metric_sample(sink, text, value);
}

static void put_histogram(struct proc_text *text, const struct metric *m)
{
	const char *name = string_at(m->name);
	uint64_t count = 0;

	for (unsigned i = 0; i < METRIC_BUCKETS; i++) {
		count += metric_value(m, i);
		proc_print(text, "%s_bucket{le=\"", name);
		put_number(text, m, UINT64_C(1) << (METRIC_BUCKET_FIRST + i));
		proc_print(text, "\"} %lu\n", count);
	}
	count += metric_value(m, METRIC_BUCKETS);
	proc_print(text, "%s_bucket{le=\"+Inf\"} %lu\n%s_sum ", name, count, name);
	put_number(text, m, metric_value(m, METRIC_BUCKETS + 1));
	proc_print(text, "\n%s_count %lu\n", name, count);
}

static const char *label_at(const struct metric *m, unsigned index)
{
	return *(const char *const *)((uintptr_t)m->labels + index * m->label_stride);
}

static void put_values(struct proc_text *text, const struct metric *m)
{
	struct metric_sink sink = { text, m };

	if (m->source == METRIC_COMPUTED) {
		((metric_collect_t *)(uintptr_t)m->values)(&sink, m->argument);
	} else if (m->type == METRIC_TYPE_HISTOGRAM) {
		put_histogram(text, m);
	} else if (!m->labels) {
		metric_sample(&sink, NULL, metric_value(m, 0));
	} else {
		for (unsigned i = 0; i < m->count; i++)
			if (label_at(m, i))
				metric_sample(&sink, label_at(m, i), metric_value(m, i));
	}
}

static void put_metric(struct proc_text *text, const struct metric *m)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };

	proc_print(text, "# HELP %s ", string_at(m->name));
	put_escaped(text, string_at(m->help), false);
	proc_print(text, "\n# TYPE %s %s\n", string_at(m->name), types[m->type]);
	if (!IS_ENABLED(CONFIG_FUZZ))
		put_values(text, m);
}

void metrics_show_set(struct proc_text *text, const void *const *start, const void *const *end)
{
	const char *last = "";

	/* By name, whatever the linker's order was. */
	for (;;) {
		const struct metric *next = NULL;

		for (const void *const *slot = start; slot < end; slot++) {
			const struct metric *m = *slot;

			if (strcmp(string_at(m->name), last) > 0 &&
			    (!next || strcmp(string_at(m->name), string_at(next->name)) < 0))
				next = m;
		}
		if (!next)
			return;
		last = string_at(next->name);
		put_metric(text, next);
	}
}

void metrics_show(struct proc_text *text)
{
	metrics_show_set(text, __start_metric_set, __stop_metric_set);
}

/* ---- what is counted elsewhere already ---- */

static void collect_objects(struct metric_sink *sink, unsigned argument UNUSED)
{
	LINKSET_FOREACH(object_type, struct object_type, type)
		metric_sample(sink, type->name, (uint64_t)atomic_load_relaxed(&type->live));
}
METRIC_GAUGES_CALL(objects, "Objects of the types that are counted", "type", collect_objects, 0);
METRIC_GAUGE(cpus, "CPUs that the machine has", &cpu_count);

static void collect_uptime(struct metric_sink *sink, unsigned argument UNUSED)
{
	metric_sample(sink, NULL, clock_ns());
}
METRIC_ENTRY(uptime, .source = METRIC_COMPUTED, .name = METRIC_ADDRESS("saki_uptime_seconds"),
	     .help = METRIC_ADDRESS("Time since the kernel started"), .type = METRIC_TYPE_GAUGE,
	     .unit = METRIC_NANOSECONDS, .values = METRIC_ADDRESS(collect_uptime));
