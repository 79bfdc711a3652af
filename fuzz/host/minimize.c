/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Minimising: first whole calls (in halves, then one by one), then values, each by the steps that its type knows, from
 * the boldest to the smallest; of other inputs, bytes. Every accepted step makes the input shorter or plainer, so this
 * ends.
 */
#include <fuzz/abi/channel.h>
#include <fuzz/host/minimize.h>
#include <fuzz/host/program_edit.h>
#include <stdlib.h>
#include <string.h>

struct minimizer {
	still_fails_t *still_fails;
	void *context;
	struct program program, trial;
	size_t size;
	uint8_t *data;    /* of program */
	uint8_t trial_data[CHANNEL_INPUT_MAX];
	uint8_t kept[CHANNEL_INPUT_MAX]; /* what program's literals point to */
};

/* Takes the trial over if it is another program and still fails. */
static bool try_trial(struct minimizer *m)
{
	size_t size = program_encode(&m->trial, m->trial_data, sizeof(m->trial_data));

	if (!size || size > m->size || (size == m->size && memcmp(m->trial_data, m->data, size) == 0))
		return false;
	if (!m->still_fails(m->trial_data, size, m->context))
		return false;
	memcpy(m->data, m->trial_data, size);
	memcpy(m->kept, m->trial_data, size);
	m->size = size;
	program_decode(&m->program, m->kept, size);
	return true;
}

static bool remove_calls(struct minimizer *m, unsigned first, unsigned count)
{
	struct program_copy copy;

	program_copy_start(&copy, &m->program, &m->trial);
	for (unsigned i = 0; i < m->program.call_count; i++)
		if (i - first >= count)
			program_copy_call(&copy, i);
	return try_trial(m);
}

static bool shorten(struct minimizer *m)
{
	bool any = false;

	for (unsigned count = m->program.call_count / 2; count > 0; count /= 2)
		for (unsigned end = m->program.call_count; end >= count && end > 0; end--) {
			if (end > m->program.call_count)
				continue;
			any |= remove_calls(m, end - count, count);
		}
	return any;
}

/* ---- values ---- */

static bool plainer_number(struct program_node *node, unsigned step)
{
	uint64_t old = node->value;

	if (step == 0)
		node->value = 0;
	else if (node->type->kind == DESC_FLAGS && step <= 64)
		node->value &= ~(UINT64_C(1) << (step - 1));
	else if (node->type->kind != DESC_FLAGS && step == 1)
		node->value /= 2;
	else if (node->type->kind != DESC_FLAGS && step == 2)
		node->value--;
	node->value = program_cut(node->type, node->value);
	return node->value < old;
}

/* Contents become "aaaa": what matters is then the length. */
static bool plainer_blob(struct program_node *node, unsigned step)
{
	static const uint8_t plain[] = "aaaaaaaaaaaaaaaa";
	uint32_t count = step == 0 ? 0 : step == 1 ? node->count / 2 : step == 2 ? node->count - 1 : node->count;

	if (step > 3 || node->count == 0 || node->type->kind == DESC_PATH)
		return false;
	if (step < 3 && node->form == PROGRAM_LITERAL)
		program_set_literal(node, node->data, count);
	else if (count < PROGRAM_RUN_MIN)
		program_set_literal(node, plain, count);
	else
		program_set_fill(node, count, step < 3 ? (uint8_t)node->value : 'a');
	return true;
}

static bool shorter_array(struct program_copy *copy, unsigned index, unsigned step)
{
	const struct program_node *array = &copy->from->nodes[index], *element = array + 1;
	unsigned first = copy->to->node_count;
	struct program_node *node;

	if (step >= array->count || (array->type->length < 0 && array->type->min == array->type->max))
		return false;
	node = program_add_node(copy->to, array->type, PROGRAM_PLAIN);
	if (!node)
		return false;
	node->count = array->count - 1;
	for (unsigned i = 0; i < array->count; i++, element += element->span) {
		unsigned at = (unsigned)(element - copy->from->nodes);

		if (i != step && !program_copy_nodes(copy, at, at + element->span))
			return false;
	}
	program_close_tree(copy->to, first);
	return true;
}

static bool plainer_pointer(struct program_copy *copy, unsigned index, unsigned step)
{
	const struct program_node *old = &copy->from->nodes[index];
	struct program_node *node;

	if (step > 1 || (step == 0 && (!(old->type->flags & DESC_OPTIONAL) || old->form == PROGRAM_NULL)))
		return false;
	if (step == 1) {
		if (old->form != PROGRAM_EDGE || !program_copy_nodes(copy, index, index + old->span))
			return false;
		node = &copy->to->nodes[copy->to->node_count - old->span];
		node->form = PROGRAM_PLAIN;
		node->value = 0;
		return true;
	}
	node = program_add_node(copy->to, old->type, PROGRAM_NULL);
	if (node)
		node->dir = old->dir;
	return node != NULL;
}

