/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text to program. What the text leaves out gets a plain default; what it says and the tables do not know is an error
 * with its line. Hostile text must not do more than that.
 */
#include <ctype.h>
#include <errno.h>
#include <fuzz/abi/channel.h>
#include <fuzz/host/program_internal.h>
#include <fuzz/host/program_lex.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 32
#define POOL_SIZE (2 * CHANNEL_INPUT_MAX)

struct parser {
	struct lexer lexer;
	struct program program;
	unsigned name_count;  /* of resources that have a name */
	struct {
		char text[NAME_MAX_LEN];
		unsigned resource;
	} names[4 * PROGRAM_RESOURCES_MAX];
	size_t pool_used;
	uint8_t pool[POOL_SIZE]; /* what literals point to */
};

static bool parse_target(struct parser *parser, const struct desc_type *type, enum desc_dir dir);

static bool too_large(struct parser *parser)
{
	return lex_fail(&parser->lexer, "the program has too many values");
}

static struct program_node *add_node(struct parser *parser, const struct desc_type *type, enum program_form form)
{
	struct program_node *node = program_add_node(&parser->program, type, form);

	if (!node)
		too_large(parser);
	return node;
}

static bool find_value(const struct desc_value *values, size_t count, const char *word, size_t len, uint64_t *value)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(values[i].name) == len && memcmp(values[i].name, word, len) == 0) {
			*value = values[i].value;
			return true;
		}
	return false;
}

/* A name of the type's, or a number. */
static bool parse_value(struct parser *parser, const struct desc_type *type, uint64_t *value)
{
	const char *word;
	size_t len = lex_word(&parser->lexer, &word);

	if (!len)
		return lex_number(&parser->lexer, value);
	if (find_value(type->values, type->value_count, word, len, value))
		return true;
	if (type->resource && find_value(type->resource->specials, type->resource->special_count, word, len, value))
		return true;
	return lex_fail(&parser->lexer, "%.*s is not known as a value of %s", (int)(len < 40 ? len : 40), word,
			type->name ? type->name : "this argument");
}

static bool parse_scalar(struct parser *parser, const struct desc_type *type)
{
	struct program_node *node = add_node(parser, type, PROGRAM_PLAIN);
	uint64_t value = 0, next;

	if (!node || !parse_value(parser, type, &value))
		return false;
	while (type->kind == DESC_FLAGS && lex_take(&parser->lexer, '|')) {
		if (!parse_value(parser, type, &next))
			return false;
		value |= next;
	}
	node->value = program_cut(type, value);
	return true;
}

/* Its name, which may be several joined by |, or its value. */
static bool parse_const(struct parser *parser, const struct desc_type *type)
{
	struct program_node *node = add_node(parser, type, PROGRAM_PLAIN);
	struct lexer *lexer = &parser->lexer;
	const char *name = type->values[0].name;
	uint64_t value = type->values[0].value;

	if (!node)
		return false;
	node->value = program_cut(type, value);
	lex_peek(lexer);
	if (name && strlen(name) <= (size_t)(lexer->end - lexer->next) &&
	    memcmp(name, lexer->next, strlen(name)) == 0) {
		lexer->next += strlen(name);
		return true;
	}
	if (isalpha((unsigned char)lex_peek(lexer)) || !lex_number(lexer, &value) ||
	    program_cut(type, value) != node->value)
		return lex_fail(lexer, "this call always has %s here", name);
	return true;
}

/* An absolute length is kept in the node, marked by count, until the sibling it measures is there. */
static bool parse_length(struct parser *parser, const struct desc_type *type)
{
	struct program_node *node = add_node(parser, type, PROGRAM_PLAIN);
	const char *word;
	size_t len;

	if (!node)
		return false;
	len = lex_word(&parser->lexer, &word);
	if (len == 3 && memcmp(word, "len", 3) == 0)
		return true;
	if (len)
		return lex_fail(&parser->lexer, "a length is a number, or len for the exact one");
	node->count = 1;
	return lex_number(&parser->lexer, &node->value);
}

