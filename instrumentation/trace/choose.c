/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which events are on: reads the command line, and makes their tracepoints jump. Boot CPU, before the kernel's code
 * becomes read-only and before any other CPU runs, so that nobody executes what is being changed.
 */
#include "description.h"
#include "function.h"
#include "trace_internal.h"

#include <kernel/boot.h>
#include <kernel/log.h>
#include <kernel/string.h>

#define WORD_MAX 1024

_Static_assert(TRACE_EVENTS <= ARCH_BRANCHES_MAX, "each event has a branch");
struct trace_event_state trace_events[TRACE_EVENTS];
static bool any_on;
bool trace_chosen;

/* The word of a line from text on, which ends at a space or a line's end. */
struct word {
	const char *text;
	size_t len;
};

bool trace_is_on(void)
{
	return any_on;
}

const char *trace_line(unsigned event)
{
	const char *line = trace_description;

	while (event--)
		line = strchr(line, '\n') + 1;
	return line;
}

static bool next_word(struct word *word)
{
	word->text += word->len;
	while (*word->text == ' ')
		word->text++;
	for (word->len = 0; word->text[word->len] && word->text[word->len] != ' ' && word->text[word->len] != '\n';)
		word->len++;
	return word->len > 0;
}

static bool is(const char *text, size_t len, const char *other, size_t other_len)
{
	return len == other_len && !memcmp(text, other, len);
}

static size_t find(const char *text, size_t len, char c)
{
	size_t i = 0;

	while (i < len && text[i] != c)
		i++;
	return i;
}

/* NAME, GROUP:NAME, GROUP:* and * name an event "GROUP:NAME". */
static bool names(const char *pattern, size_t len, const struct word *event)
{
	size_t group = find(event->text, event->len, ':'), colon = find(pattern, len, ':');
	const char *name = event->text + group + 1;
	size_t name_len = event->len - group - 1;

	if (colon == len)
		return is(pattern, len, "*", 1) || is(pattern, len, name, name_len);
	if (!is(pattern, colon, event->text, group))
		return false;
	return is(pattern + colon + 1, len - colon - 1, "*", 1) ||
	       is(pattern + colon + 1, len - colon - 1, name, name_len);
}

/* ---- filters ---- */

static const struct {
	const char *text;
	enum filter_op op;
} ops[] = {
	{ "==", FILTER_EQUAL },		{ "!=", FILTER_UNEQUAL }, { "<=", FILTER_LESS_EQUAL },
	{ ">=", FILTER_GREATER_EQUAL }, { "<", FILTER_LESS },	  { ">", FILTER_GREATER },
};

/* The number of an argument of the event whose line word stands on its name; its type in *is_signed. */
static bool find_argument(struct word word, const char *name, size_t len, struct trace_filter *filter)
{
	for (uint8_t i = 0; next_word(&word); i++) {
		size_t colon = find(word.text, word.len, ':');
		const char *type = word.text + colon + 1;
		size_t type_len = find(type, word.len - colon - 1, '=');

		if (!is(word.text, colon, name, len))
			continue;
		filter->argument = i;
		filter->is_signed = is(type, type_len, "s64", 3) || is(type, type_len, "result", 6);
		return !is(type, type_len, "str", 3);
	}
	filter->argument = is(name, len, "cpu", 3) ? FILTER_CPU : FILTER_THREAD;
	return is(name, len, "cpu", 3) || is(name, len, "thread", 6);
}

static bool parse_number(const char *text, size_t len, uint64_t *value)
{
	bool negative = len && *text == '-';
	int base = 10;

	text += negative;
	len -= negative;
	if (len > 2 && text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
		len -= 2;
	}
	*value = 0;
	for (size_t i = 0; i < len; i++) {
		int digit = text[i] >= '0' && text[i] <= '9'   ? text[i] - '0'
			    : text[i] >= 'a' && text[i] <= 'f' ? text[i] - 'a' + 10
							       : 16;

		if (digit >= base)
			return false;
		*value = *value * (uint64_t)base + (uint64_t)digit;
	}
	*value = negative ? -*value : *value;
	return len > 0;
}

/* One condition, "ARGUMENT OP NUMBER" without spaces. */
static bool parse_filter(const struct word *event, const char *text, size_t len, struct trace_filter *filter)
{
	for (size_t i = 1; i < len; i++) {
		for (size_t n = 0; n < array_size(ops); n++) {
			size_t op_len = strlen(ops[n].text);

			if (len - i <= op_len || memcmp(text + i, ops[n].text, op_len))
				continue;
			filter->op = (uint8_t)ops[n].op;
			return find_argument(*event, text, i, filter) &&
			       parse_number(text + i + op_len, len - i - op_len, &filter->value);
		}
	}
	return false;
}

static bool parse_filters(struct trace_event_state *state, const struct word *event, const char *text, size_t len)
{
	state->filter_count = 0;
	while (len) {
		size_t part = find(text, len, '&');

		if (state->filter_count == FILTERS_MAX ||
		    !parse_filter(event, text, part, &state->filters[state->filter_count]))
			return false;
		state->filter_count++;
		part += part < len;
		text += part;
		len -= part;
	}
	return true;
}

/* ---- the command line ---- */

/* One EVENT[?CONDITIONS] of trace= or trace.chain=. @return false when it names none, or its conditions are none. */
static bool choose(const char *pattern, size_t len, bool is_chain)
{
	size_t question = find(pattern, len, '?');
	bool found = false, fine = true;

	for (unsigned i = 0; i < TRACE_EVENTS; i++) {
		struct trace_event_state *state = &trace_events[i];
		struct word event = { trace_line(i), 0 };

		next_word(&event);
		if (!next_word(&event) || !names(pattern, question, &event))
			continue;
		found = true;
		if (is_chain)
			state->has_chain = true;
		else
			state->on = true;
		if (question < len)
			fine &= parse_filters(state, &event, pattern + question + 1, len - question - 1);
	}
	return found && fine;
}

const char *trace_choose_list(const char *list, bool is_chain)
{
	const char *bad = NULL;

	for (size_t left = strlen(list); left;) {
		size_t part = find(list, left, ',');

		if (!choose(list, part, is_chain) && !bad)
			bad = list;
		part += part < left;
		list += part;
		left -= part;
	}
	return bad;
}

static void choose_all(const char *option, bool is_chain)
{
	char value[WORD_MAX];
	const char *bad;

	if (boot_option(option, value, sizeof(value)) <= 0)
		return;
	bad = trace_choose_list(value, is_chain);
	if (bad)
		log_warning("command line: %s: \"%.*s\" is no event of this kernel, or its condition is none", option,
			    (int)find(bad, strlen(bad), ','), bad);
}

void trace_choose(void)
{
	char word[8];

	choose_all("trace", false);
	choose_all("trace.chain", true);
	if (IS_ENABLED(CONFIG_TRACE_FUNCTIONS))
		function_choose();
	if (boot_option("prof", word, sizeof(word)) > 0)
		trace_events[TRACE_sample].on = trace_events[TRACE_sample].has_chain = true;
	for (unsigned i = 0; i < TRACE_EVENTS; i++)
		any_on |= trace_events[i].on;
	trace_chosen = true;
	if (!any_on)
		return;
	choose("meta:*", sizeof("meta:*") - 1, false);
	for (unsigned i = 0; i < TRACE_EVENTS; i++)
		if (trace_events[i].on)
			arch_branch_take(i);
}
