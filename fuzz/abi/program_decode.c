/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes to program. Total: nothing that can be read is an error; what makes no sense stands for something that does.
 * The bytes may change while they are read (a runner that misbehaves), so each is read once or only copied.
 */
#include <fuzz/abi/program.h>

struct reader {
	const uint8_t *next, *end;
	struct program *program;
};

static bool read_target(struct reader *reader, const struct desc_type *type, enum desc_dir dir);

static unsigned read_byte(struct reader *reader)
{
	return reader->next < reader->end ? *reader->next++ : 0;
}

/* Little-endian, size bytes. */
static uint64_t read_word(struct reader *reader, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)read_byte(reader) << (8 * i);
	return value;
}

static uint64_t read_number(struct reader *reader)
{
	unsigned tag = read_byte(reader);

	if (tag < 0xc0)
		return tag;
	if (tag < 0xc8)
		return read_word(reader, tag - 0xc0 + 1);
	if (tag < 0xd0)
		return ~read_word(reader, tag - 0xc8 + 1);
	if (tag < 0xf0)
		return program_boundaries[tag - 0xd0];
	return (uint64_t)tag - 0x100;
}

static struct program_node *read_scalar(struct reader *reader, const struct desc_type *type)
{
	struct program_node *node = program_add_node(reader->program, type, PROGRAM_PLAIN);

	if (!node)
		return NULL;
	if (type->kind == DESC_CONST)
		node->value = program_cut(type, type->values[0].value);
	else
		node->value = program_cut(type, read_number(reader));
	return node;
}

static struct program_node *read_length(struct reader *reader, const struct desc_type *type)
{
	struct program_node *node = program_add_node(reader->program, type, PROGRAM_PLAIN);

	if (node)
		node->value = program_cut_length(type, read_number(reader));
	return node;
}

/* Of the resources before this call. -1: there is none. */
static int nth_resource(struct reader *reader, const struct desc_resource *want, unsigned n)
{
	unsigned before = reader->program->calls[reader->program->call_count].resource;
	int found = program_find_resource(reader->program, want, before, n);
	unsigned count = 0;

	if (found >= 0 || n == 0)
		return found;
	while (program_find_resource(reader->program, want, before, count) >= 0)
		count++;
	return count ? program_find_resource(reader->program, want, before, n % count) : -1;
}

/* Stands for a resource that nothing made. */
static uint64_t fallback(const struct desc_resource *kind, unsigned n)
{
	return kind->special_count ? kind->specials[n % kind->special_count].value : UINT64_MAX;
}

static struct program_node *read_resource(struct reader *reader, const struct desc_type *type)
{
	struct program_node *node = program_add_node(reader->program, type, PROGRAM_PLAIN);
	unsigned tag = read_byte(reader);
	int index;

	if (!node)
		return NULL;
	if (tag < 0x80) {
		index = nth_resource(reader, tag < 0x60 ? type->resource : NULL, tag < 0x60 ? tag : tag - 0x60);
		if (index >= 0) {
			node->form = PROGRAM_REF;
			node->value = (uint64_t)index;
			return node;
		}
		node->value = fallback(type->resource, tag);
	} else if (tag < 0xc0) {
		node->value = (uint64_t)program_specials[tag % PROGRAM_SPECIALS];
	} else {
		node->value = read_number(reader);
	}
	node->value = program_cut(type, node->value);
	return node;
}

static void read_bytes(struct reader *reader, struct program_node *node)
{
	unsigned tag = read_byte(reader);
	uint32_t len = tag < 0xe0 ? tag : (tag & 0xf) << 16 | (uint32_t)read_word(reader, 2);
	size_t left;

	if (tag >= 0xf0) {
		program_set_fill(node, len, (uint8_t)read_byte(reader));
		return;
	}
	left = (size_t)(reader->end - reader->next);
	len = len < left ? len : (uint32_t)left;
	program_set_literal(node, reader->next, len);
	reader->next += len;
}

static bool read_blob(struct reader *reader, const struct desc_type *type)
{
	struct program_node *node = program_add_node(reader->program, type, PROGRAM_LITERAL);
	unsigned tag = type->kind == DESC_PATH ? read_byte(reader) : 0x80;

	if (!node)
		return false;
	if (tag < 0x80)
		program_set_path(node, tag % program_path_count);
	else
		read_bytes(reader, node);
	return true;
}

