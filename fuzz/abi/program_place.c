/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Placement of arguments. Small inputs are collected in an image and go out with one copy; large ones go out directly.
 * Regions that run over start again at their beginning: arguments then overlap, which is allowed and repeats exactly.
 */
#include <fuzz/abi/program_place.h>
#include <kernel/string.h>

#define ARENA_END (PROGRAM_ARENA + PROGRAM_ARENA_SIZE)

struct placer {
	const struct program_sink *sink;
	struct program_placement *placement;
};

static void place_target(struct placer *placer, const struct program_node *node, uint64_t address);
static uint64_t place_value(struct placer *placer, const struct program_node *node, const struct program_node *siblings,
			    uint64_t address);

static bool in_image(uint64_t address)
{
	return address - PROGRAM_ARENA < PROGRAM_IMAGE_SIZE;
}

static size_t clip(uint64_t address, size_t len)
{
	if (address >= ARENA_END)
		return 0;
	return len <= ARENA_END - address ? len : (size_t)(ARENA_END - address);
}

static void put(struct placer *placer, uint64_t address, const void *data, size_t len)
{
	len = clip(address, len);
	if (len == 0)
		return;
	if (in_image(address))
		memcpy(placer->placement->image + (address - PROGRAM_ARENA), data, len);
	else
		placer->sink->bytes(placer->sink->context, address, data, len);
}

