/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One call of a log to nodes of a program, by its description.
 */
#include <errno.h>
#include <fuzz/host/strace_internal.h>
#include <string.h>

struct converter {
	struct strace_import *import;
	const struct strace_record *record;
	uint64_t flags;  /* of the arguments: O_DIRECTORY decides what a path stands for */
};

static bool convert_value(struct converter *converter, const struct desc_type *type, enum desc_dir dir, int value);

/* [INT CHLD] as a signal set. */
static uint64_t signal_set(const struct strace_args *args, const struct strace_value *list)
{
	uint64_t set = 0;

	for (int i = list->child; i >= 0; i = args->values[i].next) {
		const struct strace_value *item = &args->values[i];
		char name[32] = "SIG";
		uint64_t number = item->number;

		if (item->word_len && item->word_len < sizeof(name) - 4) {
			memcpy(name + 3, item->word, item->word_len);
			if (!strace_constant(name, item->word_len + 3, &number))
				number = 0;
		}
		if (number >= 1 && number <= 64)
			set |= UINT64_C(1) << (number - 1);
	}
	return list->inverted ? ~set : set;
}

bool strace_number(const struct strace_args *args, int index, uint64_t *number)
{
	const struct strace_value *value = index < 0 ? NULL : &args->values[index];

	if (!value || value->kind == STRACE_STRING || value->kind == STRACE_OTHER)
		return false;
	if (value->kind == STRACE_NUMBER || value->kind == STRACE_NULL) {
		*number = value->number;
		return true;
	}
	if (value->kind == STRACE_LIST &&
	    (value->inverted || value->child < 0 || args->values[value->child].word_len)) {
		*number = signal_set(args, value);
		return true;
	}
	/* A union in braces, {u32=4, u64=4}, or a list of one: the last says most. */
	for (index = value->child; index >= 0 && args->values[index].next >= 0;)
		index = args->values[index].next;
	return index >= 0 && strace_number(args, index, number);
}

const struct desc_call *strace_choose_row(const struct strace_args *args, const char *name, size_t len)
{
	const struct desc_call *plain = desc_call_find_name(name, len), *best = plain;
	int best_score = -1;

	for (size_t i = 0; plain && i < desc_call_count; i++) {
		const struct desc_call *row = &desc_calls[i];
		int score = 0, value = args->first;
		uint64_t number;

		if (row->number != plain->number)
			continue;
		for (unsigned arg = 0; arg < row->arg_count && score >= 0; arg++) {
			const struct desc_type *type = row->args[arg].type;

			if (type->kind == DESC_CONST && strace_number(args, value, &number))
				score = program_cut(type, number) == program_cut(type, type->values[0].value)
						? score + 1
						: -1;
			value = value >= 0 ? args->values[value].next : -1;
		}
		if (score > best_score) {
			best = row;
			best_score = score;
		}
	}
	return best;
}

/* ---- paths ---- */

bool strace_is_created(const struct strace_import *import, const uint8_t *name, size_t len)
{
	for (unsigned i = 0; i < import->created_count; i++)
		if (strlen(import->created[i]) == len && memcmp(import->created[i], name, len) == 0)
			return true;
	return false;
}

static void set_fixture_path(struct program_node *node, const char *path)
{
	program_set_literal(node, (const uint8_t *)path, (uint32_t)strlen(path));
}

/* The arguments' own bytes go away with the next call. */
static void set_bytes(struct converter *converter, struct program_node *node, const uint8_t *data, size_t len)
{
	struct strace_import *import = converter->import;
	uint8_t *copy = import->pool + import->pool_used;

	if (len > STRACE_BUFFER_MAX || len > sizeof(import->pool) - import->pool_used) {
		program_set_fill(node, (uint32_t)len, data[0] ? data[0] : 'a');
		return;
	}
	memcpy(copy, data, len);
	import->pool_used += len;
	program_set_literal(node, copy, (uint32_t)len);
}

static void set_path(struct converter *converter, struct program_node *node, const uint8_t *name, size_t len)
{
	static const char *const files[] = { "d0/f2", "f0", "d0/f2", "f1" };
	static const char *const missing[] = { "n0", "n1" };
	uint64_t directory = 0;
	unsigned hash = 0;

	strace_constant("O_DIRECTORY", 11, &directory);
	for (size_t i = 0; i < len; i++)
		hash = hash * 31 + name[i];
	set_bytes(converter, node, name, len);
	if (program_path_index(node) >= 0 || strace_is_created(converter->import, name, len))
		return;
	if (converter->record->failed && converter->record->result == -ENOENT)
		set_fixture_path(node, missing[hash / 7 % 2]);
	else if (converter->flags & directory || strcmp(converter->record->desc->name, "chdir") == 0)
		set_fixture_path(node, "d0");
	else
		set_fixture_path(node, files[hash / 7 % 4]);
}

