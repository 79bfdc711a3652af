/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the metrics in a guest's memory. See metrics.h for what is trusted: nothing.
 */
#include "metrics.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Above, addresses of a PC are not offsets in its memory any more; a kernel's own are below. */
#define LOW_MEMORY_MAX (UINT64_C(2) << 30)
#define CELLS_MAX (1u << 20)	/* bytes of a CPU's */
#define VALUES_MAX (1u << 16)	/* of all metrics */

struct guest {
	const uint8_t *memory;
	uint64_t size;
	struct metrics_table table;
	size_t values;	/* so far */
};

/* ---- one access, each of them checked ---- */

static bool is_inside(const struct guest *g, uint64_t address, uint64_t len)
{
	return address <= g->size && len <= g->size - address;
}

static bool copy(const struct guest *g, uint64_t address, void *to, size_t len)
{
	if (!is_inside(g, address, len))
		return false;
	memcpy(to, g->memory + address, len);
	return true;
}

/* In one access: it may change meanwhile. */
static bool get_word(const struct guest *g, uint64_t address, unsigned width, uint64_t *value)
{
	if (address % width || !is_inside(g, address, width))
		return false;
	*value = width == 4 ? __atomic_load_n((const uint32_t *)(const void *)(g->memory + address), __ATOMIC_RELAXED)
			    : __atomic_load_n((const uint64_t *)(const void *)(g->memory + address), __ATOMIC_RELAXED);
	return true;
}

/* Of an address of the kernel's. What is below its base wraps to one that is in no memory. */
static uint64_t physical(const struct guest *g, uint64_t address)
{
	return address - g->table.virtual_base;
}

/* A string that ends within size bytes, of characters that can be shown. */
static bool get_text(const struct guest *g, uint64_t address, char *to, size_t size)
{
	uint64_t from = physical(g, address);

	for (size_t i = 0; i < size; i++) {
		if (!copy(g, from + i, to + i, 1))
			return false;
		if (!to[i])
			return true;
		if (!isprint((unsigned char)to[i]) && to[i] != '\n')
			return false;
	}
	return false;
}