/* Step 0 tries a default; which further ones there are depends on the type. */
static bool simplify(struct program_copy *copy, unsigned index, void *context)
{
	unsigned step = *(unsigned *)context;
	const struct program_node *old = &copy->from->nodes[index];
	const struct desc_type *type = old->type;
	struct program_node *node;

	if (old->form == PROGRAM_ABSENT || type->kind == DESC_CONST)
		return false;
	if (type->kind == DESC_POINTER)
		return plainer_pointer(copy, index, step);
	if (type->kind == DESC_ARRAY)
		return shorter_array(copy, index, step);
	if (type->kind == DESC_STRUCT || type->kind == DESC_UNION)
		return step == 0 && program_add_default(copy->to, type, DESC_IN);
	if (!program_copy_nodes(copy, index, index + 1))
		return false;
	node = &copy->to->nodes[copy->to->node_count - 1];
	if (program_is_blob(type))
		return plainer_blob(node, step);
	if (type->kind == DESC_LENGTH)
		return step == 0 && node->value != 0 && (node->value = 0, true);
	if (type->kind == DESC_RESOURCE)
		return false;
	return plainer_number(node, step);
}

/* More steps than any type has. */
#define STEPS 65

static bool simplify_node(struct minimizer *m, unsigned call, unsigned node)
{
	for (unsigned step = 0; step < STEPS; step++) {
		struct program_copy copy;
		bool copied = true;

		program_copy_start(&copy, &m->program, &m->trial);
		for (unsigned i = 0; copied && i < m->program.call_count; i++)
			copied = i == call ? program_copy_replaced(&copy, i, node, simplify, &step)
					   : program_copy_call(&copy, i);
		if (copied && try_trial(m))
			return true;
	}
	return false;
}

static bool simplify_values(struct minimizer *m)
{
	bool any = false;

	for (unsigned call = m->program.call_count; call-- > 0;)
		for (unsigned n = 0; n < m->program.calls[call].node_count; n++)
			while (n < m->program.calls[call].node_count &&
			       simplify_node(m, call, m->program.calls[call].node + n))
				any = true;
	return any;
}

static size_t minimize_program(struct minimizer *m)
{
	bool any = true;

	memcpy(m->kept, m->data, m->size);
	program_decode(&m->program, m->kept, m->size);
	/* The canonical form first: the steps compare with it. */
	program_window(&m->program, 0, PROGRAM_CALLS_MAX, &m->trial);
	try_trial(m);
	while (any) {
		any = shorten(m);
		any |= simplify_values(m);
	}
	return m->size;
}

/* ---- other inputs ---- */

static bool remove_bytes(struct minimizer *m, size_t first, size_t count)
{
	memcpy(m->trial_data, m->data, first);
	memcpy(m->trial_data + first, m->data + first + count, m->size - first - count);
	if (!m->still_fails(m->trial_data, m->size - count, m->context))
		return false;
	m->size -= count;
	memcpy(m->data, m->trial_data, m->size);
	return true;
}

static bool shorten_bytes(struct minimizer *m)
{
	size_t before = m->size;

	for (size_t count = m->size / 2; count > 0; count /= 2)
		for (size_t first = 0; first + count <= m->size;)
			if (!remove_bytes(m, first, count))
				first += count;
	return m->size < before;
}

static bool clear_bytes(struct minimizer *m)
{
	bool any = false;

	for (size_t i = 0; i < m->size; i++) {
		if (!m->data[i])
			continue;
		memcpy(m->trial_data, m->data, m->size);
		m->trial_data[i] = 0;
		if (m->still_fails(m->trial_data, m->size, m->context)) {
			m->data[i] = 0;
			any = true;
		}
	}
	return any;
}

static size_t minimize_bytes(struct minimizer *m)
{
	bool any = true;

	while (any) {
		any = shorten_bytes(m);
		any |= clear_bytes(m);
	}
	return m->size;
}

size_t minimize_input(const char *harness, uint8_t *data, size_t size, still_fails_t *still_fails, void *context)
{
	struct minimizer *m = calloc(1, sizeof(*m));

	if (!m || size > CHANNEL_INPUT_MAX) {
		free(m);
		return size;
	}
	m->still_fails = still_fails;
	m->context = context;
	m->data = data;
	m->size = size;
	size = strcmp(harness, "syscall") == 0 ? minimize_program(m) : minimize_bytes(m);
	free(m);
	return size;
}
