/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes one value of a call by its type, while the call is copied.
 */
#include <fuzz/host/mutate_internal.h>
#include <string.h>

/* The call that is copied. */
struct place {
	const struct program *from;
	unsigned start, end;  /* its nodes */
};

static bool is_changeable(const struct program_node *node)
{
	return node->form != PROGRAM_ABSENT && node->type->kind != DESC_CONST && node->type->kind != DESC_STRUCT &&
	       !(node->type->flags & DESC_IGNORED);
}

/* A node of the call that can be changed; -1: there is none. */
static int pick_node(struct mutator *m, const struct program *from, const struct program_call *call)
{
	unsigned count = 0, chosen;

	for (unsigned i = 0; i < call->node_count; i++)
		count += is_changeable(&from->nodes[call->node + i]);
	if (!count)
		return -1;
	chosen = (unsigned)random_below(m, count);
	for (unsigned i = call->node;; i++)
		if (is_changeable(&from->nodes[i]) && chosen-- == 0)
			return (int)i;
}

/* ---- words ---- */

/* The kernel compared this value with another: take that. */
static bool take_compared(struct mutator *m, uint64_t old, unsigned size, uint64_t *value)
{
	uint64_t mask = size == 0 || size >= 8 ? UINT64_MAX : (UINT64_C(1) << (size * 8)) - 1;
	struct channel_compare compare;

	for (unsigned tries = 0; tries < 8; tries++) {
		if (!random_compare(m, &compare))
			return false;
		if (((compare.b ^ old) & mask) == 0) {
			*value = compare.a;
			return true;
		}
		if (((compare.a ^ old) & mask) == 0) {
			*value = compare.b;
			return true;
		}
	}
	return false;
}

static uint64_t change_number(struct mutator *m, const struct desc_type *type, uint64_t old)
{
	uint64_t value;

	if (random_chance(m, 30) && take_compared(m, old, type->size, &value))
		return value;
	switch (random_below(m, 6)) {
	case 0: return old + random_below(m, 9) - 4;
	case 1: return old ^ UINT64_C(1) << random_below(m, type->size ? type->size * 8 : 64);
	case 2:
		if (type->kind == DESC_FLAGS && type->value_count)
			return old ^ type->values[random_below(m, type->value_count)].value;
		return random_number(m);
	default: return value_number(m, type);
	}
}

static uint64_t change_length(struct mutator *m, uint64_t old)
{
	switch (random_below(m, 8)) {
	case 0: return 0;
	case 1: return old + 1;
	case 2: return old - 1;
	case 3: return -random_below(m, 20);
	case 4: return random_number(m);
	default: return value_written_length(m);
	}
}

/* ---- blobs ---- */

static void change_literal(struct mutator *m, struct program_node *node)
{
	size_t room = node->count + 64;
	uint8_t *data = pool_take(m, room);

	if (!data) {
		value_set_blob(m, node);
		return;
	}
	if (node->form == PROGRAM_FILL)
		memset(data, (int)node->value, node->count);
	else if (node->count)
		memcpy(data, node->data, node->count);
	program_set_literal(node, data, (uint32_t)bytes_change(m, data, node->count, room));
}

static void change_blob(struct mutator *m, struct program_node *node)
{
	if (node->form == PROGRAM_FILL && random_chance(m, 70)) {
		program_set_fill(node, node->count + (uint32_t)random_below(m, 17) - 8, (uint8_t)node->value);
		return;
	}
	if (random_chance(m, node->type->kind == DESC_PATH ? 10 : 60) && node->count <= 2048)
		change_literal(m, node);
	else
		value_set_blob(m, node);
}

/* ---- what has children ---- */

enum { REPLACE, INSERT, REMOVE };

