/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random values by type: mostly what makes sense, so that calls get somewhere, and now and then what does not.
 */
#include <fuzz/host/mutate_internal.h>
#include <string.h>

#define WIDE_RANGE 65536

static uint64_t random_flags(struct mutator *m, const struct desc_type *type)
{
	uint64_t value = 0;

	for (unsigned n = (unsigned)random_below(m, 4); n > 0; n--)
		value |= type->values[random_below(m, type->value_count)].value;
	if (random_chance(m, 4))
		value ^= UINT64_C(1) << random_below(m, type->size ? type->size * 8 : 64);
	return value;
}

/* Of a wide range, as one of times, every second by magnitude: a nanosecond is as likely as a second. */
static uint64_t random_between(struct mutator *m, uint64_t low, uint64_t high)
{
	uint64_t range = high - low, offset = random_below(m, range + 1);

	if (range >= WIDE_RANGE && random_chance(m, 50))
		offset >>= random_below(m, 64 - (unsigned)__builtin_clzll(range));
	return low + offset;
}

uint64_t value_number(struct mutator *m, const struct desc_type *type)
{
	uint64_t value;

	if (type->kind == DESC_CONST)
		value = type->values[0].value;
	else if (type->kind == DESC_FLAGS && type->value_count)
		value = random_flags(m, type);
	else if (type->kind == DESC_ENUM && type->value_count && !random_chance(m, 4))
		value = type->values[random_below(m, type->value_count)].value;
	else if (type->kind == DESC_INT && type->flags & DESC_IGNORED)
		value = 0;
	else if (type->kind == DESC_INT && type->max != type->min && random_chance(m, 75))
		value = random_between(m, type->min, type->max);
	else
		value = random_number(m);
	return program_cut(type, value);
}

void value_choose_resource(struct mutator *m, struct program_node *node, unsigned before)
{
	const struct desc_resource *want = random_chance(m, 97) ? node->type->resource : NULL;
	unsigned fitting = 0, last = 0;
	int index;

	for (unsigned i = 0; i < before; i++)
		fitting += !want || desc_resource_fits(m->to->resources[i].kind, want);
	if (fitting && random_chance(m, 94)) {
		/* What was made last is most likely what the next call is about. */
		last = (unsigned)(random_chance(m, 50) ? 0 : random_below(m, fitting));
		index = program_find_resource(m->to, want, before, last);
		if (index >= 0) {
			node->form = PROGRAM_REF;
			node->value = (uint64_t)index;
			return;
		}
	}
	node->form = PROGRAM_PLAIN;
	if (node->type->resource->special_count && random_chance(m, 70))
		node->value =
			node->type->resource->specials[random_below(m, node->type->resource->special_count)].value;
	else if (node->type->value_count && random_chance(m, 80))
		node->value = node->type->values[random_below(m, node->type->value_count)].value;
	else if (random_chance(m, 80))
		node->value = (uint64_t)program_specials[random_below(m, PROGRAM_SPECIALS)];
	else
		node->value = random_number(m);
	node->value = program_cut(node->type, node->value);
}

static void set_random_bytes(struct mutator *m, struct program_node *node, size_t len)
{
	uint8_t *data = pool_take(m, len);

	if (!data)
		len = 0;
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(random_chance(m, 30) ? 0 : random_next(m));
	program_set_literal(node, len ? data : (const uint8_t *)"", (uint32_t)len);
}

void value_set_blob(struct mutator *m, struct program_node *node)
{
	static const uint32_t lengths[] = { 1,    8,    16,   64,   255,   256,   511,  512,
					    4095, 4096, 4097, 8192, 65535, 65536, 65537 };
	const struct desc_type *type = node->type;

	if (type->kind == DESC_PATH && random_chance(m, 96)) {
		program_set_path(node, (unsigned)random_below(m, program_path_count));
	} else if (type->kind == DESC_STRING && type->value_count && random_chance(m, 85)) {
		const char *text = type->values[random_below(m, type->value_count)].name;

		program_set_literal(node, (const uint8_t *)text, (uint32_t)strlen(text));
	} else if (random_chance(m, 50)) {
		program_set_fill(node, lengths[random_below(m, sizeof(lengths) / sizeof(lengths[0]))],
				 (uint8_t)('a' + random_below(m, 8)));
	} else {
		set_random_bytes(m, node, (size_t)random_below(m, random_chance(m, 80) ? 17 : 300));
	}
}

/* For memory that the call writes. */
uint64_t value_written_length(struct mutator *m)
{
	static const uint32_t lengths[] = { 0,   1,   4,   8,    16,   24,   64,   100,  128,
					    144, 256, 512, 1024, 4095, 4096, 4097, 8192, 65536 };

	return random_chance(m, 95) ? lengths[random_below(m, sizeof(lengths) / sizeof(lengths[0]))] : random_number(m);
}