static bool read_fields(struct reader *reader, const struct desc_type *type, enum desc_dir dir)
{
	struct program_node *node = program_add_node(reader->program, type, PROGRAM_PLAIN);
	unsigned first = reader->program->node_count - 1;

	if (!node)
		return false;
	if (type->kind == DESC_UNION) {
		const struct desc_field *field = &type->fields[node->count = read_byte(reader) % type->field_count];

		if (!read_target(reader, field->type, program_dir(field->dir, dir)))
			return false;
	} else {
		for (unsigned i = 0; i < type->field_count; i++)
			if (!read_target(reader, type->fields[i].type, program_dir(type->fields[i].dir, dir)))
				return false;
	}
	reader->program->nodes[first].span = (uint16_t)(reader->program->node_count - first);
	return true;
}

static bool read_array(struct reader *reader, const struct desc_type *type, enum desc_dir dir)
{
	struct program_node *node = program_add_node(reader->program, type, PROGRAM_PLAIN);
	unsigned first = reader->program->node_count - 1;
	uint32_t count;

	if (!node)
		return false;
	if (type->length < 0 && type->min == type->max)
		count = type->min < PROGRAM_ELEMENTS_MAX ? (uint32_t)type->min : PROGRAM_ELEMENTS_MAX;
	else
		count = read_byte(reader) & PROGRAM_ELEMENTS_MAX;
	node->count = count;
	for (uint32_t i = 0; i < count; i++)
		if (!read_target(reader, type->target, dir))
			return false;
	reader->program->nodes[first].span = (uint16_t)(reader->program->node_count - first);
	return true;
}

static bool read_pointer(struct reader *reader, const struct desc_type *type, enum desc_dir dir)
{
	struct program_node *node = program_add_node(reader->program, type, PROGRAM_PLAIN);
	unsigned first = reader->program->node_count - 1;
	unsigned tag = read_byte(reader);

	if (!node)
		return false;
	node->dir = (uint8_t)program_dir(type->dir, dir);
	if (tag >= 0xe0) {
		node->form = PROGRAM_RAW;
		node->value = read_number(reader);
		return true;
	}
	if (tag >= 0xd0) {
		node->form = PROGRAM_EDGE;
		node->value = tag - 0xd0;
	} else if (tag >= 0xc0) {
		node->form = PROGRAM_NULL;
		return true;
	}
	if (node->dir == DESC_OUT)
		return true;
	if (!read_target(reader, type->target, node->dir))
		return false;
	reader->program->nodes[first].span = (uint16_t)(reader->program->node_count - first);
	return true;
}

/* A value of this type, or memory of it. False when the program is full. */
static bool read_target(struct reader *reader, const struct desc_type *type, enum desc_dir dir)
{
	if (dir == DESC_OUT && type->kind != DESC_POINTER)
		return program_add_node(reader->program, type, PROGRAM_ABSENT) != NULL;
	switch (type->kind) {
	case DESC_RESOURCE: return read_resource(reader, type) != NULL;
	case DESC_LENGTH: return read_length(reader, type) != NULL;
	case DESC_POINTER: return read_pointer(reader, type, dir);
	case DESC_STRUCT:
	case DESC_UNION: return read_fields(reader, type, dir);
	case DESC_ARRAY: return read_array(reader, type, dir);
	case DESC_BYTES:
	case DESC_STRING:
	case DESC_PATH: return read_blob(reader, type);
	default: return read_scalar(reader, type) != NULL;
	}
}

/* Any pair of numbers stands for a call. */
static const struct desc_call *choose_call(unsigned number, unsigned variant)
{
	const struct desc_call *call = desc_call_find(number, variant);
	size_t i;

	if (!call)
		call = desc_call_find(number, 0);
	if (call && program_has_call(call))
		return call;
	for (i = (number * 31 + variant) % desc_call_count; !program_has_call(&desc_calls[i]);)
		i = (i + 1) % desc_call_count;
	return &desc_calls[i];
}

static bool read_call(struct reader *reader, const struct desc_call *desc, unsigned thread)
{
	struct program *program = reader->program;

	if (!program_begin_call(program, desc))
		return false;
	program_set_thread(program, thread);
	for (unsigned i = 0; i < desc->arg_count; i++)
		if (!read_target(reader, desc->args[i].type, DESC_IN)) {
			program->node_count = program->calls[program->call_count].node;
			return false;
		}
	return program_end_call(program);
}

void program_decode(struct program *program, const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;

	program_clear(program);
	while ((size_t)(end - data) >= PROGRAM_HEADER_SIZE) {
		struct reader reader = { data, end, program };
		unsigned number = (unsigned)read_word(&reader, 2);
		unsigned variant = read_byte(&reader);
		size_t len = read_byte(&reader), left;

		if (len >= 0xf0)
			len = (len & 0xf) << 16 | (size_t)read_word(&reader, 2);
		left = (size_t)(end - reader.next);
		data = reader.end = reader.next + (len < left ? len : left);
		if (!read_call(&reader, choose_call(number & 0xfff, variant), number >> 12))
			return;
	}
}
