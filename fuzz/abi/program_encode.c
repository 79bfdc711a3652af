/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Program to its canonical bytes: each value in its shortest form, the first of several that are as short.
 */
#include <fuzz/abi/program.h>
#include <kernel/string.h>

struct writer {
	uint8_t *start, *next, *end;
	uint8_t *floor;  /* zeros before this are not trailing: a literal ends here, and its length must stay */
	bool full;
	const struct program *program;
	const struct program_call *call;
};

static const struct program_node *write_target(struct writer *writer, const struct program_node *node);

static void write_byte(struct writer *writer, unsigned byte)
{
	if (writer->next == writer->end)
		writer->full = true;
	else
		*writer->next++ = (uint8_t)byte;
}

static void write_word(struct writer *writer, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		write_byte(writer, (uint8_t)(value >> (8 * i)));
}

static unsigned bytes_of(uint64_t value)
{
	unsigned size = 1;

	while (size < 8 && value >> (8 * size))
		size++;
	return size;
}

static uint64_t cut_as(const struct desc_type *type, uint64_t value, bool extend)
{
	unsigned unused = !type || type->size == 0 || type->size >= 8 ? 0 : 64 - type->size * 8;

	if (extend)
		return (uint64_t)((int64_t)(value << unused) >> unused);
	return type ? program_cut(type, value) : value;
}

static bool write_short_number(struct writer *writer, const struct desc_type *type, uint64_t value, bool extend)
{
	uint64_t wide = cut_as(type, value, true);

	if (value < 0xc0) {
		write_byte(writer, (unsigned)value);
		return true;
	}
	if (wide >= (uint64_t)-16) {
		write_byte(writer, (unsigned)(wide + 0x100));
		return true;
	}
	for (unsigned i = 0; i < 32; i++)
		if (cut_as(type, program_boundaries[i], extend) == value) {
			write_byte(writer, 0xd0 + i);
			return true;
		}
	return false;
}

/* type NULL: 64 bits. extend: the value is sign-extended whatever the type says. */
static void write_number(struct writer *writer, const struct desc_type *type, uint64_t value, bool extend)
{
	uint64_t other = ~cut_as(type, value, true);
	unsigned size = bytes_of(value), other_size = bytes_of(other);

	if (write_short_number(writer, type, value, extend))
		return;
	if (size <= other_size) {
		write_byte(writer, 0xc0 + size - 1);
		write_word(writer, value, size);
	} else {
		write_byte(writer, 0xc8 + other_size - 1);
		write_word(writer, other, other_size);
	}
}

/* How many resources that fit lie between this one and the call. */
static unsigned distance(struct writer *writer, const struct desc_resource *want, unsigned index)
{
	const struct program_resource *resources = writer->program->resources;
	unsigned n = 0;

	for (unsigned i = writer->call->resource; --i > index;)
		n += !want || desc_resource_fits(resources[i].kind, want);
	return n;
}

static void write_resource(struct writer *writer, const struct program_node *node)
{
	const struct desc_resource *want = node->type->resource;
	unsigned index = (unsigned)node->value, n;

	if (node->form == PROGRAM_REF) {
		bool fits = desc_resource_fits(writer->program->resources[index].kind, want);

		n = distance(writer, fits ? want : NULL, index);
		write_byte(writer, fits ? n : n < 0x20 ? 0x60 + n : 0x80); /* too far away: -1 */
		return;
	}
	for (n = 0; n < PROGRAM_SPECIALS; n++)
		if (program_cut(node->type, (uint64_t)program_specials[n]) == node->value) {
			write_byte(writer, 0x80 + n);
			return;
		}
	write_byte(writer, 0xc0);
	write_number(writer, node->type, node->value, false);
}

static void write_bytes(struct writer *writer, const struct program_node *node)
{
	if (node->form == PROGRAM_FILL) {
		write_byte(writer, 0xf0 | node->count >> 16);
		write_word(writer, node->count, 2);
		write_byte(writer, (unsigned)node->value);
		return;
	}
	if (node->count < 0xe0) {
		write_byte(writer, node->count);
	} else {
		write_byte(writer, 0xe0 | node->count >> 16);
		write_word(writer, node->count, 2);
	}
	if ((size_t)(writer->end - writer->next) < node->count) {
		writer->full = true;
		return;
	}
	if (node->count)
		memcpy(writer->next, node->data, node->count);
	writer->next += node->count;
	if (node->count)
		writer->floor = writer->next;
}