/* One that Prometheus takes for a name. */
static bool get_name(const struct guest *g, uint64_t address, char to[METRICS_NAME_MAX])
{
	if (!get_text(g, address, to, METRICS_NAME_MAX) || isdigit((unsigned char)to[0]) || !to[0])
		return false;
	for (const char *c = to; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return false;
	return true;
}

/* ---- the table ---- */

static int get_table(struct guest *g)
{
	struct metrics_beacon beacon;
	struct metrics_table *t = &g->table;

	if (!copy(g, METRICS_BEACON, &beacon, sizeof(beacon)) || beacon.magic != METRICS_MAGIC)
		return -ENOENT;
	if (!copy(g, beacon.table, t, sizeof(*t)))
		return -EINVAL;
	if (t->version != METRICS_VERSION || t->size != sizeof(*t) || t->entry_size != sizeof(struct metric) ||
	    t->entry_count > METRICS_MAX || t->cells_size > CELLS_MAX || !t->cpu_count ||
	    t->cpu_count > METRICS_CPUS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < t->cpu_count; i++)
		if (!is_inside(g, t->cpu_cells[i], t->cells_size))
			return -EINVAL;
	return 0;
}

/* ---- a metric's values ---- */

static bool sum_cells(const struct guest *g, const struct metric *m, struct metric_found *f)
{
	uint64_t offset = m->values - g->table.cells, size = g->table.cells_size;

	/* An image that does not count has none. */
	if (!m->values)
		return true;
	if (offset > size || m->count > (size - offset) / sizeof(uint64_t))
		return false;
	for (uint32_t cpu = 0; cpu < g->table.cpu_count; cpu++) {
		for (uint32_t i = 0; i < m->count; i++) {
			uint64_t value;

			if (!get_word(g, g->table.cpu_cells[cpu] + offset + i * sizeof(value), 8, &value))
				return false;
			f->values[i] += value;
		}
	}
	return true;
}

static bool get_labels(const struct guest *g, const struct metric *m, struct metric_found *f)
{
	char text[METRICS_TEXT_MAX];

	for (uint32_t i = 0; i < m->count; i++) {
		uint64_t address;

		if (!get_word(g, physical(g, m->labels) + (uint64_t)i * m->label_stride, 8, &address))
			return false;
		if (!address)
			continue;
		if (!get_text(g, address, text, sizeof(text)))
			return false;
		f->labels[i] = strdup(text);
		if (!f->labels[i])
			return false;
	}
	return true;
}

static bool makes_sense(const struct guest *g, const struct metric *m)
{
	if (m->type > METRIC_TYPE_HISTOGRAM || m->source > METRIC_COMPUTED || m->unit > METRIC_NANOSECONDS)
		return false;
	if (m->type == METRIC_TYPE_HISTOGRAM)
		return m->source == METRIC_CELLS && m->count == METRIC_HISTOGRAM_CELLS && !m->labels;
	if (m->source == METRIC_VARIABLE)
		return m->count == 1 && (m->width == 4 || m->width == 8) && !m->labels;
	if (m->source == METRIC_COMPUTED)
		return true;
	return m->count && m->count <= METRICS_VALUES_MAX && m->count <= VALUES_MAX - g->values &&
	       (m->labels ? m->label != 0 : m->count == 1);
}

static int get_values(const struct guest *g, const struct metric *m, struct metric_found *f)
{
	f->values = calloc(f->count, sizeof(*f->values));
	if (!f->values)
		return -ENOMEM;
	if (m->source == METRIC_VARIABLE)
		return get_word(g, physical(g, m->values), m->width, &f->values[0]) ? 0 : -EINVAL;
	if (!sum_cells(g, m, f))
		return -EINVAL;
	if (!m->labels)
		return 0;
	f->labels = calloc(f->count, sizeof(*f->labels));
	if (!f->labels)
		return -ENOMEM;
	return get_labels(g, m, f) ? 0 : -EINVAL;
}

static int get_metric(struct guest *g, uint64_t address, struct metric_found *f)
{
	struct metric m;

	if (!copy(g, physical(g, address), &m, sizeof(m)) || !makes_sense(g, &m))
		return -EINVAL;
	if (!get_name(g, m.name, f->name) || !get_text(g, m.help, f->help, sizeof(f->help)) ||
	    (m.label && !get_name(g, m.label, f->label)))
		return -EINVAL;
	f->type = (enum metric_type)m.type;
	f->source = (enum metric_source)m.source;
	f->unit = (enum metric_unit)m.unit;
	if (m.source == METRIC_COMPUTED)
		return 0;
	f->count = m.count;
	g->values += m.count;
	return get_values(g, &m, f);
}

/* ---- all of them ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct metric_found *)a)->name, ((const struct metric_found *)b)->name);
}

int metrics_read(const uint8_t *memory, size_t size, struct metrics_found *found)
{
	struct guest g = { .memory = memory, .size = size < LOW_MEMORY_MAX ? size : LOW_MEMORY_MAX };
	int err = get_table(&g);

	*found = (struct metrics_found){ NULL, 0 };
	if (err)
		return err;
	found->metrics = calloc(g.table.entry_count + 1, sizeof(*found->metrics));
	if (!found->metrics)
		return -ENOMEM;
	for (uint32_t i = 0; i < g.table.entry_count; i++) {
		uint64_t address;

		if (!get_word(&g, g.table.entries + i * sizeof(address), 8, &address))
			return -EINVAL;
		err = get_metric(&g, address, &found->metrics[found->count++]);
		if (err)
			return err;
	}
	qsort(found->metrics, found->count, sizeof(*found->metrics), by_name);
	for (size_t i = 1; i < found->count; i++)
		if (!by_name(&found->metrics[i - 1], &found->metrics[i]))
			return -EINVAL;
	return 0;
}

void metrics_release(struct metrics_found *found)
{
	for (size_t i = 0; i < found->count; i++) {
		struct metric_found *f = &found->metrics[i];

		for (size_t j = 0; f->labels && j < f->count; j++)
			free(f->labels[j]);
		free(f->labels);
		free(f->values);
	}
	free(found->metrics);
}
