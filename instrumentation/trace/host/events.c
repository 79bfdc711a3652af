/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text that describes events, taken apart. Part of reading a stream, and of knowing what can be recorded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

static const char *const types[] = {
	[STREAM_U64] = "u64",       [STREAM_S64] = "s64", [STREAM_HEX] = "hex",   [STREAM_PTR] = "ptr",
	[STREAM_UPTR] = "uptr",     [STREAM_THREAD] = "thread", [STREAM_NS] = "ns", [STREAM_CALL] = "call",
	[STREAM_RESULT] = "result", [STREAM_STR] = "str",
};

static bool is_name(const char *name)
{
	return *name && strlen(name) < 64 &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static int parse_values(struct stream_arg *arg, char *text, const char ***room)
{
	arg->values = *room;
	for (char *rest = text, *value; (value = strsep(&rest, ",")) != NULL;) {
		if (!is_name(value) || arg->value_count == STREAM_NUMBERS_MAX)
			return -1;
		arg->values[arg->value_count++] = value;
	}
	*room += arg->value_count;
	return 0;
}

/* "name:type" or "name:type=value,value". */
static int parse_arg(struct stream_arg *arg, char *text, const char ***room)
{
	char *type = strchr(text, ':'), *values;

	if (!type)
		return -1;
	*type++ = '\0';
	values = strchr(type, '=');
	if (values)
		*values++ = '\0';
	arg->name = text;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i], type) != 0)
			continue;
		arg->type = (enum stream_type)i;
		if (!is_name(text) || (values && arg->type == STREAM_STR))
			return -1;
		return values ? parse_values(arg, values, room) : 0;
	}
	return -1;
}

static int parse_line(struct stream_event *event, char *line, const char ***room)
{
	char *rest = line, *word = strsep(&rest, " "), *end, *name;

	event->number = (unsigned)strtoul(word, &end, 10);
	if (end == word || *end || event->number >= TRACE_PAD || *word == '-')
		return -1;
	event->group = strsep(&rest, " ");
	name = event->group ? strchr(event->group, ':') : NULL;
	if (!name)
		return -1;
	*name++ = '\0';
	event->name = name;
	if (!is_name(event->group) || !is_name(name))
		return -1;
	while ((word = strsep(&rest, " ")) != NULL) {
		if (!*word)
			continue;
		if (event->arg_count == STREAM_ARGS_MAX || parse_arg(&event->args[event->arg_count], word, room))
			return -1;
		event->arg_count++;
	}
	return 0;
}

static size_t count(const char *text, char a, char b)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == a || *text == b;
	return n;
}

static bool is_there(const struct stream_events *events, unsigned number)
{
	for (size_t i = 0; i < events->count; i++)
		if (events->list[i].number == number)
			return true;
	return false;
}

int stream_events_parse(struct stream_events *events, const char *text, size_t size, char *error)
{
	const char **room;
	size_t number = 0;
	char *rest, *line;

	*events = (struct stream_events){ .text = strndup(text, size) };
	if (!events->text)
		goto err_memory;
	events->list = calloc(count(events->text, '\n', '\n') + 1, sizeof(*events->list));
	room = events->values = calloc(count(events->text, ',', '=') + 1, sizeof(*events->values));
	if (!events->list || !events->values)
		goto err_memory;
	for (rest = events->text; (line = strsep(&rest, "\n")) != NULL;) {
		number++;
		if (!*line)
			continue;
		if (parse_line(&events->list[events->count], line, &room) ||
		    is_there(events, events->list[events->count].number)) {
			snprintf(error, STREAM_ERROR, "line %zu of its description of events is none", number);
			goto err;
		}
		events->count++;
	}
	if (events->count)
		return 0;
	snprintf(error, STREAM_ERROR, "it describes no events");
	goto err;
err_memory:
	snprintf(error, STREAM_ERROR, "no memory");
err:
	stream_events_free(events);
	return -1;
}

void stream_events_free(struct stream_events *events)
{
	free(events->list);
	free(events->text);
	free(events->values);
	*events = (struct stream_events){ 0 };
}

const struct stream_event *stream_event_find(const struct stream_events *events, const char *name)
{
	const char *colon = strchr(name, ':');

	for (size_t i = 0; i < events->count; i++) {
		const struct stream_event *event = &events->list[i];

		if (colon && (strlen(event->group) != (size_t)(colon - name) ||
			      strncmp(event->group, name, (size_t)(colon - name)) != 0))
			continue;
		if (!strcmp(event->name, colon ? colon + 1 : name))
			return event;
	}
	return NULL;
}

int stream_arg_find(const struct stream_event *event, const char *name)
{
	for (size_t i = 0; i < event->arg_count; i++)
		if (!strcmp(event->args[i].name, name))
			return (int)i;
	return -1;
}