static void put_fill(struct placer *placer, uint64_t address, uint8_t byte, size_t len)
{
	len = clip(address, len);
	if (len == 0)
		return;
	if (in_image(address))
		memset(placer->placement->image + (address - PROGRAM_ARENA), byte, len);
	else
		placer->sink->fill(placer->sink->context, address, byte, len);
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* Moves a region's cursor over size bytes. */
static uint64_t take(uint64_t *cursor, uint64_t start, uint64_t end, uint64_t size)
{
	uint64_t at = round_up(*cursor, 8);

	if (at > end || size > end - at)
		at = start;
	*cursor = size <= end - at ? at + size : end;
	return PROGRAM_ARENA + at;
}

static uint64_t take_in(struct program_placement *p, uint64_t size)
{
	if (size <= PROGRAM_SMALL_OUT - round_up(p->small_in, 8)) {
		uint64_t at = round_up(p->small_in, 8);

		memset(p->image + p->small_in, 0, (size_t)(at - p->small_in));
		p->small_in = at + size;
		return PROGRAM_ARENA + at;
	}
	return take(&p->large_in, PROGRAM_LARGE_IN, PROGRAM_ARENA_SIZE, size);
}

static uint64_t take_out(struct program_placement *p, uint64_t size)
{
	if (size <= PROGRAM_LARGE_OUT - round_up(p->small_out, 8))
		return take(&p->small_out, PROGRAM_SMALL_OUT, PROGRAM_LARGE_OUT, size);
	return take(&p->large_out, PROGRAM_LARGE_OUT, PROGRAM_LARGE_IN, size);
}

static uint64_t at_edge(const struct program_node *pointer, uint64_t size)
{
	uint64_t cut = pointer->value & 0xf;

	if (size > PROGRAM_ARENA_SIZE / 2)
		size = PROGRAM_ARENA_SIZE / 2;
	return ARENA_END - size + (cut < size ? cut : size);
}

static void note_area(struct placer *placer, const struct program_node *pointer, uint64_t address, uint64_t size,
		      int arg)
{
	struct program_placement *p = placer->placement;
	struct program_area *area = &p->areas[p->area_count];

	if (p->area_count == PROGRAM_AREAS_MAX)
		return;
	p->area_count++;
	area->address = address;
	area->size = size;
	area->type = pointer->type->target;
	area->arg = (int8_t)arg;
}

static uint64_t place_pointer(struct placer *placer, const struct program_node *node,
			      const struct program_node *siblings, int arg)
{
	uint64_t size, address;

	if (node->form == PROGRAM_RAW)
		return node->value;
	if (node->form == PROGRAM_NULL)
		return 0;
	size = program_target_size(node, siblings);
	if (node->form == PROGRAM_EDGE)
		address = at_edge(node, size);
	else if (node->dir == DESC_OUT)
		address = take_out(placer->placement, size);
	else
		address = take_in(placer->placement, size);
	if (node->dir != DESC_IN)
		note_area(placer, node, address, size, arg);
	if (node->dir != DESC_OUT) {
		put_fill(placer, address, 0, program_is_blob(node->type->target) ? 0 : (size_t)size);
		place_target(placer, node + 1, address);
	}
	return address;
}

static void put_value(struct placer *placer, const struct program_node *node, const struct program_node *siblings,
		      uint64_t address)
{
	uint64_t value = place_value(placer, node, siblings, address);
	uint8_t bytes[8];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put(placer, address, bytes, node->type->size < 8 ? node->type->size : 8);
}

static void place_blob(struct placer *placer, const struct program_node *node, uint64_t address)
{
	uint64_t fixed = node->type->kind == DESC_BYTES && node->type->length < 0 ? node->type->min : 0;

	if (node->form == PROGRAM_FILL)
		put_fill(placer, address, (uint8_t)node->value, node->count);
	else if (node->form == PROGRAM_LITERAL)
		put(placer, address, node->data, node->count);
	if (node->type->kind != DESC_BYTES)
		put_fill(placer, address + node->count, 0, 1);
	else if (fixed > node->count)
		put_fill(placer, address + node->count, 0, (size_t)(fixed - node->count));
}

static bool is_compound(const struct desc_type *type)
{
	return type->kind == DESC_STRUCT || type->kind == DESC_UNION || type->kind == DESC_ARRAY ||
	       program_is_blob(type);
}

static void place_target(struct placer *placer, const struct program_node *node, uint64_t address)
{
	const struct desc_type *type = node->type;
	const struct program_node *child = node + 1;

	if (node->form == PROGRAM_ABSENT || address >= ARENA_END)
		return;
	switch (type->kind) {
	case DESC_STRUCT:
		for (unsigned i = 0; i < type->field_count; i++, child += child->span)
			if (is_compound(child->type))
				place_target(placer, child, address + type->fields[i].offset);
			else
				put_value(placer, child, node + 1, address + type->fields[i].offset);
		break;
	case DESC_UNION: place_target(placer, child, address); break;
	case DESC_ARRAY:
		for (uint32_t i = 0; i < node->count; i++, child += child->span)
			place_target(placer, child, address + (uint64_t)i * type->target->size);
		break;
	case DESC_BYTES:
	case DESC_STRING:
	case DESC_PATH: place_blob(placer, node, address); break;
	default: put_value(placer, node, node, address);
	}
}

/* A value's word; address: where it is going to lie, 0 for an argument. */
static uint64_t place_value(struct placer *placer, const struct program_node *node, const struct program_node *siblings,
			    uint64_t address)
{
	if (node->form == PROGRAM_ABSENT)
		return 0;
	if (node->form == PROGRAM_REF)
		return program_cut(node->type, placer->sink->resource(placer->sink->context, (unsigned)node->value,
								      address, node->type->size));
	if (node->type->kind == DESC_LENGTH)
		return program_length_value(node, siblings);
	if (node->type->kind == DESC_POINTER)
		return place_pointer(placer, node, siblings, -1);
	return node->value;
}

void program_place(const struct program *program, unsigned index, const struct program_sink *sink,
		   struct program_placement *placement)
{
	const struct program_call *call = &program->calls[index];
	const struct program_node *first = &program->nodes[call->node], *node = first;
	struct placer placer = { sink, placement };

	placement->area_count = 0;
	placement->small_in = PROGRAM_SMALL_IN;
	placement->small_out = PROGRAM_SMALL_OUT;
	placement->large_in = PROGRAM_LARGE_IN;
	placement->large_out = PROGRAM_LARGE_OUT;
	for (unsigned i = 0; i < DESC_ARGS_MAX; i++)
		placement->args[i] = 0;
	for (unsigned i = 0; i < call->desc->arg_count; i++, node += node->span)
		if (node->type->kind == DESC_POINTER)
			placement->args[i] = place_pointer(&placer, node, first, (int)i);
		else
			placement->args[i] = place_value(&placer, node, first, 0);
	if (placement->small_in > PROGRAM_SMALL_IN)
		sink->bytes(sink->context, PROGRAM_ARENA, placement->image, (size_t)placement->small_in);
}

uint64_t program_resource_address(const struct program_placement *placement, const struct program_resource *resource)
{
	for (unsigned i = 0; i < placement->area_count; i++) {
		const struct program_area *area = &placement->areas[i];

		if (area->arg == resource->arg && resource->offset + resource->kind->size <= area->size)
			return area->address + resource->offset;
	}
	return 0;
}
