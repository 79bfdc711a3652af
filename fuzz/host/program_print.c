/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Program to text. Everything that the canonical form can say is written so that program_parse() reads it back the
 * same.
 */
#include <ctype.h>
#include <fuzz/abi/channel.h>
#include <fuzz/host/program_internal.h>
#include <inttypes.h>
#include <string.h>

struct printer {
	FILE *out;
	const struct program *program;
};

static const struct program_node *print_target(struct printer *printer, const struct program_node *node,
					       const struct program_node *siblings);

static uint64_t masked(const struct desc_type *type, uint64_t value)
{
	return type->size == 0 || type->size >= 8 ? value : value & ((UINT64_C(1) << (type->size * 8)) - 1);
}

static void print_number(struct printer *printer, const struct desc_type *type, uint64_t value)
{
	if (type->flags & DESC_HEX)
		fprintf(printer->out, "%#" PRIx64, masked(type, value));
	else if (type->flags & DESC_OCTAL)
		fprintf(printer->out, "%#" PRIo64, masked(type, value));
	else if (type->flags & DESC_SIGNED)
		fprintf(printer->out, "%" PRId64, (int64_t)value);
	else
		fprintf(printer->out, value > UINT32_MAX ? "%#" PRIx64 : "%" PRIu64, value);
}

static bool print_name(struct printer *printer, const struct desc_value *values, size_t count,
		       const struct desc_type *type, uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		if (program_cut(type, values[i].value) == value && program_is_name(values[i].name)) {
			fputs(values[i].name, printer->out);
			return true;
		}
	return false;
}

/* The value with the most bits that is wholly in `left`; those of several bits would else never be seen. */
static const struct desc_value *largest_flag(const struct desc_type *type, uint64_t left)
{
	const struct desc_value *best = NULL;
	int best_bits = 0;

	for (unsigned i = 0; i < type->value_count; i++) {
		uint64_t value = masked(type, type->values[i].value);
		int bits = __builtin_popcountll(value);

		if (value && (left & value) == value && bits > best_bits) {
			best = &type->values[i];
			best_bits = bits;
		}
	}
	return best;
}

static void print_flags(struct printer *printer, const struct desc_type *type, uint64_t value)
{
	uint64_t left = masked(type, value);
	const struct desc_value *flag;
	const char *separator = "";

	if (left == 0 && print_name(printer, type->values, type->value_count, type, 0))
		return;
	while ((flag = largest_flag(type, left))) {
		fprintf(printer->out, "%s%s", separator, flag->name);
		left &= ~masked(type, flag->value);
		separator = "|";
	}
	if (left || !*separator)
		fprintf(printer->out, left > 9 ? "%s%#" PRIx64 : "%s%" PRIu64, separator, left);
}

static void print_resource(struct printer *printer, const struct program_node *node)
{
	const struct desc_type *type = node->type;

	if (node->form == PROGRAM_REF)
		fprintf(printer->out, "r%" PRIu64, node->value);
	else if (!print_name(printer, type->values, type->value_count, type, node->value) &&
		 !print_name(printer, type->resource->specials, type->resource->special_count, type, node->value))
		print_number(printer, type, node->value);
}

/* ---- blobs ---- */

static size_t run_length(const uint8_t *data, size_t len)
{
	size_t n = 1;

	while (n < len && data[n] == data[0])
		n++;
	return n;
}

static void print_quoted(struct printer *printer, const uint8_t *data, size_t len)
{
	putc('"', printer->out);
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '"' || data[i] == '\\')
			fprintf(printer->out, "\\%c", data[i]);
		else if (data[i] == '\n')
			fputs("\\n", printer->out);
		else if (data[i] >= 32 && data[i] < 127)
			putc(data[i], printer->out);
		else
			fprintf(printer->out, "\\x%02x", data[i]);
	}
	putc('"', printer->out);
}

/* A piece without long runs: quoted, or in hex when most of it could not be read anyway. */
static void print_piece(struct printer *printer, const uint8_t *data, size_t len)
{
	size_t readable = 0;

	for (size_t i = 0; i < len; i++)
		readable += (data[i] >= 32 && data[i] < 127) || data[i] == '\n';
	if (readable * 2 >= len) {
		print_quoted(printer, data, len);
		return;
	}
	fputs("x\"", printer->out);
	for (size_t i = 0; i < len; i++)
		fprintf(printer->out, "%02x", data[i]);
	putc('"', printer->out);
}

static void print_run(struct printer *printer, uint8_t byte, size_t count)
{
	print_quoted(printer, &byte, 1);
	fprintf(printer->out, "*%zu", count);
}

static void print_literal(struct printer *printer, const uint8_t *data, size_t len)
{
	const char *separator = "";
	size_t start = 0, run;

	for (size_t i = 0; i < len; i += run) {
		run = run_length(data + i, len - i);
		if (run < PROGRAM_RUN_MIN)
			continue;
		if (i > start) {
			fputs(separator, printer->out);
			print_piece(printer, data + start, i - start);
			separator = " ";
		}
		fputs(separator, printer->out);
		print_run(printer, data[i], run);
		separator = " ";
		start = i + run;
	}
	if (start < len || len == 0) {
		fputs(separator, printer->out);
		print_piece(printer, data + start, len - start);
	}
}