static void settle_lengths(const struct program_node *first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct program_node *node = (struct program_node *)program_sibling(first, i);

		if (node->type->kind != DESC_LENGTH || !node->count)
			continue;
		node->value = program_cut_length(node->type, node->value - program_exact_length(node->type, first));
		node->count = 0;
	}
}

static bool parse_resource(struct parser *parser, const struct desc_type *type)
{
	struct program_node *node = add_node(parser, type, PROGRAM_PLAIN);
	struct lexer before = parser->lexer;
	const char *word;
	size_t len;

	if (!node)
		return false;
	len = lex_word(&parser->lexer, &word);
	for (unsigned i = parser->name_count; len && i-- > 0;)
		if (strlen(parser->names[i].text) == len && memcmp(parser->names[i].text, word, len) == 0) {
			node->form = PROGRAM_REF;
			node->value = parser->names[i].resource;
			return true;
		}
	if (len > 1 && word[0] == 'r' && word[1] >= '0' && word[1] <= '9')
		return lex_fail(&parser->lexer, "%.*s is not the result of an earlier call", (int)(len < 40 ? len : 40),
				word);
	parser->lexer = before;
	if (!parse_value(parser, type, &node->value))
		return false;
	node->value = program_cut(type, node->value);
	return true;
}

/* ---- blobs ---- */

/*
 * One string of a blob, perhaps repeated, to the pool. A blob that is one repeated byte is a fill, with nothing in the
 * pool.
 */
static bool parse_piece(struct parser *parser, struct program_node *node, size_t start)
{
	ssize_t len = lex_string(&parser->lexer, parser->pool + parser->pool_used, POOL_SIZE - parser->pool_used);
	uint64_t times = 1;
	char next;

	if (len < 0)
		return false;
	if (!lex_take(&parser->lexer, '*')) {
		parser->pool_used += (size_t)len;
		return true;
	}
	if (!lex_number(&parser->lexer, &times))
		return false;
	if (times > PROGRAM_FILL_MAX || times * (uint64_t)len > PROGRAM_FILL_MAX)
		return lex_fail(&parser->lexer, "a repeated string may have %u bytes", PROGRAM_FILL_MAX);
	next = lex_peek(&parser->lexer);
	if (len == 1 && times && parser->pool_used == start && next != '"' && next != 'x') {
		program_set_fill(node, (uint32_t)times, parser->pool[start]);
		return true;
	}
	if (times * (uint64_t)len > POOL_SIZE - parser->pool_used)
		return lex_fail(&parser->lexer, "the strings are too long for an input");
	for (uint64_t i = 1; i < times; i++)
		memcpy(parser->pool + parser->pool_used + i * (size_t)len, parser->pool + parser->pool_used,
		       (size_t)len);
	parser->pool_used += times * (size_t)len;
	return true;
}

static bool parse_blob(struct parser *parser, const struct desc_type *type)
{
	struct program_node *node = add_node(parser, type, PROGRAM_LITERAL);
	size_t start = parser->pool_used;
	char next;

	if (!node)
		return false;
	do {
		if (!parse_piece(parser, node, start))
			return false;
		next = lex_peek(&parser->lexer);
	} while (next == '"' || next == 'x');
	if (node->form != PROGRAM_FILL)
		program_set_literal(node, parser->pool + start, (uint32_t)(parser->pool_used - start));
	return true;
}

/* ---- trees ---- */

static int find_field(const struct desc_type *type, const char *word, size_t len)
{
	for (unsigned i = 0; i < type->field_count; i++)
		if (strlen(type->fields[i].name) == len && memcmp(type->fields[i].name, word, len) == 0)
			return (int)i;
	return -1;
}

/* "name=" before a field. @return its index, at least `least`; -1: an error. */
static int parse_field_name(struct parser *parser, const struct desc_type *type, unsigned least)
{
	const char *word;
	size_t len = lex_word(&parser->lexer, &word);
	int index = find_field(type, word, len);

	if (index < 0)
		lex_fail(&parser->lexer, "%s has no field %.*s", type->name ? type->name : "it",
			 (int)(len < 40 ? len : 40), word);
	else if ((unsigned)index < least)
		lex_fail(&parser->lexer, "the fields of %s come in their order; %.*s is too late", type->name, (int)len,
			 word);
	else if (lex_expect(&parser->lexer, '='))
		return index;
	return -1;
}

