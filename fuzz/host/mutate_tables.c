/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which calls the harness makes, and for each kind of resource, which make and which take it. Found once from the
 * tables.
 */
#include <fuzz/host/mutate_internal.h>
#include <stdlib.h>

#define CALLS_MAX 1024
#define KINDS_MAX 128

struct call_list {
	uint16_t count;
	uint16_t calls[CALLS_MAX];
};

static struct call_list all;
static struct call_list producers[KINDS_MAX], consumers[KINDS_MAX];

static void list_add(struct call_list *list, size_t call)
{
	if (list->count < CALLS_MAX && (!list->count || list->calls[list->count - 1] != call))
		list->calls[list->count++] = (uint16_t)call;
}

static const struct desc_call *list_pick(struct mutator *m, const struct call_list *list)
{
	return list->count ? &desc_calls[list->calls[random_below(m, list->count)]] : NULL;
}

/* Visits the resources in memory of this type that have direction `which`. */
static void walk(const struct desc_type *type, enum desc_dir dir, bool written,
		 void (*visit)(const struct desc_resource *kind, void *context), void *context)
{
	switch (type->kind) {
	case DESC_RESOURCE:
		if (written == (dir == DESC_OUT))
			visit(type->resource, context);
		break;
	case DESC_POINTER: walk(type->target, program_dir(type->dir, dir), written, visit, context); break;
	case DESC_ARRAY: walk(type->target, dir, written, visit, context); break;
	case DESC_STRUCT:
	case DESC_UNION:
		for (unsigned i = 0; i < type->field_count; i++)
			walk(type->fields[i].type, program_dir(type->fields[i].dir, dir), written, visit, context);
		break;
	default: break;
	}
}

void tables_foreach_need(const struct desc_call *desc, void (*visit)(const struct desc_resource *want, void *context),
			 void *context)
{
	for (unsigned i = 0; i < desc->arg_count; i++)
		walk(desc->args[i].type, DESC_IN, false, visit, context);
}

/* A pipe's end is also a file descriptor: what makes it serves whoever wants one of those. */
static void add_producer(const struct desc_resource *kind, void *context)
{
	for (; kind; kind = kind->parent)
		if (kind->id < KINDS_MAX)
			list_add(&producers[kind->id], *(size_t *)context);
}

/* Those who want any descriptor are content with every narrower kind; they are found by walking up from it. */
static void add_consumer(const struct desc_resource *kind, void *context)
{
	if (kind->id < KINDS_MAX)
		list_add(&consumers[kind->id], *(size_t *)context);
}

void tables_init(void)
{
	if (all.count)
		return;
	for (size_t i = 0; i < desc_call_count; i++) {
		const struct desc_call *desc = &desc_calls[i];

		if (!program_has_call(desc))
			continue;
		list_add(&all, i);
		if (desc->result && desc->result->kind == DESC_RESOURCE)
			add_producer(desc->result->resource, &i);
		for (unsigned arg = 0; arg < desc->arg_count; arg++)
			walk(desc->args[arg].type, DESC_IN, true, add_producer, &i);
		tables_foreach_need(desc, add_consumer, &i);
	}
}

const struct desc_call *tables_random_call(struct mutator *m)
{
	return list_pick(m, &all);
}

const struct desc_call *tables_producer(struct mutator *m, const struct desc_resource *want)
{
	return want->id < KINDS_MAX ? list_pick(m, &producers[want->id]) : NULL;
}

const struct desc_call *tables_consumer(struct mutator *m, const struct desc_resource *have)
{
	const struct desc_call *found = NULL;

	/* The narrower kind has fewer takers, each of which is more to the point. */
	for (; have && !(found && random_chance(m, 50)); have = have->parent)
		if (have->id < KINDS_MAX && consumers[have->id].count)
			found = list_pick(m, &consumers[have->id]);
	return found;
}
