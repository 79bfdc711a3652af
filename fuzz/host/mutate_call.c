/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copying and adding whole calls. A copied reference follows its resource to its new place; where that is gone, it
 * finds another that fits.
 */
#include <fuzz/host/mutate_internal.h>
#include <string.h>

#define PRODUCER_DEPTH 2

bool call_copy_nodes(struct mutator *m, const struct program *from, unsigned start, unsigned end)
{
	unsigned before = m->to->calls[m->to->call_count].resource;
	struct program_node *node = &m->to->nodes[m->to->node_count];
	unsigned count = end - start;

	if (count > PROGRAM_NODES_MAX - m->to->node_count)
		return false;
	memcpy(node, &from->nodes[start], count * sizeof(*node));
	m->to->node_count += count;
	for (; count > 0; count--, node++) {
		if (node->form != PROGRAM_REF)
			continue;
		if (m->map[node->value] != MUTATE_NONE)
			node->value = m->map[node->value];
		else
			value_choose_resource(m, node, before);
	}
	return true;
}

bool call_end_copy(struct mutator *m, const struct program *from, unsigned index)
{
	const struct program_call *old = &from->calls[index], *new = &m->to->calls[m->to->call_count];

	if (!program_end_call(m->to))
		return false;
	for (unsigned i = 0; i < old->resource_count; i++)
		m->map[old->resource + i] = (uint16_t)(new->resource + i);
	m->threads[old->makes] = new->makes;
	return true;
}

bool call_begin_copy(struct mutator *m, const struct program_call *call)
{
	if (!program_begin_call(m->to, call->desc))
		return false;
	program_set_thread(m->to, m->threads[call->thread]);
	return true;
}

bool call_copy_rest(struct mutator *m, const struct program *from, unsigned index)
{
	const struct program_call *call = &from->calls[index];

	return call_copy_nodes(m, from, call->node, (unsigned)call->node + call->node_count) &&
	       call_end_copy(m, from, index);
}

bool call_copy(struct mutator *m, const struct program *from, unsigned index)
{
	return call_begin_copy(m, &from->calls[index]) && call_copy_rest(m, from, index);
}

/* ---- new calls ---- */

struct needs {
	struct mutator *m;
	unsigned depth;
};

static void provide(const struct desc_resource *want, void *context)
{
	struct needs *needs = context;
	const struct desc_call *producer;

	if (program_find_resource(needs->m->to, want, needs->m->to->resource_count, 0) >= 0 ||
	    !random_chance(needs->m, 85))
		return;
	producer = tables_producer(needs->m, want);
	if (producer)
		call_add(needs->m, producer, needs->depth + 1);
}

bool call_add(struct mutator *m, const struct desc_call *desc, unsigned depth)
{
	struct needs needs = { m, depth };
	unsigned nodes;

	if (depth < PRODUCER_DEPTH)
		tables_foreach_need(desc, provide, &needs);
	nodes = m->to->node_count;
	if (!program_begin_call(m->to, desc))
		return false;
	if (m->to->thread_count && random_chance(m, 50))
		program_set_thread(m->to, (unsigned)random_below(m, PROGRAM_THREADS_MAX));
	for (unsigned i = 0; i < desc->arg_count; i++)
		if (!value_add(m, desc->args[i].type, DESC_IN, desc->args)) {
			m->to->node_count = nodes;
			return false;
		}
	return program_end_call(m->to);
}

const struct desc_call *call_choose(struct mutator *m)
{
	const struct desc_call *desc = NULL;
	unsigned count = m->to->resource_count;

	if (count && random_chance(m, 65))
		desc = tables_consumer(
			m, m->to->resources[random_chance(m, 40) ? count - 1 : random_below(m, count)].kind);
	return desc ? desc : tables_random_call(m);
}
