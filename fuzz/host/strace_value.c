/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See strace_value.h. The text is a file's: anything can be in it.
 */
#include <ctype.h>
#include <fuzz/abi/program.h>
#include <fuzz/host/strace_value.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define CONSTANTS_MAX 4096

struct scanner {
	struct strace_args *args;
	const char *next, *end;
};

static int parse_value(struct scanner *scanner, unsigned depth);

/* ---- constants ---- */

static const struct desc_value *constants[CONSTANTS_MAX];
static size_t constant_count;

static void add_constants(const struct desc_value *values, size_t count)
{
	for (size_t i = 0; i < count && constant_count < CONSTANTS_MAX; i++)
		constants[constant_count++] = &values[i];
}

static void collect(const struct desc_type *type, unsigned depth)
{
	if (!type || depth > DEPTH_MAX)
		return;
	if (type->kind == DESC_ENUM || type->kind == DESC_FLAGS || type->kind == DESC_CONST ||
	    type->kind == DESC_RESOURCE)
		add_constants(type->values, type->value_count);
	if (type->resource)
		add_constants(type->resource->specials, type->resource->special_count);
	collect(type->target, depth + 1);
	for (unsigned i = 0; i < type->field_count; i++)
		collect(type->fields[i].type, depth + 1);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(const struct desc_value *const *)a)->name, (*(const struct desc_value *const *)b)->name);
}

static void collect_all(void)
{
	static const struct desc_value known[] = {
		{ "RLIM64_INFINITY", UINT64_MAX }, { "RLIM_INFINITY", UINT64_MAX }, { "MAP_FAILED", UINT64_MAX },
		{ "FUTEX_WAKE_PRIVATE", 129 },     { "FUTEX_WAIT_PRIVATE", 128 },
	};

	add_constants(known, sizeof(known) / sizeof(known[0]));
	for (size_t i = 0; i < desc_call_count; i++)
		for (unsigned arg = 0; arg < desc_calls[i].arg_count; arg++)
			collect(desc_calls[i].args[arg].type, 0);
	qsort(constants, constant_count, sizeof(constants[0]), compare_names);
}

