/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all users of programs share: the lists that the wire refers to, building a program node by node with what its
 * calls make, and lengths.
 */
#include <fuzz/abi/program.h>
#include <kernel/string.h>

const uint64_t program_boundaries[32] = {
	255,
	256,
	257,
	511,
	512,
	1000,
	1023,
	1024,
	4095,
	4096,
	4097,
	8192,
	32767,
	32768,
	65535,
	65536,
	65537,
	131072,
	1000000,
	999999999,
	1000000000,
	0x10000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x20000000,
	0x20001000,
	0x7ffffffff000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffff80000000,
};

const int64_t program_specials[PROGRAM_SPECIALS] = { -1, -100, 0, 1, 2, 3, 999, 1000 };

/* The fixture (harnesses/fuzz/syscall.c) has those marked +. */
const char *const program_paths[] = {
	"f0",  /* + a file of some bytes */
	"f1",  /* + an empty file */
	"d0",  /* + a directory */
	"d0/f2", /* + a file of two pages */
	"l0",  /* + symbolic link to f0 */
	"l1",  /* + symbolic link to d0 */
	"l2",  /* + symbolic link to itself */
	"n0",        "n1",        "d0/n2",       "d0/n3",        ".",        "..",     "/",    "",    "/dev/null",
	"/dev/zero", "/dev/full", "/dev/random", "/dev/console", "d0/../f0", "./d0/.", "d0/",  "f0/", "f0/x",
	"l1/f2",     "n0/n1",     "//",          "d0//f2",       "l2/x",     "../..",  "/dev",
	/* At the end, so that inputs written before keep their meaning. */
	"/proc/self/maps", "/proc/self/fd/1", "/proc/self/exe", "/proc/meminfo", "/proc/self/status", "/proc/self/fd",
};
const size_t program_path_count = sizeof(program_paths) / sizeof(program_paths[0]);

bool program_has_call(const struct desc_call *desc)
{
	return !(desc->flags & DESC_CALL_CODE);
}

uint64_t program_cut(const struct desc_type *type, uint64_t value)
{
	unsigned unused = type->size == 0 || type->size >= 8 ? 0 : 64 - type->size * 8;

	if (type->flags & DESC_SIGNED)
		return (uint64_t)((int64_t)(value << unused) >> unused);
	return value << unused >> unused;
}