static bool add_defaults(struct parser *parser, const struct desc_type *type, enum desc_dir dir, unsigned from,
			 unsigned to)
{
	for (unsigned i = from; i < to; i++)
		if (!program_add_default(&parser->program, type->fields[i].type, program_dir(type->fields[i].dir, dir)))
			return too_large(parser);
	return true;
}

static bool parse_struct(struct parser *parser, const struct desc_type *type, enum desc_dir dir)
{
	unsigned first = parser->program.node_count, done = 0;

	if (!add_node(parser, type, PROGRAM_PLAIN) || !lex_expect(&parser->lexer, '{'))
		return false;
	while (!lex_take(&parser->lexer, '}')) {
		int index;

		if (done && !lex_expect(&parser->lexer, ','))
			return false;
		index = parse_field_name(parser, type, done);
		if (index < 0 || !add_defaults(parser, type, dir, done, (unsigned)index) ||
		    !parse_target(parser, type->fields[index].type, program_dir(type->fields[index].dir, dir)))
			return false;
		done = (unsigned)index + 1;
	}
	if (!add_defaults(parser, type, dir, done, type->field_count))
		return false;
	program_close_tree(&parser->program, first);
	settle_lengths(&parser->program.nodes[first + 1], type->field_count);
	return true;
}

static bool parse_union(struct parser *parser, const struct desc_type *type, enum desc_dir dir)
{
	unsigned first = parser->program.node_count;
	struct program_node *node = add_node(parser, type, PROGRAM_PLAIN);
	int index;

	if (!node || !lex_expect(&parser->lexer, '{'))
		return false;
	index = parse_field_name(parser, type, 0);
	if (index < 0)
		return false;
	node->count = (uint32_t)index;
	if (!parse_target(parser, type->fields[index].type, program_dir(type->fields[index].dir, dir)))
		return false;
	program_close_tree(&parser->program, first);
	return lex_expect(&parser->lexer, '}');
}

static bool parse_array(struct parser *parser, const struct desc_type *type, enum desc_dir dir)
{
	unsigned first = parser->program.node_count, max = PROGRAM_ELEMENTS_MAX;
	struct program_node *node = add_node(parser, type, PROGRAM_PLAIN);
	bool fixed = type->length < 0 && type->min == type->max;

	if (!node || !lex_expect(&parser->lexer, '['))
		return false;
	if (fixed && type->min < max)
		max = (unsigned)type->min;
	while (!lex_take(&parser->lexer, ']')) {
		if (node->count && !lex_expect(&parser->lexer, ','))
			return false;
		if (node->count == max)
			return lex_fail(&parser->lexer, "there may be %u elements here", max);
		if (!parse_target(parser, type->target, dir))
			return false;
		node->count++;
	}
	for (; fixed && node->count < max; node->count++)
		if (!program_add_default(&parser->program, type->target, dir))
			return too_large(parser);
	program_close_tree(&parser->program, first);
	return true;
}

/* The target of a pointer, or _ for one that is only written. */
static bool parse_pointee(struct parser *parser, const struct desc_type *type, enum desc_dir dir)
{
	if (dir == DESC_OUT)
		return lex_expect(&parser->lexer, '_');
	if (program_is_scalar(type->target) && !lex_expect(&parser->lexer, '&'))
		return false;
	return parse_target(parser, type->target, dir);
}

static bool parse_edge(struct parser *parser, struct program_node *node)
{
	node->form = PROGRAM_EDGE;
	if (!lex_expect(&parser->lexer, '(') || !parse_pointee(parser, node->type, node->dir))
		return false;
	if (lex_take(&parser->lexer, ',')) {
		if (!lex_number(&parser->lexer, &node->value))
			return false;
		if (node->value > 15)
			return lex_fail(&parser->lexer, "at most 15 bytes can be beyond the edge");
	}
	return lex_expect(&parser->lexer, ')');
}