/* ---- values ---- */

static void set_blob(struct converter *converter, struct program_node *node, const struct strace_value *value)
{
	if (value->kind != STRACE_STRING)
		program_set_literal(node, (const uint8_t *)"", 0);
	else if (node->type->kind == DESC_PATH)
		set_path(converter, node, value->bytes, value->len);
	else
		set_bytes(converter, node, value->bytes, value->len);
}

bool strace_same_root(const struct desc_resource *a, const struct desc_resource *b)
{
	while (a->parent)
		a = a->parent;
	while (b->parent)
		b = b->parent;
	return a == b;
}

static void set_resource(struct converter *converter, struct program_node *node, uint64_t value)
{
	node->value = program_cut(node->type, value);
	for (unsigned i = 0; i < converter->record->dep_count; i++) {
		const struct strace_dep *dep = &converter->record->deps[i];
		uint32_t base = converter->import->base[dep->record];

		if (program_cut(node->type, dep->value) != node->value || base == STRACE_NONE ||
		    !strace_same_root(dep->kind, node->type->resource))
			continue;
		node->form = PROGRAM_REF;
		node->value = base + dep->slot;
		return;
	}
}

static bool convert_scalar(struct converter *converter, const struct desc_type *type, int value)
{
	struct program_node *node = program_add_node(&converter->import->program, type, PROGRAM_PLAIN);
	const struct strace_args *args = &converter->import->args;
	uint64_t number = 0;

	if (!node)
		return false;
	strace_number(args, value, &number);
	if (type->kind == DESC_CONST)
		node->value = program_cut(type, type->values[0].value);
	else if (type->kind == DESC_RESOURCE)
		set_resource(converter, node, number);
	else
		node->value = type->kind == DESC_LENGTH ? number : program_cut(type, number);
	return true;
}

/* "tv_sec", "rlim_cur" and the like are fields "sec", "current" here. */
static bool same_field(const struct strace_value *value, const char *field)
{
	const char *name = value->name;
	size_t len = value->name_len;

	for (size_t i = len; i-- > 0;)
		if (name[i] == '_') {
			name += i + 1;
			len -= i + 1;
			break;
		}
	return len && strncmp(field, name, len) == 0;
}

static int find_field(const struct strace_args *args, const struct strace_value *from, const char *field,
		      unsigned position)
{
	int child = from->child;

	for (int i = child; i >= 0; i = args->values[i].next)
		if (same_field(&args->values[i], field))
			return i;
	/* Values without names stand in their order. */
	while (position-- > 0 && child >= 0)
		child = args->values[child].next;
	return child >= 0 && !args->values[child].name_len ? child : -1;
}

/* Lengths were noted as they are; now that what they measure is there, they become differences. */
static void settle_lengths(struct program *program, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct program_node *siblings = &program->nodes[first];
		struct program_node *node = (struct program_node *)program_sibling(siblings, i);
		const struct program_node *pointer;
		uint64_t exact;

		if (node->type->kind != DESC_LENGTH || node->form == PROGRAM_ABSENT)
			continue;
		exact = program_exact_length(node->type, siblings);
		pointer = node->type->length >= 0 ? program_sibling(siblings, (unsigned)node->type->length) : NULL;
		/* What goes in is as long as we kept it. */
		if (pointer && pointer->type->kind == DESC_POINTER && program_has_target(pointer))
			node->value = 0;
		else
			node->value = program_cut_length(node->type, node->value - exact);
	}
}

static bool convert_struct(struct converter *converter, const struct desc_type *type, enum desc_dir dir, int value)
{
	struct program *program = &converter->import->program;
	const struct strace_args *args = &converter->import->args;
	unsigned first = program->node_count;
	const struct strace_value *from = &args->values[value];

	if (from->kind != STRACE_STRUCT && from->kind != STRACE_LIST)
		return program_add_default(program, type, dir);
	if (!program_add_node(program, type, PROGRAM_PLAIN))
		return false;
	for (unsigned i = 0; i < type->field_count; i++) {
		const struct desc_field *field = &type->fields[i];
		int child = find_field(args, from, field->name, i);
		enum desc_dir field_dir = program_dir(field->dir, dir);

		if (!(child < 0 ? program_add_default(program, field->type, field_dir)
				: convert_value(converter, field->type, field_dir, child)))
			return false;
	}
	program_close_tree(program, first);
	settle_lengths(program, first + 1, type->field_count);
	return true;
}