/* Sign-extended from the type's size: more could not matter. */
uint64_t program_cut_length(const struct desc_type *type, uint64_t value)
{
	unsigned unused = type->size == 0 || type->size >= 8 ? 0 : 64 - type->size * 8;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/* ---- building ---- */

void program_clear(struct program *program)
{
	program->call_count = program->node_count = program->resource_count = program->thread_count = 0;
}

bool program_begin_call(struct program *program, const struct desc_call *desc)
{
	struct program_call *call = &program->calls[program->call_count];

	if (program->call_count == PROGRAM_CALLS_MAX)
		return false;
	call->desc = desc;
	call->node = (uint16_t)program->node_count;
	call->resource = (uint8_t)program->resource_count;
	call->thread = call->makes = 0;
	return true;
}

void program_set_thread(struct program *program, unsigned thread)
{
	program->calls[program->call_count].thread = (uint8_t)(thread % (program->thread_count + 1));
}

struct program_node *program_add_node(struct program *program, const struct desc_type *type, enum program_form form)
{
	struct program_node *node;

	if (program->node_count == PROGRAM_NODES_MAX)
		return NULL;
	node = &program->nodes[program->node_count++];
	node->type = type;
	node->value = 0;
	node->count = 0;
	node->span = 1;
	node->form = (uint8_t)form;
	node->dir = DESC_IN;
	return node;
}

static bool add_resource(struct program *program, const struct desc_type *type, int arg, uint32_t offset)
{
	struct program_resource *resource = &program->resources[program->resource_count];

	if (program->resource_count == PROGRAM_RESOURCES_MAX)
		return false;
	program->resource_count++;
	resource->kind = type->resource;
	resource->call = (uint8_t)program->call_count;
	resource->arg = (int8_t)arg;
	resource->offset = (uint16_t)offset;
	return true;
}

/* Notes the handles that the call leaves in memory of this type. */
static bool add_written(struct program *program, const struct desc_type *type, enum desc_dir dir, int arg,
			uint32_t offset)
{
	if (type->kind == DESC_RESOURCE && dir == DESC_OUT)
		return add_resource(program, type, arg, offset);
	if (type->kind == DESC_STRUCT)
		for (unsigned i = 0; i < type->field_count; i++)
			if (!add_written(program, type->fields[i].type, program_dir(type->fields[i].dir, dir), arg,
					 offset + type->fields[i].offset))
				return false;
	if (type->kind == DESC_ARRAY && type->length < 0 && type->min == type->max)
		for (uint64_t i = 0; i < type->min && i < PROGRAM_ELEMENTS_MAX; i++)
			if (!add_written(program, type->target, dir, arg, offset + (uint32_t)i * type->target->size))
				return false;
	return true;
}

bool program_end_call(struct program *program)
{
	struct program_call *call = &program->calls[program->call_count];
	const struct desc_call *desc = call->desc;
	bool fits = true;

	if (desc->result && desc->result->kind == DESC_RESOURCE)
		fits = add_resource(program, desc->result, -1, 0);
	for (unsigned i = 0; fits && i < desc->arg_count; i++) {
		const struct desc_type *type = desc->args[i].type;

		if (type->kind == DESC_POINTER && type->dir == DESC_OUT)
			fits = add_written(program, type->target, DESC_OUT, (int)i, 0);
	}
	if (!fits) {
		program->node_count = call->node;
		program->resource_count = call->resource;
		return false;
	}
	call->node_count = (uint16_t)(program->node_count - call->node);
	call->resource_count = (uint8_t)(program->resource_count - call->resource);
	if ((desc->flags & DESC_CALL_THREAD) && program->thread_count < PROGRAM_THREADS_MAX - 1)
		call->makes = (uint8_t)++program->thread_count;
	program->call_count++;
	return true;
}

int program_find_resource(const struct program *program, const struct desc_resource *want, unsigned before,
			  unsigned skip)
{
	for (unsigned i = before; i-- > 0;)
		if ((!want || desc_resource_fits(program->resources[i].kind, want)) && skip-- == 0)
			return (int)i;
	return -1;
}

/* ---- blobs ---- */

static bool is_fixed(const struct desc_type *type)
{
	return type->kind == DESC_BYTES && type->length < 0 && type->min == type->max;
}

static bool all_same(const uint8_t *data, uint32_t len)
{
	return memcmp(data, data + 1, len - 1) == 0;
}

void program_set_literal(struct program_node *node, const uint8_t *data, uint32_t len)
{
	const struct desc_type *type = node->type;
	const uint8_t *nul = type->kind != DESC_BYTES && len ? memchr(data, 0, len) : NULL;

	if (nul)
		len = (uint32_t)(nul - data);
	if (is_fixed(type)) {
		len = len < type->min ? len : (uint32_t)type->min;
		while (len && data[len - 1] == 0)
			len--;
	}
	node->count = len;
	if (len >= PROGRAM_RUN_MIN && all_same(data, len)) {
		node->form = PROGRAM_FILL;
		node->value = data[0];
		return;
	}
	node->form = PROGRAM_LITERAL;
	node->data = data;
}

void program_set_fill(struct program_node *node, uint32_t len, uint8_t byte)
{
	const struct desc_type *type = node->type;

	len %= PROGRAM_FILL_MAX + 1;
	if (is_fixed(type)) {
		len = len < type->min ? len : (uint32_t)type->min;
		len = byte ? len : 0;
	}
	if (type->kind != DESC_BYTES && byte == 0)
		len = 0;
	if (len == 0) {
		program_set_literal(node, (const uint8_t *)"", 0);
		return;
	}
	node->form = PROGRAM_FILL;
	node->count = len;
	node->value = byte;
}

void program_set_path(struct program_node *node, unsigned index)
{
	node->form = PROGRAM_LITERAL;
	node->data = (const uint8_t *)program_paths[index];
	node->count = (uint32_t)strlen(program_paths[index]);
}

/* ---- lengths ---- */

const struct program_node *program_sibling(const struct program_node *siblings, unsigned n)
{
	while (n-- > 0)
		siblings += siblings->span;
	return siblings;
}

/* The size of a fixed target; 0 for others. */
static uint64_t fixed_size(const struct desc_type *target)
{
	if (target->kind == DESC_ARRAY)
		return target->length < 0 && target->min == target->max ? target->min * target->target->size : 0;
	if (target->kind == DESC_BYTES)
		return is_fixed(target) ? target->min : 0;
	return target->size;
}

static uint64_t element_size(const struct desc_type *target)
{
	return target->kind == DESC_ARRAY ? target->target->size : 1;
}

/* Bytes of what a target node holds. */
static uint64_t node_size(const struct program_node *node)
{
	uint64_t fixed = fixed_size(node->type);

	if (fixed)
		return fixed;
	if (node->type->kind == DESC_ARRAY)
		return node->count * element_size(node->type);
	return node->count + (node->type->kind != DESC_BYTES);
}

uint64_t program_exact_length(const struct desc_type *length, const struct program_node *siblings)
{
	const struct program_node *pointer;
	uint64_t size;

	if (length->length < 0)
		return 0;
	pointer = program_sibling(siblings, (unsigned)length->length);
	if (pointer->type->kind != DESC_POINTER)
		return 0;
	size = program_has_target(pointer) ? node_size(pointer + 1) : fixed_size(pointer->type->target);
	if (length->unit == DESC_SIZE)
		return size;
	return size / element_size(pointer->type->target);
}

uint64_t program_length_value(const struct program_node *node, const struct program_node *siblings)
{
	return program_cut(node->type, program_exact_length(node->type, siblings) + node->value);
}

uint64_t program_target_size(const struct program_node *pointer, const struct program_node *siblings)
{
	const struct desc_type *target = pointer->type->target;
	const struct program_node *holder;
	uint64_t fixed = fixed_size(target), count;

	if (program_has_target(pointer))
		return node_size(pointer + 1);
	if (fixed || target->length < 0)
		return fixed;
	holder = program_sibling(siblings, (unsigned)target->length);
	count = holder->type->kind == DESC_LENGTH ? program_length_value(holder, siblings) : holder->value;
	return count > UINT32_MAX ? UINT32_MAX : count * element_size(target);
}