static bool parse_pointer(struct parser *parser, const struct desc_type *type, enum desc_dir dir)
{
	unsigned first = parser->program.node_count;
	struct program_node *node = add_node(parser, type, PROGRAM_PLAIN);
	struct lexer before = parser->lexer;
	const char *word;
	size_t len;

	if (!node)
		return false;
	node->dir = (uint8_t)program_dir(type->dir, dir);
	if (lex_take(&parser->lexer, '@')) {
		node->form = PROGRAM_RAW;
		return lex_number(&parser->lexer, &node->value);
	}
	len = lex_word(&parser->lexer, &word);
	if (len == 4 && memcmp(word, "NULL", 4) == 0) {
		node->form = PROGRAM_NULL;
		return true;
	}
	if (len == 4 && memcmp(word, "edge", 4) == 0) {
		if (!parse_edge(parser, node))
			return false;
	} else {
		parser->lexer = before;
		if (!parse_pointee(parser, type, node->dir))
			return false;
	}
	program_close_tree(&parser->program, first);
	return true;
}

static bool parse_target(struct parser *parser, const struct desc_type *type, enum desc_dir dir)
{
	if (dir == DESC_OUT && type->kind != DESC_POINTER)
		return lex_fail(&parser->lexer, "only the call writes this");
	switch (type->kind) {
	case DESC_CONST:
		return parse_const(parser, type);
	case DESC_RESOURCE:
		return parse_resource(parser, type);
	case DESC_LENGTH:
		return parse_length(parser, type);
	case DESC_POINTER:
		return parse_pointer(parser, type, dir);
	case DESC_STRUCT:
		return parse_struct(parser, type, dir);
	case DESC_UNION:
		return parse_union(parser, type, dir);
	case DESC_ARRAY:
		return parse_array(parser, type, dir);
	case DESC_BYTES:
	case DESC_STRING:
	case DESC_PATH:
		return parse_blob(parser, type);
	default:
		return parse_scalar(parser, type);
	}
}

/* ---- calls ---- */

/* True when the text gives a pointer for an argument that may be left out. */
static bool pointer_follows(struct parser *parser)
{
	struct lexer look = parser->lexer;
	const char *word;
	size_t len;

	if (lex_peek(&look) == '@')
		return true;
	len = lex_word(&look, &word);
	return (len == 4 && (memcmp(word, "NULL", 4) == 0 || memcmp(word, "edge", 4) == 0)) ||
	       (len == 1 && *word == '_');
}

static bool parse_args(struct parser *parser, const struct desc_call *desc)
{
	unsigned first = parser->program.node_count;
	bool any = false;

	for (unsigned i = 0; i < desc->arg_count; i++) {
		struct lexer before = parser->lexer;
		const struct desc_type *type = desc->args[i].type;
		bool comma = !any || lex_take(&parser->lexer, ',');

		if (program_is_elided(desc, i) && (!comma || !pointer_follows(parser))) {
			parser->lexer = before;
			if (!add_node(parser, type, PROGRAM_PLAIN))
				return false;
			parser->program.nodes[parser->program.node_count - 1].dir = DESC_OUT;
			continue;
		}
		if (!comma)
			return lex_fail(&parser->lexer, "%s has %u arguments; %s is missing", desc->name,
					desc->arg_count, desc->args[i].name);
		if (!parse_target(parser, type, DESC_IN))
			return false;
		any = true;
	}
	settle_lengths(&parser->program.nodes[first], desc->arg_count);
	return true;
}

/* Names before "=": noted by number now, bound when the call is done. */
static bool parse_names(struct parser *parser, const char **words, size_t *lens, unsigned *count)
{
	do {
		if (*count == PROGRAM_RESOURCES_MAX)
			return lex_fail(&parser->lexer, "too many names");
		lens[*count] = lex_word(&parser->lexer, &words[*count]);
		if (!lens[*count] || lens[*count] >= NAME_MAX_LEN)
			return lex_fail(&parser->lexer, "a name of less than %u characters expected", NAME_MAX_LEN);
		++*count;
	} while (lex_take(&parser->lexer, ','));
	return true;
}