/* ---- trees ---- */

static void print_fields(struct printer *printer, const struct program_node *node)
{
	const struct desc_type *type = node->type;
	const struct program_node *child = node + 1;
	const char *separator = "";

	putc('{', printer->out);
	if (type->kind == DESC_UNION) {
		fprintf(printer->out, "%s=", type->fields[node->count].name);
		print_target(printer, child, child);
	} else {
		for (unsigned i = 0; i < type->field_count; i++, child += child->span) {
			if (child->form == PROGRAM_ABSENT)
				continue;
			fprintf(printer->out, "%s%s=", separator, type->fields[i].name);
			print_target(printer, child, node + 1);
			separator = ", ";
		}
	}
	putc('}', printer->out);
}

static void print_array(struct printer *printer, const struct program_node *node)
{
	const struct program_node *child = node + 1;

	putc('[', printer->out);
	for (uint32_t i = 0; i < node->count; i++) {
		if (i)
			fputs(", ", printer->out);
		child = print_target(printer, child, child);
	}
	putc(']', printer->out);
}

static void print_pointer(struct printer *printer, const struct program_node *node)
{
	if (node->form == PROGRAM_NULL) {
		fputs("NULL", printer->out);
		return;
	}
	if (node->form == PROGRAM_RAW) {
		fprintf(printer->out, "@0x%" PRIx64, node->value);
		return;
	}
	if (node->form == PROGRAM_EDGE)
		fputs("edge(", printer->out);
	if (node->dir == DESC_OUT) {
		putc('_', printer->out);
	} else {
		if (program_is_scalar(node->type->target))
			putc('&', printer->out);
		print_target(printer, node + 1, node + 1);
	}
	if (node->form == PROGRAM_EDGE && node->value)
		fprintf(printer->out, ", %" PRIu64 ")", node->value);
	else if (node->form == PROGRAM_EDGE)
		putc(')', printer->out);
}

/* @return the node after this tree. */
static const struct program_node *print_target(struct printer *printer, const struct program_node *node,
					       const struct program_node *siblings)
{
	const struct desc_type *type = node->type;

	switch (type->kind) {
	case DESC_CONST:
		if (!program_is_name(type->values[0].name))
			print_number(printer, type, node->value);
		else
			fputs(type->values[0].name, printer->out);
		break;
	case DESC_ENUM:
		if (!print_name(printer, type->values, type->value_count, type, node->value))
			print_number(printer, type, node->value);
		break;
	case DESC_FLAGS: print_flags(printer, type, node->value); break;
	case DESC_RESOURCE: print_resource(printer, node); break;
	case DESC_LENGTH: print_number(printer, type, program_length_value(node, siblings)); break;
	case DESC_POINTER: print_pointer(printer, node); break;
	case DESC_STRUCT:
	case DESC_UNION: print_fields(printer, node); break;
	case DESC_ARRAY: print_array(printer, node); break;
	case DESC_BYTES:
	case DESC_STRING:
	case DESC_PATH:
		if (node->form == PROGRAM_FILL)
			print_run(printer, (uint8_t)node->value, node->count);
		else
			print_literal(printer, node->data, node->count);
		break;
	default: print_number(printer, type, node->value);
	}
	return node + node->span;
}

void program_print_call(FILE *out, const struct program *program, unsigned index)
{
	const struct program_call *call = &program->calls[index];
	const struct program_node *first = &program->nodes[call->node], *node = first;
	struct printer printer = { out, program };
	const char *separator = "";

	if (call->thread)
		fprintf(out, "@%u ", call->thread);
	for (unsigned i = 0; i < call->resource_count; i++)
		fprintf(out, "%sr%u", i ? ", " : "", call->resource + i);
	fprintf(out, "%s%s(", call->resource_count ? " = " : "", call->desc->name);
	for (unsigned i = 0; i < call->desc->arg_count; i++, node += node->span) {
		if (node->form == PROGRAM_PLAIN && program_is_elided(call->desc, i))
			continue;
		fputs(separator, out);
		print_target(&printer, node, first);
		separator = ", ";
	}
	putc(')', out);
}

static void print_result(FILE *out, uint64_t word)
{
	int64_t result = (int64_t)word;
	const char *name = result < 0 && result >= -4095 ? strerrorname_np((int)-result) : NULL;

	if (name)
		fprintf(out, " = -%s", name);
	else
		fprintf(out, word > UINT32_MAX ? " = %#" PRIx64 : " = %" PRIu64, word);
}

void program_print(FILE *out, const struct program *program, const struct program_results *results)
{
	for (unsigned i = 0; i < program->call_count; i++) {
		program_print_call(out, program, i);
		if (results && 2 * i < results->count && results->words[2 * i] != CHANNEL_NO_RESULT)
			print_result(out, results->words[2 * i]);
		putc('\n', out);
	}
}