static bool convert_array(struct converter *converter, const struct desc_type *type, enum desc_dir dir, int value)
{
	struct program *program = &converter->import->program;
	const struct strace_args *args = &converter->import->args;
	unsigned first = program->node_count, count = 0;
	bool fixed = type->length < 0 && type->min == type->max;
	unsigned max = fixed && type->min < PROGRAM_ELEMENTS_MAX ? (unsigned)type->min : PROGRAM_ELEMENTS_MAX;

	if (args->values[value].kind != STRACE_LIST)
		return program_add_default(program, type, dir);
	if (!program_add_node(program, type, PROGRAM_PLAIN))
		return false;
	for (int i = args->values[value].child; i >= 0 && count < max; i = args->values[i].next, count++)
		if (!convert_value(converter, type->target, dir, i))
			return false;
	for (; fixed && count < max; count++)
		if (!program_add_default(program, type->target, dir))
			return false;
	program->nodes[first].count = count;
	program_close_tree(program, first);
	return true;
}

/* strace shows a pointer to one word as [5], and what it could not read as an address. */
static bool convert_pointer(struct converter *converter, const struct desc_type *type, enum desc_dir dir, int value)
{
	struct program *program = &converter->import->program;
	const struct strace_args *args = &converter->import->args;
	unsigned first = program->node_count;
	struct program_node *node = program_add_node(program, type, PROGRAM_PLAIN);
	enum strace_kind kind = args->values[value].kind;

	if (!node)
		return false;
	dir = program_dir(type->dir, dir);
	node->dir = (uint8_t)dir;
	if (kind == STRACE_NULL || (kind == STRACE_NUMBER && args->values[value].number == 0)) {
		node->form = PROGRAM_NULL;
		return true;
	}
	if (dir == DESC_OUT)
		return true;
	if (kind == STRACE_NUMBER || kind == STRACE_OTHER ? !program_add_default(program, type->target, dir)
							  : !convert_value(converter, type->target, dir, value))
		return false;
	program_close_tree(program, first);
	return true;
}

static bool convert_value(struct converter *converter, const struct desc_type *type, enum desc_dir dir, int value)
{
	struct program *program = &converter->import->program;
	struct program_node *node;

	if (dir == DESC_OUT && type->kind != DESC_POINTER)
		return program_add_node(program, type, PROGRAM_ABSENT) != NULL;
	switch (type->kind) {
	case DESC_POINTER:
		return convert_pointer(converter, type, dir, value);
	case DESC_STRUCT:
		return convert_struct(converter, type, dir, value);
	case DESC_UNION:
		return program_add_default(program, type, dir);
	case DESC_ARRAY:
		return convert_array(converter, type, dir, value);
	case DESC_BYTES:
	case DESC_STRING:
	case DESC_PATH:
		node = program_add_node(program, type, PROGRAM_LITERAL);
		if (node)
			set_blob(converter, node, &converter->import->args.values[value]);
		return node != NULL;
	default:
		return convert_scalar(converter, type, value);
	}
}

static uint64_t flags_of(const struct desc_call *desc, const struct strace_args *args)
{
	uint64_t flags = 0, number;
	int value = args->first;

	for (unsigned i = 0; i < desc->arg_count && value >= 0; i++, value = args->values[value].next)
		if (desc->args[i].type->kind == DESC_FLAGS && strace_number(args, value, &number))
			flags |= number;
	return flags;
}

static unsigned thread_of(const struct strace_import *import, const struct strace_record *record)
{
	uint32_t made = record->maker == STRACE_NONE ? STRACE_NONE : import->base[record->maker];

	return made == STRACE_NONE ? 0 : import->program.calls[import->program.resources[made].call].makes;
}

bool strace_convert(struct strace_import *import, const struct strace_record *record)
{
	struct converter converter = { import, record, flags_of(record->desc, &import->args) };
	struct program *program = &import->program;
	unsigned first = program->node_count;
	int value = import->args.first;

	if (!program_begin_call(program, record->desc))
		return false;
	program_set_thread(program, thread_of(import, record));
	for (unsigned i = 0; i < record->desc->arg_count; i++) {
		const struct desc_type *type = record->desc->args[i].type;

		if (!(value < 0 ? program_add_default(program, type, DESC_IN)
				: convert_value(&converter, type, DESC_IN, value))) {
			program->node_count = first;
			return false;
		}
		value = value >= 0 ? import->args.values[value].next : -1;
	}
	settle_lengths(program, first, record->desc->arg_count);
	return program_end_call(program);
}