static bool bind_names(struct parser *parser, const char **words, size_t *lens, unsigned count)
{
	const struct program_call *call = &parser->program.calls[parser->program.call_count - 1];

	if (count > call->resource_count)
		return lex_fail(&parser->lexer, "%s makes %u things, but %u are named", call->desc->name,
				call->resource_count, count);
	for (unsigned i = 0; i < count; i++) {
		if (parser->name_count == sizeof(parser->names) / sizeof(parser->names[0]))
			return lex_fail(&parser->lexer, "too many names");
		snprintf(parser->names[parser->name_count].text, NAME_MAX_LEN, "%.*s", (int)lens[i], words[i]);
		parser->names[parser->name_count++].resource = call->resource + i;
	}
	return true;
}

/* "= result" and a comment, up to the end of the line. */
static bool parse_line_end(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;

	lex_skip(lexer, false);
	if (lexer->next < lexer->end && *lexer->next == '=')
		while (lexer->next < lexer->end && *lexer->next != '\n')
			lexer->next++;
	if (lexer->next < lexer->end && *lexer->next != '\n')
		return lex_fail(lexer, "each call has a line of its own");
	return true;
}

static const struct desc_call *parse_call_name(struct parser *parser, const char *word, size_t len)
{
	const struct desc_call *desc = desc_call_find_name(word, len);

	if (!desc)
		lex_fail(&parser->lexer, "there is no system call %.*s", (int)(len < 40 ? len : 40), word);
	else if (!program_has_call(desc))
		lex_fail(&parser->lexer, "%s needs a program with code of its own", desc->name);
	else if (!program_begin_call(&parser->program, desc))
		lex_fail(&parser->lexer, "a program has at most %u calls", PROGRAM_CALLS_MAX);
	else
		return desc;
	return NULL;
}

/* "@n" before a call that the nth of the threads makes. */
static bool parse_thread(struct parser *parser, uint64_t *thread)
{
	*thread = 0;
	if (!lex_take(&parser->lexer, '@'))
		return true;
	if (!lex_number(&parser->lexer, thread))
		return false;
	if (*thread > parser->program.thread_count)
		return lex_fail(&parser->lexer, "there is no thread %" PRIu64 ": %u %s made before this call", *thread,
				parser->program.thread_count, parser->program.thread_count == 1 ? "is" : "are");
	return true;
}

static bool parse_call(struct parser *parser)
{
	const char *words[PROGRAM_RESOURCES_MAX];
	size_t lens[PROGRAM_RESOURCES_MAX];
	const struct desc_call *desc;
	unsigned names = 0;
	uint64_t thread;

	if (!parse_thread(parser, &thread) || !parse_names(parser, words, lens, &names))
		return false;
	if (lex_take(&parser->lexer, '=')) {
		lens[names] = lex_word(&parser->lexer, &words[names]);
		desc = parse_call_name(parser, words[names], lens[names]);
	} else if (names == 1) {
		desc = parse_call_name(parser, words[0], lens[0]);
		names = 0;
	} else {
		return lex_expect(&parser->lexer, '=');
	}
	if (desc)
		program_set_thread(&parser->program, (unsigned)thread);
	if (!desc || !lex_expect(&parser->lexer, '(') || !parse_args(parser, desc) || !lex_expect(&parser->lexer, ')'))
		return false;
	if (!program_end_call(&parser->program))
		return lex_fail(&parser->lexer, "the program makes too many things");
	return bind_names(parser, words, lens, names) && parse_line_end(parser);
}

ssize_t program_parse(const char *name, const char *text, size_t len, uint8_t *out, size_t max, char *error)
{
	struct parser *parser = calloc(1, sizeof(*parser));
	size_t size = 0;
	bool ok = true;

	if (!parser) {
		snprintf(error, PROGRAM_ERROR_MAX, "%.100s: no memory", name);
		return -1;
	}
	parser->lexer = (struct lexer){ .name = name, .next = text, .end = text + len, .line = 1, .error = error };
	while (ok && (lex_peek(&parser->lexer), parser->lexer.next < parser->lexer.end))
		ok = parse_call(parser);
	if (ok && parser->program.call_count) {
		size = program_encode(&parser->program, out, max);
		if (!size)
			ok = lex_fail(&parser->lexer, "the program has more than %zu bytes", max);
	}
	free(parser);
	return ok ? (ssize_t)size : -1;
}
