/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls as text, as strace(1) shows them: "openat(AT_FDCWD, "/etc/passwd", O_CLOEXEC, 0) = 3". Everything comes
 * from the descriptions (kernel/syscall_desc.h). Program memory is read again for it, and may be bad.
 */
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/syscall_desc.h>

#include "sys_internal.h"

#define TEXT_SHOWN 32
#define ELEMENTS_SHOWN 8
#define DEPTH_MAX 4

struct writer {
	char *buf;
	size_t size, len;
};

/* Where values of one list are: arguments, or the fields of a struct in memory. */
struct scope {
	const struct desc_field *fields;
	unsigned count;
	const uint64_t *args; /* arguments; NULL: fields at base */
	user_ptr_t base;
	bool done;  /* the call has returned without an error: what it wrote may be shown */
	unsigned depth;
};

static void put(struct writer *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(struct writer *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	w->len += format_va(w->buf + w->len, w->size - w->len, fmt, args);
	va_end(args);
	w->len = min(w->len, w->size - 1);
}

static void put_number(struct writer *w, const struct desc_type *type, uint64_t value)
{
	unsigned shift = 64 - 8 * min(type->size ? type->size : 8, 8u);

	if (type->flags & DESC_SIGNED)
		put(w, "%ld", (long)((int64_t)(value << shift) >> shift));
	else if (type->flags & DESC_OCTAL)
		put(w, "%#lo", (unsigned long)(value << shift >> shift));
	else if (type->flags & DESC_HEX)
		put(w, "%#lx", (unsigned long)(value << shift >> shift));
	else
		put(w, "%lu", (unsigned long)(value << shift >> shift));
}

static uint64_t mask_of(const struct desc_type *type)
{
	return type->size && type->size < 8 ? (UINT64_C(1) << (8 * type->size)) - 1 : UINT64_MAX;
}

static const char *value_name(const struct desc_value *values, size_t count, uint64_t value, uint64_t mask)
{
	for (size_t i = 0; i < count; i++)
		if (((values[i].value ^ value) & mask) == 0)
			return values[i].name;
	return NULL;
}

static void put_flags(struct writer *w, const struct desc_type *type, uint64_t value)
{
	uint64_t rest = value & mask_of(type);
	const char *name = value_name(type->values, type->value_count, rest, mask_of(type)), *bar = "";

	if (name) {
		put(w, "%s", name);
		return;
	}
	for (unsigned i = 0; i < type->value_count; i++) {
		uint64_t bits = type->values[i].value & mask_of(type);

		if (!bits || (rest & bits) != bits)
			continue;
		put(w, "%s%s", bar, type->values[i].name);
		rest &= ~bits;
		bar = "|";
	}
	if (rest || !*bar)
		put(w, "%s%#lx", bar, (unsigned long)rest);
}

static void put_named(struct writer *w, const struct desc_type *type, uint64_t value)
{
	const char *name = value_name(type->values, type->value_count, value, mask_of(type));

	if (name)
		put(w, "%s", name);
	else
		put_number(w, type, value);
}

static void put_char(struct writer *w, uint8_t c)
{
	if (c == '\n')
		put(w, "\\n");
	else if (c == '"' || c == '\\')
		put(w, "\\%c", c);
	else if (c >= ' ' && c < 127)
		put(w, "%c", c);
	else
		put(w, "\\x%02x", c);
}

static void put_bytes(struct writer *w, user_ptr_t address, uint64_t len)
{
	uint8_t bytes[TEXT_SHOWN];
	size_t shown = min(len, (uint64_t)sizeof(bytes));

	if (user_copy_in(bytes, address, shown)) {
		put(w, "%#lx", (unsigned long)address);
		return;
	}
	put(w, "\"");
	for (size_t i = 0; i < shown; i++)
		put_char(w, bytes[i]);
	put(w, "\"%s", len > shown ? "..." : "");
}

static void put_string(struct writer *w, user_ptr_t address)
{
	char text[TEXT_SHOWN * 2];
	ssize_t len = user_copy_string(text, address, sizeof(text));

	if (len == -EFAULT)
		put(w, "%#lx", (unsigned long)address);
	else
		put_bytes(w, address, len < 0 ? sizeof(text) + 1 : (uint64_t)len);
}

static bool read_value(const struct scope *scope, unsigned i, uint64_t *value)
{
	size_t size = min(scope->fields[i].type->size, 8u);

	*value = 0;
	if (!scope->args)
		return !user_copy_in(value, scope->base + scope->fields[i].offset, size);
	*value = scope->args[i];
	return true;
}

static void put_value(struct writer *w, const struct scope *scope, const struct desc_type *type, uint64_t value);

/* The value of a type that lies at address. */
static void put_at(struct writer *w, const struct scope *scope, const struct desc_type *type, user_ptr_t address);

static void put_fields(struct writer *w, const struct scope *outer, const struct desc_type *type, user_ptr_t address)
{
	struct scope scope = { .fields = type->fields,
			       .count = type->field_count,
			       .base = address,
			       .done = outer->done,
			       .depth = outer->depth + 1 };

	put(w, "{");
	for (unsigned i = 0; i < scope.count; i++) {
		const struct desc_field *field = &scope.fields[i];
		uint64_t value;

		put(w, "%s%s=", i ? ", " : "", field->name);
		if (field->type->kind == DESC_STRUCT || field->type->kind == DESC_ARRAY ||
		    field->type->kind == DESC_BYTES)
			put_at(w, &scope, field->type, address + field->offset);
		else if (read_value(&scope, i, &value))
			put_value(w, &scope, field->type, value);
		else
			put(w, "?");
		if (type->kind == DESC_UNION)
			break;
	}
	put(w, "}");
}

static void put_elements(struct writer *w, const struct scope *scope, const struct desc_type *element,
			 user_ptr_t address, uint64_t count)
{
	put(w, "[");
	for (uint64_t i = 0; i < min(count, (uint64_t)ELEMENTS_SHOWN); i++) {
		put(w, "%s", i ? ", " : "");
		put_at(w, scope, element, address + i * element->size);
	}
	put(w, "%s]", count > ELEMENTS_SHOWN ? ", ..." : "");
}

static uint64_t length_of(const struct scope *scope, const struct desc_type *type)
{
	uint64_t value = 0;

	if (type->length < 0)
		return type->max;
	read_value(scope, (unsigned)type->length, &value);
	return value & mask_of(scope->fields[type->length].type);
}

static void put_at(struct writer *w, const struct scope *scope, const struct desc_type *type, user_ptr_t address)
{
	uint64_t value = 0;

	if (scope->depth >= DEPTH_MAX)
		put(w, "%#lx", (unsigned long)address);
	else if (type->kind == DESC_STRUCT || type->kind == DESC_UNION)
		put_fields(w, scope, type, address);
	else if (type->kind == DESC_ARRAY)
		put_elements(w, scope, type->target, address, length_of(scope, type));
	else if (type->kind == DESC_BYTES)
		put_bytes(w, address, length_of(scope, type));
	else if (type->kind == DESC_STRING || type->kind == DESC_PATH)
		put_string(w, address);
	else if (user_copy_in(&value, address, min(type->size, 8u)))
		put(w, "%#lx", (unsigned long)address);
	else
		put_value(w, scope, type, value);
}

static void put_pointer(struct writer *w, const struct scope *scope, const struct desc_type *type, uint64_t value)
{
	if (!value)
		put(w, "NULL");
	else if (type->dir == DESC_OUT && !scope->done)
		put(w, "%#lx", (unsigned long)value);
	else
		put_at(w, scope, type->target, value);
}

static void put_value(struct writer *w, const struct scope *scope, const struct desc_type *type, uint64_t value)
{
	const struct desc_resource *resource = type->resource;
	const char *name;

	switch (type->kind) {
	case DESC_POINTER:
		put_pointer(w, scope, type, value);
		break;
	case DESC_FLAGS:
		put_flags(w, type, value);
		break;
	case DESC_RESOURCE:
		/* Only negative specials have telling names: 0 and 1 are numbers like any other. */
		name = value_name(type->values, type->value_count, value, mask_of(type));
		if (!name && resource && resource->size == 8 && value)
			put(w, "%#lx", (unsigned long)value);
		else if (name)
			put(w, "%s", name);
		else
			put_number(w, type, value);
		break;
	default:
		put_named(w, type, value);
		break;
	}
}

/* ---- calls ---- */

static bool variant_matches(const struct desc_call *call, const uint64_t args[6])
{
	for (unsigned i = 0; i < call->arg_count; i++) {
		const struct desc_type *type = call->args[i].type;

		if (type->kind == DESC_CONST && ((type->values[0].value ^ args[i]) & mask_of(type)))
			return false;
	}
	return true;
}

/* The narrowest description of a call: a variant whose constants fit, else the plain one; NULL when there is none. */
static const struct desc_call *describe(uint64_t number, const uint64_t args[6])
{
	const struct desc_call *plain = number <= UINT16_MAX ? desc_call_find((uint32_t)number, 0) : NULL;
	const struct desc_call *end = desc_calls + desc_call_count;

	if (!plain)
		return NULL;
	for (const struct desc_call *call = plain + 1; call < end && call->number == number; call++)
		if (variant_matches(call, args))
			return call;
	return plain;
}

static void put_result(struct writer *w, const struct desc_call *call, long result)
{
	const char *error = result < 0 ? errno_name((int)-result) : NULL;
	const struct scope nowhere = { .depth = DEPTH_MAX };

	put(w, " = ");
	if (error)
		put(w, "-1 %s", error);
	else if (call && call->result)
		put_value(w, &nowhere, call->result, (uint64_t)result);
	else
		put(w, "%ld", result);
}

size_t syscall_format(char *buf, size_t size, uint64_t number, const uint64_t args[6], const long *result)
{
	const struct desc_call *call = describe(number, args);
	struct writer w = { buf, size, 0 };

	if (!call) {
		put(&w, "syscall_%lu(%#lx, %#lx, %#lx, ...)", (unsigned long)number, (unsigned long)args[0],
		    (unsigned long)args[1], (unsigned long)args[2]);
	} else {
		struct scope scope = {
			.fields = call->args, .count = call->arg_count, .args = args, .done = result && *result >= 0
		};

		put(&w, "%.*s(", (int)(strchr(call->name, '$') ? strchr(call->name, '$') - call->name : 64),
		    call->name);
		for (unsigned i = 0; i < call->arg_count; i++) {
			put(&w, "%s", i ? ", " : "");
			put_value(&w, &scope, call->args[i].type, args[i]);
		}
		put(&w, ")");
	}
	if (result)
		put_result(&w, call, *result);
	return w.len;
}

bool syscall_returns(uint64_t number)
{
	const struct desc_call *call = number <= UINT16_MAX ? desc_call_find((uint32_t)number, 0) : NULL;

	return !call || !(call->flags & DESC_CALL_ENDS);
}
