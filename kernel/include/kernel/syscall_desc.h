/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls described as data: names, numbers, argument types, directions, lengths, resources. Generated from
 * kernel/sys/syscalls.tbl and types.def (<build>/gen/syscall_desc.c), constant, and compiled into the kernel (strace,
 * crash reports, the syscall harness) and into host programs alike; so this header uses the compiler's own headers
 * only.
 *
 * A *call* is a row of the table: a plain call or a variant of one ("fcntl$setpipe_sz": same number, some arguments
 * fixed). (number, variant) identify it forever: inputs on disk refer to calls by them.
 *
 * A *type* says what a value means. Arguments and fields of structs hold values; values of kind DESC_POINTER point to a
 * target, whose type says what lies in memory. All values are little-endian.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum desc_kind {
	/* Values: arguments, fields, elements. */
	DESC_INT, /* a number; [min, max] is where it usually lies, not a limit */
	DESC_CONST, /* always values[0].value: what makes a variant, reserved fields */
	DESC_ENUM, /* one of values[] */
	DESC_FLAGS, /* an OR of values[]; a value of 0 and values of several bits may be among them */
	DESC_RESOURCE, /* what an earlier call made (resource), or one of its specials, or one of values[] */
	DESC_LENGTH, /* the length of the target of a sibling pointer: see length and unit */
	DESC_POINTER, /* the address of a target in direction dir; NULL is fine when DESC_OPTIONAL */
	/* What pointers point to, and parts of it. A target may also be any value above. */
	DESC_STRUCT, /* fields[] at their offsets, size bytes in all */
	DESC_UNION, /* one of fields[], all at offset 0 */
	DESC_ARRAY, /* elements of type target: min == max: that many; else what the sibling in length says */
	DESC_BYTES, /* raw bytes: as many as DESC_ARRAY's elements */
	DESC_STRING, /* NUL-terminated; values[] names usual ones (their numbers mean nothing) */
	DESC_PATH, /* NUL-terminated path name */
};

enum desc_dir {
	DESC_INHERIT, /* of a field: as the pointer that leads to the struct */
	DESC_IN, /* the call reads it */
	DESC_OUT, /* the call writes it */
	DESC_INOUT,
};

/* desc_type.flags */
#define DESC_SIGNED 0x01u /* sign-extended from its size; printed with a sign */
#define DESC_OPTIONAL 0x02u /* a pointer that may be NULL */
#define DESC_HEX 0x04u  /* how people read it */
#define DESC_OCTAL 0x08u
#define DESC_IGNORED 0x10u /* the kernel never looks at it */
#define DESC_MACHINE 0x20u /* differs from machine to machine: not compared between worlds */

/* desc_type.unit of DESC_LENGTH */
enum desc_unit {
	DESC_ELEMENTS, /* of the array (bytes of DESC_BYTES) */
	DESC_SIZE, /* the target's size in bytes */
};

struct desc_value {
	const char *name;
	uint64_t value;
};

/* A kind of handle. Where a resource is wanted, one of the same kind or of a kind that inherits from it fits. */
struct desc_resource {
	const char *name;   /* "fd_pipe_r" */
	const struct desc_resource *parent; /* what it also is: "fd"; NULL for a root */
	uint8_t id;    /* its index in desc_resources[] */
	uint8_t size;    /* bytes of its value */
	uint8_t special_count;
	const struct desc_value *specials; /* values that are always allowed: -1, 0 ... */
};

struct desc_field;

struct desc_type {
	uint8_t kind;   /* enum desc_kind */
	uint8_t flags;
	uint8_t dir;   /* DESC_POINTER: enum desc_dir of the target */
	uint8_t unit;   /* DESC_LENGTH: enum desc_unit */
	/*
	 * DESC_LENGTH: index of the pointer it measures; DESC_ARRAY, DESC_BYTES: index of the sibling (argument, or
	 * field of the struct that holds the pointer) that holds its length; -1: none.
	 */
	int8_t length;
	uint8_t align;   /* in memory */
	uint16_t value_count;
	uint16_t field_count;
	uint32_t size;   /* bytes in memory or of the argument's C type; 0: varies */
	uint64_t min, max;  /* DESC_INT; DESC_ARRAY, DESC_BYTES: number of elements when fixed */
	const char *name;  /* of the struct, flag set, enum or scalar; NULL when anonymous */
	const struct desc_value *values;
	const struct desc_resource *resource;
	const struct desc_type *target; /* DESC_POINTER, DESC_ARRAY */
	const struct desc_field *fields;
};

struct desc_field {
	const char *name;
	const struct desc_type *type;
	uint32_t offset;  /* 0 for arguments */
	uint8_t dir;   /* enum desc_dir */
};

#define DESC_ARGS_MAX 6

/* desc_call.flags */
#define DESC_CALL_ENDS 0x01u /* does not return: ends the program */
#define DESC_CALL_CODE 0x02u /* needs a program with code of its own: harness inputs leave it out */
#define DESC_CALL_HOST 0x04u /* exists in the host world */
#define DESC_CALL_VM 0x08u /* exists in the vm world */
#define DESC_CALL_QUICK 0x20u /* only tells a word: runs with interrupts off */
#define DESC_CALL_THREAD 0x10u /* makes a thread, which later calls of a harness input can name */

struct desc_call {
	const char *name;  /* "openat", "fcntl$setpipe_sz" */
	uint16_t number;  /* x86_64's, whatever the image: the name on the wire */
	uint16_t variant;  /* 0: the plain call */
	uint8_t flags;
	uint8_t arg_count;
	const struct desc_type *result; /* of a result >= 0; NULL when it is always 0 */
	struct desc_field args[DESC_ARGS_MAX];
};

/* Sorted by (number, variant). Only calls that this build has. */
extern const struct desc_call desc_calls[];
extern const size_t desc_call_count;
/* Where the rows of a number start, and, one further, end. Numbers are below desc_number_limit. */
extern const uint16_t desc_call_first[];
extern const uint32_t desc_number_limit;

extern const struct desc_resource *const desc_resources[];
extern const size_t desc_resource_count;

/* NULL when there is none. */
const struct desc_call *desc_call_find(uint32_t number, uint32_t variant);
const struct desc_call *desc_call_find_name(const char *name, size_t len);
/* True when a resource of kind have may be given where want is wanted. */
bool desc_resource_fits(const struct desc_resource *have, const struct desc_resource *want);
