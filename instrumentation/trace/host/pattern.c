/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events as people choose them. See pattern.h.
 */
#include <errno.h>
#include <kernel/syscall_desc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

#define ERRORS_MAX 134

static bool is(const char *text, size_t len, const char *other)
{
	return len == strlen(other) && !strncmp(text, other, len);
}

/* One pattern, without its conditions. */
static bool names(const char *pattern, size_t len, const struct stream_event *event)
{
	const char *colon = memchr(pattern, ':', len);
	const char *name = colon ? colon + 1 : pattern;
	size_t name_len = len - (size_t)(name - pattern);

	if (colon && !is(pattern, (size_t)(colon - pattern), event->group))
		return false;
	return is(name, name_len, "*") || is(name, name_len, event->name);
}

bool pattern_names(const char *list, const struct stream_event *event)
{
	while (*list) {
		size_t len = strcspn(list, ",");

		if (names(list, strcspn(list, ",?"), event))
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

/* ---- conditions ---- */

static bool number_value(const char *text, long long *value)
{
	char *end;

	errno = 0;
	*value = *text == '-' ? strtoll(text, &end, 0) : (long long)strtoull(text, &end, 0);
	return !errno && end != text && !*end;
}

static bool error_value(const char *text, long long *value)
{
	for (int i = 1; i < ERRORS_MAX; i++) {
		const char *name = strerrorname_np(i);

		if (name && !strcmp(name, text)) {
			*value = -i;
			return true;
		}
	}
	return false;
}

static bool arg_value(const struct stream_arg *arg, const char *text, long long *value)
{
	const struct desc_call *call;

	for (size_t i = 0; i < arg->value_count; i++) {
		if (!strcmp(arg->values[i], text)) {
			*value = (long long)i;
			return true;
		}
	}
	if (arg->type == STREAM_RESULT)
		return error_value(text, value);
	call = arg->type == STREAM_CALL ? desc_call_find_name(text, strlen(text)) : NULL;
	if (call)
		*value = call->number;
	return call;
}

/* Where the operator of a condition is, its length in *len. NULL: there is none. */
static const char *find_operator(const char *text, size_t *len)
{
	const char *op = text + strcspn(text, "=!<>");

	*len = *op && op[1] == '=' ? 2 : 1;
	return !*op || op == text || (*len == 1 && strchr("=!", *op)) ? NULL : op;
}

/* One condition of an event, written to out as the kernel wants it. */
static int check_condition(FILE *out, const struct stream_event *event, char *text, char *error)
{
	size_t op_len;
	const char *op = find_operator(text, &op_len);
	char name[64];
	long long value;
	int arg;

	if (!op || (size_t)(op - text) >= sizeof(name)) {
		snprintf(error, STREAM_ERROR, "\"%.60s\" is no condition, such as bytes>=4096", text);
		return -1;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(op - text), text);
	arg = stream_arg_find(event, name);
	if (arg < 0 ? strcmp(name, "cpu") && strcmp(name, "thread") : event->args[arg].type == STREAM_STR) {
		snprintf(error, STREAM_ERROR, "%s has no number \"%s\"; see: saki trace list %s", event->name, name,
			 event->name);
		return -1;
	}
	if (!number_value(op + op_len, &value) && (arg < 0 || !arg_value(&event->args[arg], op + op_len, &value))) {
		snprintf(error, STREAM_ERROR, "\"%.60s\" is no value of %s", op + op_len, name);
		return -1;
	}
	fprintf(out, "%s%.*s%lld", name, (int)op_len, op, value);
	return 0;
}

static int check_conditions(FILE *out, const struct stream_event *event, char *text, char *error)
{
	char *condition;
	int count = 0;

	while ((condition = strsep(&text, "&")) != NULL) {
		fputc(count ? '&' : '?', out);
		if (count++ == PATTERN_CONDITIONS_MAX) {
			snprintf(error, STREAM_ERROR, "more than %d conditions of one event", PATTERN_CONDITIONS_MAX);
			return -1;
		}
		if (check_condition(out, event, condition, error))
			return -1;
	}
	return 0;
}

/*
 * A pattern without conditions stays as it is. Else it is written once for each event that it names, since a name of a
 * value may be another number there.
 */
static int check_pattern(FILE *out, const struct stream_events *events, char *pattern, char *error)
{
	char *conditions = strchr(pattern, '?');
	size_t found = 0;

	if (conditions)
		*conditions++ = '\0';
	for (size_t i = 0; i < events->count; i++) {
		const struct stream_event *event = &events->list[i];
		char *copy;
		int err;

		if (!names(pattern, strlen(pattern), event))
			continue;
		if (found++ && conditions)
			fputc(',', out);
		if (!conditions)
			continue;
		fprintf(out, "%s:%s", event->group, event->name);
		copy = strdup(conditions);
		err = check_conditions(out, event, copy, error);
		free(copy);
		if (err)
			return err;
	}
	if (!found)
		snprintf(error, STREAM_ERROR, "\"%.80s\" is no event; see: saki trace list", pattern);
	if (!conditions)
		fputs(pattern, out);
	return found ? 0 : -1;
}

int pattern_check(const struct stream_events *events, const char *list, char **word, char *error)
{
	char *copy = strdup(list), *rest = copy, *pattern;
	size_t size = 0;
	FILE *out;
	int err = 0;

	*word = NULL;
	out = copy ? open_memstream(word, &size) : NULL;
	if (!out) {
		snprintf(error, STREAM_ERROR, "no memory");
		free(copy);
		return -1;
	}
	for (int n = 0; !err && (pattern = strsep(&rest, ",")) != NULL; n++) {
		if (n)
			fputc(',', out);
		err = check_pattern(out, events, pattern, error);
	}
	fclose(out);
	free(copy);
	if (!err && size > PATTERN_WORD_MAX) {
		snprintf(error, STREAM_ERROR, "the list of events is too long: %zu bytes, of %d", size,
			 PATTERN_WORD_MAX);
		err = -1;
	}
	if (err) {
		free(*word);
		*word = NULL;
	}
	return err;
}
