/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small questions about types, and values made from nothing, for the parser, the printer and the mutator.
 */
#include <ctype.h>
#include <fuzz/host/program_internal.h>

bool program_is_name(const char *name)
{
	return name && (isalpha((unsigned char)name[0]) || name[0] == '_');
}

bool program_is_scalar(const struct desc_type *type)
{
	return type->kind <= DESC_POINTER;
}

static bool only_resources(const struct desc_type *type)
{
	if (type->kind == DESC_STRUCT) {
		for (unsigned i = 0; i < type->field_count; i++)
			if (!only_resources(type->fields[i].type))
				return false;
		return true;
	}
	return type->kind == DESC_RESOURCE;
}

bool program_is_elided(const struct desc_call *desc, unsigned arg)
{
	const struct desc_type *type = desc->args[arg].type;

	if (type->kind != DESC_POINTER || type->dir != DESC_OUT || !only_resources(type->target))
		return false;
	/* Else the parser could not tell which of the two a NULL is. */
	return arg + 1 >= desc->arg_count || desc->args[arg + 1].type->kind != DESC_POINTER;
}

void program_close_tree(struct program *program, unsigned first)
{
	program->nodes[first].span = (uint16_t)(program->node_count - first);
}

static bool add_children(struct program *program, const struct desc_type *type, enum desc_dir dir)
{
	switch (type->kind) {
	case DESC_STRUCT:
		for (unsigned i = 0; i < type->field_count; i++)
			if (!program_add_default(program, type->fields[i].type, program_dir(type->fields[i].dir, dir)))
				return false;
		return true;
	case DESC_UNION:
		return program_add_default(program, type->fields[0].type, program_dir(type->fields[0].dir, dir));
	case DESC_ARRAY:
		for (uint32_t i = 0, n = program->nodes[program->node_count - 1].count; i < n; i++)
			if (!program_add_default(program, type->target, dir))
				return false;
		return true;
	case DESC_POINTER: return program_add_default(program, type->target, dir);
	default: return true;
	}
}

static void set_default(struct program_node *node)
{
	const struct desc_type *type = node->type;

	if (type->kind == DESC_CONST)
		node->value = program_cut(type, type->values[0].value);
	else if (type->kind == DESC_RESOURCE && type->resource->special_count)
		node->value = program_cut(type, type->resource->specials[0].value);
	else if (type->kind == DESC_RESOURCE)
		node->value = program_cut(type, UINT64_MAX);
	else if (program_is_blob(type))
		program_set_literal(node, (const uint8_t *)"", 0);
	else if (type->kind == DESC_ARRAY && type->length < 0 && type->min == type->max)
		node->count = type->min < PROGRAM_ELEMENTS_MAX ? (uint32_t)type->min : PROGRAM_ELEMENTS_MAX;
}

bool program_add_default(struct program *program, const struct desc_type *type, enum desc_dir dir)
{
	bool absent = dir == DESC_OUT && type->kind != DESC_POINTER;
	struct program_node *node = program_add_node(program, type, absent ? PROGRAM_ABSENT : PROGRAM_PLAIN);
	unsigned first = program->node_count - 1;

	if (!node || absent)
		return node != NULL;
	set_default(node);
	if (type->kind == DESC_POINTER) {
		dir = program_dir(type->dir, dir);
		node->dir = (uint8_t)dir;
		if (type->flags & DESC_OPTIONAL)
			node->form = PROGRAM_NULL;
		if (!program_has_target(node))
			return true;
	}
	if (!add_children(program, type, dir))
		return false;
	program_close_tree(program, first);
	return true;
}
