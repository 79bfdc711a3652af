/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See program_edit.h.
 */
#include <fuzz/host/program_edit.h>
#include <string.h>

void program_copy_start(struct program_copy *copy, const struct program *from, struct program *to)
{
	copy->from = from;
	copy->to = to;
	program_clear(to);
	memset(copy->map, 0xff, sizeof(copy->map));
	memset(copy->threads, 0, sizeof(copy->threads));
}

static void forget_resource(struct program_node *node)
{
	const struct desc_resource *kind = node->type->resource;

	node->form = PROGRAM_PLAIN;
	node->value = program_cut(node->type, kind->special_count ? kind->specials[0].value : UINT64_MAX);
}

bool program_copy_nodes(struct program_copy *copy, unsigned start, unsigned end)
{
	struct program_node *node = &copy->to->nodes[copy->to->node_count];
	unsigned count = end - start;

	if (count > PROGRAM_NODES_MAX - copy->to->node_count)
		return false;
	memcpy(node, &copy->from->nodes[start], count * sizeof(*node));
	copy->to->node_count += count;
	for (; count > 0; count--, node++) {
		if (node->form != PROGRAM_REF)
			continue;
		if (copy->map[node->value] == PROGRAM_UNMAPPED)
			forget_resource(node);
		else
			node->value = copy->map[node->value];
	}
	return true;
}

static bool begin_call(struct program_copy *copy, unsigned index)
{
	const struct program_call *call = &copy->from->calls[index];

	if (!program_begin_call(copy->to, call->desc))
		return false;
	program_set_thread(copy->to, copy->threads[call->thread]);
	return true;
}

static bool end_call(struct program_copy *copy, unsigned index)
{
	const struct program_call *old = &copy->from->calls[index], *new = &copy->to->calls[copy->to->call_count];

	if (!program_end_call(copy->to))
		return false;
	for (unsigned i = 0; i < old->resource_count; i++)
		copy->map[old->resource + i] = (uint16_t)(new->resource + i);
	copy->threads[old->makes] = new->makes;
	return true;
}

bool program_copy_call(struct program_copy *copy, unsigned index)
{
	const struct program_call *call = &copy->from->calls[index];

	return begin_call(copy, index) &&
	       program_copy_nodes(copy, call->node, (unsigned)call->node + call->node_count) && end_call(copy, index);
}

bool program_copy_replaced(struct program_copy *copy, unsigned index, unsigned node,
			   bool (*replace)(struct program_copy *copy, unsigned node, void *context), void *context)
{
	const struct program_call *call = &copy->from->calls[index];
	unsigned first = copy->to->node_count, span = copy->from->nodes[node].span, replaced;

	if (!begin_call(copy, index) || !program_copy_nodes(copy, call->node, node))
		goto full;
	replaced = copy->to->node_count;
	if (!replace(copy, node, context))
		goto full;
	for (unsigned i = call->node; i < node; i++)
		if (i + copy->from->nodes[i].span > node)
			copy->to->nodes[first + i - call->node].span += (uint16_t)(copy->to->node_count - replaced -
										   span);
	if (!program_copy_nodes(copy, node + span, (unsigned)call->node + call->node_count))
		goto full;
	return end_call(copy, index);
full:
	copy->to->node_count = first;
	return false;
}

void program_window(const struct program *program, unsigned first, unsigned count, struct program *out)
{
	struct program_copy copy;

	program_copy_start(&copy, program, out);
	for (unsigned i = first; i < program->call_count && i - first < count; i++)
		program_copy_call(&copy, i);
}

/* Marks the calls that make what this one uses. */
static void mark_producers(const struct program *program, unsigned index, bool *wanted)
{
	const struct program_call *call = &program->calls[index];

	for (unsigned n = call->node; n < (unsigned)call->node + call->node_count; n++)
		if (program->nodes[n].form == PROGRAM_REF)
			wanted[program->resources[program->nodes[n].value].call] = true;
	for (unsigned i = 0; call->thread && i < index; i++)
		if (program->calls[i].makes == call->thread)
			wanted[i] = true;
}

void program_slice(const struct program *program, unsigned first, unsigned count, struct program *out)
{
	bool wanted[PROGRAM_CALLS_MAX] = { false };
	struct program_copy copy;

	for (unsigned i = program->call_count; i-- > 0;) {
		wanted[i] |= i >= first && i - first < count;
		if (wanted[i])
			mark_producers(program, i, wanted);
	}
	program_copy_start(&copy, program, out);
	for (unsigned i = 0; i < program->call_count; i++)
		if (wanted[i])
			program_copy_call(&copy, i);
}