static bool measures_written(const struct desc_type *length, enum desc_dir dir, const struct desc_field *fields)
{
	const struct desc_type *pointer;

	if (!fields || length->length < 0)
		return false;
	pointer = fields[length->length].type;
	return pointer->kind == DESC_POINTER && program_dir(pointer->dir, dir) == DESC_OUT &&
	       length->unit == DESC_ELEMENTS;
}

static uint64_t length_difference(struct mutator *m, const struct desc_type *type, enum desc_dir dir,
				  const struct desc_field *fields)
{
	uint64_t value = 0;

	if (measures_written(type, dir, fields))
		value = value_written_length(m);
	else if (random_chance(m, 8))
		value = random_chance(m, 60) ? random_below(m, 3) - 1 : random_number(m);
	return program_cut_length(type, value);
}

static void choose_form(struct mutator *m, struct program_node *node)
{
	unsigned dice = (unsigned)random_below(m, 100);

	if (node->type->flags & DESC_OPTIONAL && dice < 40) {
		node->form = PROGRAM_NULL;
	} else if (dice == 97) {
		node->form = PROGRAM_NULL;
	} else if (dice == 98) {
		node->form = PROGRAM_EDGE;
		node->value = random_chance(m, 50) ? 0 : random_below(m, 16);
	} else if (dice == 99) {
		node->form = PROGRAM_RAW;
		node->value = random_number(m);
	}
}

static bool add_pointer(struct mutator *m, const struct desc_type *type, enum desc_dir dir)
{
	unsigned first = m->to->node_count;
	struct program_node *node = program_add_node(m->to, type, PROGRAM_PLAIN);

	if (!node)
		return false;
	node->dir = (uint8_t)program_dir(type->dir, dir);
	choose_form(m, node);
	if (!program_has_target(node))
		return true;
	if (!value_add(m, type->target, node->dir, NULL))
		return false;
	program_close_tree(m->to, first);
	return true;
}

static bool add_fields(struct mutator *m, const struct desc_type *type, enum desc_dir dir)
{
	unsigned first = m->to->node_count, from = 0, to = type->field_count;
	struct program_node *node = program_add_node(m->to, type, PROGRAM_PLAIN);

	if (!node)
		return false;
	if (type->kind == DESC_UNION) {
		node->count = (uint32_t)random_below(m, type->field_count);
		from = node->count;
		to = from + 1;
	}
	for (unsigned i = from; i < to; i++)
		if (!value_add(m, type->fields[i].type, program_dir(type->fields[i].dir, dir), type->fields))
			return false;
	program_close_tree(m->to, first);
	return true;
}

static bool add_array(struct mutator *m, const struct desc_type *type, enum desc_dir dir)
{
	unsigned first = m->to->node_count, count;
	struct program_node *node = program_add_node(m->to, type, PROGRAM_PLAIN);

	if (!node)
		return false;
	if (type->length < 0 && type->min == type->max)
		count = type->min < PROGRAM_ELEMENTS_MAX ? (unsigned)type->min : PROGRAM_ELEMENTS_MAX;
	else
		count = (unsigned)(random_chance(m, 95) ? random_below(m, 5)
							: random_below(m, PROGRAM_ELEMENTS_MAX + 1));
	node->count = count;
	for (unsigned i = 0; i < count; i++)
		if (!value_add(m, type->target, dir, NULL))
			return false;
	program_close_tree(m->to, first);
	return true;
}

bool value_add(struct mutator *m, const struct desc_type *type, enum desc_dir dir, const struct desc_field *fields)
{
	struct program_node *node;

	if (type->kind == DESC_POINTER)
		return add_pointer(m, type, dir);
	if (dir == DESC_OUT)
		return program_add_node(m->to, type, PROGRAM_ABSENT) != NULL;
	if (type->kind == DESC_STRUCT || type->kind == DESC_UNION)
		return add_fields(m, type, dir);
	if (type->kind == DESC_ARRAY)
		return add_array(m, type, dir);
	node = program_add_node(m->to, type, PROGRAM_PLAIN);
	if (!node)
		return false;
	if (program_is_blob(type))
		value_set_blob(m, node);
	else if (type->kind == DESC_RESOURCE)
		value_choose_resource(m, node, m->to->calls[m->to->call_count].resource);
	else if (type->kind == DESC_LENGTH)
		node->value = length_difference(m, type, dir, fields);
	else
		node->value = value_number(m, type);
	return true;
}