/* Copies an array with an element less, an element more, or one element anew. */
static bool change_array(struct mutator *m, const struct place *place, unsigned index, enum desc_dir dir)
{
	const struct program_node *array = &place->from->nodes[index], *element = array + 1;
	bool fixed = array->type->length < 0 && array->type->min == array->type->max;
	unsigned first = m->to->node_count, what = fixed ? REPLACE : (unsigned)random_below(m, 3);
	unsigned chosen = array->count ? (unsigned)random_below(m, array->count) : 0, count = array->count;
	struct program_node *node = program_add_node(m->to, array->type, PROGRAM_PLAIN);

	if (!node || (count == 0 && fixed))
		return node != NULL;
	if (count == PROGRAM_ELEMENTS_MAX && what == INSERT)
		what = REPLACE;
	for (unsigned i = 0; i < count; i++, element += element->span) {
		unsigned at = (unsigned)(element - place->from->nodes);

		if (i == chosen && what != REMOVE && !value_add(m, array->type->target, dir, NULL))
			return false;
		if (i == chosen && what != INSERT)
			continue;
		if (!call_copy_nodes(m, place->from, at, at + element->span))
			return false;
	}
	if (count == 0 && !value_add(m, array->type->target, dir, NULL))
		return false;
	m->to->nodes[first].count = count == 0 ? 1 : what == INSERT ? count + 1 : what == REMOVE ? count - 1 : count;
	program_close_tree(m->to, first);
	return true;
}

/* The direction of the memory in which a node lies: that of the pointer above it. */
static enum desc_dir dir_of(const struct program *from, unsigned start, unsigned index)
{
	enum desc_dir dir = DESC_IN;

	for (unsigned i = start; i < index; i++)
		if (from->nodes[i].type->kind == DESC_POINTER && i + from->nodes[i].span > index)
			dir = from->nodes[i].dir;
	return dir;
}

static bool add_changed(struct mutator *m, const struct place *place, unsigned index)
{
	const struct program_node *old = &place->from->nodes[index];
	enum desc_dir dir = dir_of(place->from, place->start, index);
	struct program_node *node;

	if (old->type->kind == DESC_ARRAY)
		return change_array(m, place, index, dir);
	if (old->type->kind == DESC_POINTER || old->type->kind == DESC_UNION)
		return value_add(m, old->type, dir, NULL);
	if (!call_copy_nodes(m, place->from, index, index + 1))
		return false;
	node = &m->to->nodes[m->to->node_count - 1];
	if (program_is_blob(node->type))
		change_blob(m, node);
	else if (node->type->kind == DESC_RESOURCE)
		value_choose_resource(m, node, m->to->calls[m->to->call_count].resource);
	else if (node->type->kind == DESC_LENGTH)
		node->value = program_cut_length(node->type, change_length(m, node->value));
	else
		node->value = program_cut(node->type, change_number(m, node->type, node->value));
	return true;
}

/* Those that hold the changed tree grew with it. */
static void adjust_spans(struct mutator *m, const struct place *place, unsigned index, unsigned copy_start, int growth)
{
	for (unsigned i = place->start; i < index; i++)
		if (i + place->from->nodes[i].span > index)
			m->to->nodes[copy_start + i - place->start].span += (uint16_t)growth;
}

bool arg_copy_changed(struct mutator *m, const struct program *from, unsigned index)
{
	const struct program_call *call = &from->calls[index];
	struct place place = { from, call->node, (unsigned)call->node + call->node_count };
	int chosen = pick_node(m, from, call);
	unsigned copy_start = m->to->node_count, changed, old_span;

	if (chosen < 0)
		return call_copy(m, from, index);
	old_span = from->nodes[chosen].span;
	if (!call_begin_copy(m, call) || !call_copy_nodes(m, from, place.start, (unsigned)chosen))
		goto full;
	changed = m->to->node_count;
	if (!add_changed(m, &place, (unsigned)chosen))
		goto full;
	adjust_spans(m, &place, (unsigned)chosen, copy_start, (int)(m->to->node_count - changed) - (int)old_span);
	if (!call_copy_nodes(m, from, (unsigned)chosen + old_span, place.end))
		goto full;
	return call_end_copy(m, from, index);
full:
	m->to->node_count = copy_start;
	return false;
}
