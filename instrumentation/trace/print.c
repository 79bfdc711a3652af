/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The newest records as text, for crash reports: walks the rings backwards from their heads. They may hold anything by
 * then, so each size is checked before it is believed.
 */
#include "trace_internal.h"

#include <instrumentation/layout/layout.h>

#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/syscall_desc.h>

#define TEXT_MAX 64	/* of a name, bytes */
#define ERRNO_MOST 4095 /* results above -4096 are errors */
#define LEAST (sizeof(struct trace_record) + sizeof(uint64_t))

struct cursor {
	const struct trace_ring *ring;
	uint64_t end, oldest;	/* of what is still to be looked at */
};

static const struct trace_record *newest(struct cursor *cursor)
{
	uint64_t ring_size = trace_area->ring_size;

	while (cursor->end - cursor->oldest >= LEAST) {
		const uint8_t *end = cursor->ring->data + (cursor->end - 1) % ring_size + 1;
		uint64_t size = *(const uint64_t *)(end - sizeof(uint64_t));
		const struct trace_record *record;

		if (size < LEAST || size % 8 || size > TRACE_RECORD_MAX || size > cursor->end - cursor->oldest ||
		    size > (uint64_t)(end - cursor->ring->data))
			break;
		record = (const struct trace_record *)(end - size);
		if ((record->event & TRACE_EVENT_MASK) < TRACE_EVENTS)
			return record;
		cursor->end -= size;
	}
	cursor->end = cursor->oldest;
	return NULL;
}

/* What prints next to a record's arguments: "name:type[=names]". */
struct argument {
	const char *name, *type, *end;
};

static bool next_argument(const char **line, struct argument *argument)
{
	const char *at = *line;

	while (*at == ' ')
		at++;
	argument->name = at;
	argument->type = NULL;
	for (; *at && *at != ' ' && *at != '\n'; at++)
		if (*at == ':' && !argument->type)
			argument->type = at + 1;
	argument->end = *line = at;
	return argument->type;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* The n-th of the names behind "="; NULL when there is none. */
static const char *enum_name(const struct argument *argument, uint64_t n, size_t *len)
{
	const char *name = memchr(argument->type, '=', (size_t)(argument->end - argument->type));

	for (; name; n--) {
		const char *start = name + 1, *comma = memchr(start, ',', (size_t)(argument->end - start));

		if (!n) {
			*len = (size_t)((comma ?: argument->end) - start);
			return start;
		}
		name = comma;
	}
	return NULL;
}

/* What people know the value by; NULL when it has no name. */
static const char *value_name(const struct argument *argument, uint64_t value, size_t *len)
{
	const struct desc_call *call;
	const char *name;

	if (begins(argument->type, "call")) {
		call = value < desc_number_limit ? desc_call_find((uint32_t)value, 0) : NULL;
		name = call ? call->name : NULL;
	} else if (begins(argument->type, "result")) {
		name = value >= -(uint64_t)ERRNO_MOST ? errno_name((int)-value) : NULL;
	} else {
		return enum_name(argument, value, len);
	}
	*len = name ? strlen(name) : 0;
	return name;
}

static size_t put_value(char *line, size_t size, const struct argument *argument, uint64_t value)
{
	int name_len = (int)(argument->type - 1 - argument->name);
	const char *fmt = " %.*s=%lu", *name;
	size_t len;

	/* As the crash report's own addresses. */
	if (begins(argument->type, "ptr"))
		value = layout_linked(value);
	name = value_name(argument, value, &len);
	if (name)
		return format(line, size, " %.*s=%.*s", name_len, argument->name, (int)len, name);
	if (begins(argument->type, "hex") || begins(argument->type, "ptr") || begins(argument->type, "uptr"))
		fmt = " %.*s=%#lx";
	else if (begins(argument->type, "s64") || begins(argument->type, "result"))
		fmt = " %.*s=%ld";
	return format(line, size, fmt, name_len, argument->name, value);
}

static void print(const struct trace_record *record, unsigned cpu, trace_put_t *put)
{
	const char *at = strchr(trace_line(record->event & TRACE_EVENT_MASK), ' ') + 1;
	const uint64_t *words = record->args, *end = (const uint64_t *)((const char *)record + record->size) - 1;
	uint64_t us = (trace_area->flags & TRACE_TIME_NS
			       ? record->time
			       : (uint64_t)((unsigned __int128)(record->time - trace_area->time_start) *
						    trace_area->time_scale >>
					    32)) /
		      1000;
	char line[TRACE_LINE_MAX];
	struct argument argument;
	size_t len = format(line, sizeof(line), "  [%u] %4lu.%06lu %5u ", cpu, us / 1000000, us % 1000000,
			    record->thread);

	while (*at != ' ' && *at != '\n' && len + 1 < sizeof(line))
		line[len++] = *at++;
	line[len] = 0;
	while (next_argument(&at, &argument) && words < end && len + 1 < sizeof(line)) {
		if (begins(argument.type, "str")) {
			size_t text = min(words[0], (uint64_t)((const char *)end - (const char *)(words + 1)));

			len += format(line + len, sizeof(line) - len, " %.*s", (int)min(text, (size_t)TEXT_MAX),
				      (const char *)(words + 1));
			break;
		}
		len += put_value(line + len, sizeof(line) - len, &argument, *words++);
	}
	len = min(len, sizeof(line) - 1);
	/* Names are the program's, and a line is one. */
	for (size_t i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[len] = '\n';
	put(line, len + 1);
}

void trace_put_last(trace_put_t *put, uint64_t since)
{
	struct cursor cursors[CPUS_MAX];
	const struct trace_record *last[TRACE_LAST_MAX];
	unsigned cpu_of[TRACE_LAST_MAX], count = 0;

	if (!trace_area)
		return;
	for (unsigned i = 0; i < trace_area->cpu_count; i++) {
		const struct trace_ring *ring = arch_phys_to_virt(trace_area->rings[i]);
		uint64_t head = atomic_load(&ring->head);

		cursors[i] = (struct cursor){ ring, head,
					      head > trace_area->ring_size ? head - trace_area->ring_size : 0 };
	}
	while (count < TRACE_LAST_MAX) {
		const struct trace_record *record = NULL;

		for (unsigned i = 0; i < trace_area->cpu_count; i++) {
			const struct trace_record *other = newest(&cursors[i]);

			if (other && (!record || other->time > record->time)) {
				record = other;
				cpu_of[count] = i;
			}
		}
		if (!record || record->time < since)
			break;
		cursors[cpu_of[count]].end -= record->size;
		last[count++] = record;
	}
	while (count--)
		print(last[count], cpu_of[count], put);
}