bool strace_constant(const char *word, size_t len, uint64_t *value)
{
	size_t low = 0, high;

	if (!constant_count)
		collect_all();
	for (high = constant_count; low < high;) {
		size_t middle = low + (high - low) / 2;
		const char *name = constants[middle]->name;
		int order = strncmp(name, word, len);

		if (order == 0 && name[len] == '\0') {
			*value = constants[middle]->value;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* ---- scanning ---- */

static char peek(struct scanner *scanner)
{
	while (scanner->next < scanner->end && *scanner->next == ' ')
		scanner->next++;
	return scanner->next < scanner->end ? *scanner->next : '\0';
}

static bool starts_with(struct scanner *scanner, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(scanner->end - scanner->next) >= len && memcmp(scanner->next, text, len) == 0;
}

static int new_value(struct scanner *scanner, enum strace_kind kind)
{
	struct strace_args *args = scanner->args;
	struct strace_value *value = &args->values[args->value_count];

	if (args->value_count == STRACE_VALUES_MAX)
		return -1;
	memset(value, 0, sizeof(*value));
	value->kind = kind;
	value->child = value->next = -1;
	return (int)args->value_count++;
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \xHH, and what strace writes without -xx. */
static int unescape(struct scanner *scanner)
{
	char c = scanner->next < scanner->end ? *scanner->next++ : '\0';
	int value = 0;

	if (c == 'x') {
		for (int i = 0; i < 2; i++) {
			int digit = scanner->next < scanner->end ? hex_digit(*scanner->next++) : -1;

			if (digit < 0)
				return -1;
			value = value << 4 | digit;
		}
		return value;
	}
	if (c >= '0' && c <= '7') {
		value = c - '0';
		for (int i = 0; i < 2 && scanner->next < scanner->end && *scanner->next >= '0' && *scanner->next <= '7';
		     i++)
			value = value << 3 | (*scanner->next++ - '0');
		return value & 0xff;
	}
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'v':
		return '\v';
	case 'f':
		return '\f';
	case '\0':
		return -1;
	default:
		return (unsigned char)c;
	}
}

static int parse_string(struct scanner *scanner)
{
	struct strace_args *args = scanner->args;
	int index = new_value(scanner, STRACE_STRING);
	size_t start = args->byte_count;

	scanner->next++;
	if (index < 0)
		return -1;
	for (;;) {
		int byte;

		if (scanner->next == scanner->end || args->byte_count == STRACE_BYTES_MAX)
			return -1;
		if (*scanner->next == '"')
			break;
		byte = *scanner->next == '\\' ? (scanner->next++, unescape(scanner)) : (unsigned char)*scanner->next++;
		if (byte < 0)
			return -1;
		args->bytes[args->byte_count++] = (uint8_t)byte;
	}
	scanner->next++;
	args->values[index].bytes = args->bytes + start;
	args->values[index].len = args->byte_count - start;
	if (starts_with(scanner, "..."))
		scanner->next += 3;
	return index;
}

/* What is between parentheses behind a name, like makedev(1, 3), has no number that we need. */
static bool skip_parentheses(struct scanner *scanner)
{
	unsigned depth = 0;

	do {
		if (scanner->next == scanner->end)
			return false;
		depth += *scanner->next == '(';
		depth -= *scanner->next == ')';
		scanner->next++;
	} while (depth);
	return true;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool parse_word(struct scanner *scanner, struct strace_value *value)
{
	const char *start = scanner->next;

	while (scanner->next < scanner->end && is_word_char(*scanner->next))
		scanner->next++;
	value->word = start;
	value->word_len = (size_t)(scanner->next - start);
	if (!strace_constant(value->word, value->word_len, &value->number))
		value->number = 0;
	if (scanner->next < scanner->end && *scanner->next == '(')
		return skip_parentheses(scanner);
	return true;
}

static bool parse_digits(struct scanner *scanner, uint64_t *number)
{
	char text[40], *end;
	size_t len = 0;

	while (scanner->next < scanner->end && len < sizeof(text) - 1 &&
	       (is_word_char(*scanner->next) || (len == 0 && *scanner->next == '-')))
		text[len++] = *scanner->next++;
	text[len] = '\0';
	*number = text[0] == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	return len && !*end;
}

/* What decodes a number for people, "WIFEXITED(s) && WEXITSTATUS(s) == 0", cannot be turned back. */
static void skip_condition(struct scanner *scanner)
{
	if (!starts_with(scanner, "&&") && !starts_with(scanner, "=="))
		return;
	while (scanner->next < scanner->end && !strchr(",]}", *scanner->next))
		scanner->next++;
}

/* A number, a name, or several joined by | * << -. */
static int parse_number(struct scanner *scanner)
{
	int index = new_value(scanner, STRACE_NUMBER);
	struct strace_value *value = &scanner->args->values[index < 0 ? 0 : index];
	uint64_t total = 0;
	char join = '|';

	while (index >= 0) {
		struct strace_value term = { 0 };
		char c = peek(scanner);

		if (c == ',' || c == ']' || c == '}' || c == ')') {
			/* Nothing, or nothing behind a |. */
			value->number = total;
			return index;
		}
		if (isalpha((unsigned char)c) || c == '_') {
			if (!parse_word(scanner, &term))
				return -1;
			value->word = term.word;
			value->word_len = term.word_len;
		} else if (!parse_digits(scanner, &term.number)) {
			return -1;
		}
		if (join == '|')
			total |= term.number;
		else if (join == '*')
			total *= term.number;
		else
			total = term.number < 64 ? total << term.number : 0;
		c = peek(scanner);
		if (c == '|' || c == '*') {
			join = c;
			scanner->next++;
		} else if (starts_with(scanner, "<<")) {
			join = '<';
			scanner->next += 2;
		} else if (starts_with(scanner, "or ")) {
			/* "BTRFS_IOC_CLONE or FICLONE": two names of one number. */
			join = '|';
			scanner->next += 3;
		} else {
			skip_condition(scanner);
			value->number = total;
			return index;
		}
	}
	return -1;
}

/* "[VINTR]=" in front of an element. */
static void skip_designator(struct scanner *scanner)
{
	const char *p = scanner->next + 1;

	while (p < scanner->end && is_word_char(*p))
		p++;
	if (peek(scanner) == '[' && scanner->end - p > 2 && p[0] == ']' && p[1] == '=')
		scanner->next = p + 2;
}

/* "name=" in front of a field. */
static void parse_field_name(struct scanner *scanner, const char **name, size_t *len)
{
	const char *p;

	peek(scanner);
	for (p = scanner->next; p < scanner->end && is_word_char(*p);)
		p++;
	*len = 0;
	if (p == scanner->next || p == scanner->end || *p != '=' || isdigit((unsigned char)*scanner->next))
		return;
	*name = scanner->next;
	*len = (size_t)(p - scanner->next);
	scanner->next = p + 1;
}

/* Comments, and what a call changed a value to ("=> 5"). */
static bool skip_notes(struct scanner *scanner, unsigned depth)
{
	for (;;) {
		peek(scanner);
		if (starts_with(scanner, "/*")) {
			while (scanner->next < scanner->end && !starts_with(scanner, "*/"))
				scanner->next++;
			if (scanner->next == scanner->end)
				return false;
			scanner->next += 2;
		} else if (starts_with(scanner, "=>")) {
			scanner->next += 2;
			if (parse_value(scanner, depth + 1) < 0)
				return false;
		} else if (starts_with(scanner, "<") && !starts_with(scanner, "<<")) {
			while (scanner->next < scanner->end && *scanner->next != '>')
				scanner->next++;
			scanner->next += scanner->next < scanner->end;
		} else {
			return true;
		}
	}
}

static int parse_group(struct scanner *scanner, char close, enum strace_kind kind, unsigned depth)
{
	int index = new_value(scanner, kind), last = -1;

	scanner->next++;
	if (index < 0 || depth > DEPTH_MAX)
		return -1;
	while (peek(scanner) != close) {
		const char *name = NULL;
		size_t name_len;
		int child;

		if (scanner->next == scanner->end)
			return -1;
		if (*scanner->next == ',') {
			scanner->next++;
			continue;
		}
		if (starts_with(scanner, "/*")) {
			if (!skip_notes(scanner, depth))
				return -1;
			continue;
		}
		skip_designator(scanner);
		parse_field_name(scanner, &name, &name_len);
		child = parse_value(scanner, depth + 1);
		if (child < 0)
			return -1;
		scanner->args->values[child].name = name;
		scanner->args->values[child].name_len = name_len;
		if (last < 0)
			scanner->args->values[index].child = child;
		else
			scanner->args->values[last].next = child;
		last = child;
	}
	scanner->next++;
	return index;
}

static int parse_value(struct scanner *scanner, unsigned depth)
{
	bool inverted = peek(scanner) == '~';
	int index;
	char c;

	scanner->next += inverted;
	c = peek(scanner);
	if (starts_with(scanner, "...")) {
		scanner->next += 3;
		index = new_value(scanner, STRACE_OTHER);
	} else if (starts_with(scanner, "NULL")) {
		scanner->next += 4;
		index = new_value(scanner, STRACE_NULL);
	} else if (c == '"') {
		index = parse_string(scanner);
	} else if (c == '[') {
		index = parse_group(scanner, ']', STRACE_LIST, depth);
	} else if (c == '{') {
		index = parse_group(scanner, '}', STRACE_STRUCT, depth);
	} else if (c == '?') {
		scanner->next++;
		index = new_value(scanner, STRACE_OTHER);
	} else {
		index = parse_number(scanner);
	}
	if (index < 0 || !skip_notes(scanner, depth))
		return -1;
	scanner->args->values[index].inverted = inverted;
	return index;
}

bool strace_parse_args(struct strace_args *args, const char *text, const char *end)
{
	struct scanner scanner = { args, text, end };
	int last = -1;

	args->first = -1;
	args->count = args->value_count = 0;
	args->byte_count = 0;
	while (peek(&scanner) != ')') {
		const char *name;
		size_t name_len;
		int value;

		if (last >= 0 && (scanner.next == end || *scanner.next++ != ','))
			return false;
		parse_field_name(&scanner, &name, &name_len);
		value = parse_value(&scanner, 0);
		if (value < 0)
			return false;
		if (last < 0)
			args->first = value;
		else
			args->values[last].next = value;
		last = value;
		args->count++;
	}
	args->end = scanner.next + 1;
	return true;
}