int program_path_index(const struct program_node *node)
{
	for (size_t i = 0; node->form == PROGRAM_LITERAL && i < program_path_count; i++) {
		const char *path = program_paths[i];

		if (strlen(path) == node->count && memcmp(path, node->data, node->count) == 0)
			return (int)i;
	}
	return -1;
}

static void write_blob(struct writer *writer, const struct program_node *node)
{
	int path;

	if (node->type->kind == DESC_PATH) {
		path = program_path_index(node);
		write_byte(writer, path >= 0 ? (unsigned)path : 0x80);
		if (path >= 0)
			return;
	}
	write_bytes(writer, node);
}

static const struct program_node *write_pointer(struct writer *writer, const struct program_node *node)
{
	switch (node->form) {
	case PROGRAM_RAW:
		write_byte(writer, 0xe0);
		write_number(writer, NULL, node->value, false);
		return node + 1;
	case PROGRAM_NULL: write_byte(writer, 0xc0); return node + 1;
	case PROGRAM_EDGE: write_byte(writer, 0xd0 + (node->value & 0xf)); break;
	default: write_byte(writer, 0);
	}
	return program_has_target(node) ? write_target(writer, node + 1) : node + 1;
}

/* @return the node after this tree. */
static const struct program_node *write_target(struct writer *writer, const struct program_node *node)
{
	const struct desc_type *type = node->type;
	const struct program_node *end = node + node->span;

	if (node->form == PROGRAM_ABSENT)
		return end;
	switch (type->kind) {
	case DESC_CONST: break;
	case DESC_RESOURCE: write_resource(writer, node); break;
	case DESC_LENGTH: write_number(writer, type, node->value, true); break;
	case DESC_POINTER: return write_pointer(writer, node);
	case DESC_ARRAY:
		if (type->length >= 0 || type->min != type->max)
			write_byte(writer, node->count);
		break;
	case DESC_UNION: write_byte(writer, node->count); break;
	case DESC_STRUCT: break;
	case DESC_BYTES:
	case DESC_STRING:
	case DESC_PATH: write_blob(writer, node); break;
	default: write_number(writer, type, node->value, false);
	}
	for (node++; node < end;)
		node = write_target(writer, node);
	return end;
}

/* The payload was written five bytes after the call's start; its size takes one byte or three. */
static void close_call(struct writer *writer, uint8_t *header)
{
	uint8_t *payload = header + PROGRAM_HEADER_SIZE + 2;
	size_t len;

	while (writer->next > writer->floor && writer->next[-1] == 0)
		writer->next--;
	len = (size_t)(writer->next - payload);
	if (len < 0xf0) {
		header[3] = (uint8_t)len;
		memmove(header + PROGRAM_HEADER_SIZE, payload, len);
		writer->next -= 2;
		return;
	}
	header[3] = (uint8_t)(0xf0 | len >> 16);
	header[4] = (uint8_t)len;
	header[5] = (uint8_t)(len >> 8);
}

size_t program_encode(const struct program *program, uint8_t *out, size_t max)
{
	struct writer writer = { out, out, out + max, out, false, program, NULL };

	for (unsigned i = 0; i < program->call_count; i++) {
		const struct program_node *node, *end;
		uint8_t *header = writer.next;

		writer.call = &program->calls[i];
		node = &program->nodes[writer.call->node];
		end = node + writer.call->node_count;
		write_word(&writer, writer.call->desc->number | (unsigned)writer.call->thread << 12, 2);
		write_byte(&writer, writer.call->desc->variant);
		write_word(&writer, 0, 3);
		writer.floor = writer.next;
		while (node < end && !writer.full)
			node = write_target(&writer, node);
		if (writer.full)
			return 0;
		close_call(&writer, header);
	}
	return (size_t)(writer.next - out);
}
