/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs: sequences of system calls, as inputs of the harness "syscall". Compiled into the guest and into host tools
 * alike, over the tables generated from syscalls.tbl; needs nothing but mem*() and str*().
 *
 * Any bytes are a program: program_decode() is total. A program has one canonical form, program_encode(), and decoding
 * that gives the same program again.
 *
 *	program = call*				at most PROGRAM_CALLS_MAX; what follows is ignored
 *	call    = number:u16 variant:u8 size payload[size]
 *	size    = u8 below 0xf0 | 0xf0..0xff (high 4 bits) u16
 *	payload = argument*			reads as zeros past its end, so trailing zeros are not written
 *
 * number is x86_64's system call number in its low 12 bits, above it the thread that makes the call: 0 the first one, n
 * the one that the program's nth call with @thread makes (modulo how many such calls stand before). variant is the
 * row's in syscalls.tbl. An unknown pair stands for a known one. Arguments have no type on the wire; it is the table's:
 *
 *	number	one byte 0..0xbf: itself; 0xc0+n: n+1 bytes; 0xc8+n: the complement of n+1 bytes; 0xd0..0xef: a usual
 *		boundary value (program_boundaries[]); 0xf0..0xff: -16..-1. Integers, enumerations, flags are numbers
 *	length	a number: what is added to the exact length of what it measures
 *	resource  0..0x5f: the nth last earlier resource that fits; 0x60..0x7f: the nth last of any kind; 0x80..0xbf:
 *		one of program_specials[]; 0xc0..0xff: a number follows
 *	pointer	0..0xbf: to the target that follows; 0xc0..0xcf: NULL; 0xd0+n: to the target, laid so that its last n
 *		bytes are beyond the end of the arena; 0xe0..0xff: any address, a number
 *	bytes	0..0xdf: so many bytes; 0xe0..0xef: 20 bits of length (4 here, then u16), then the bytes; 0xf0..0xff: 20
 *		bits of length, and the byte to repeat
 *	path	0..0x7f: one of program_paths[]; 0x80..0xff: bytes follow
 *	array	its length as a byte of which five bits count, then the elements; no length when it is fixed
 *	struct	its fields; union: a byte that says which field, then that
 *
 * What a call only writes (DESC_OUT) is not on the wire.
 *
 * Lists that the wire refers to by index only ever grow at their end.
 */
#pragma once

#include <kernel/syscall_desc.h>

#define PROGRAM_CALLS_MAX 32
#define PROGRAM_THREADS_MAX 16
#define PROGRAM_NODES_MAX 1024
#define PROGRAM_RESOURCES_MAX 64
#define PROGRAM_ELEMENTS_MAX 31
#define PROGRAM_FILL_MAX 0x11000u /* more than a pipe holds */
#define PROGRAM_RUN_MIN 16  /* a literal of one repeated byte that is this long is canonically a fill */
#define PROGRAM_HEADER_SIZE 4  /* bytes of the shortest call */

/*
 * Where arguments lie in the program's memory, mapped read-write before the first call. Each call lays its own anew:
 * small inputs and small outputs share the first page, as each page that an input writes to has to be reset.
 */
#define PROGRAM_ARENA UINT64_C(0x20000000)
#define PROGRAM_ARENA_SIZE UINT64_C(0x40000)
#define PROGRAM_SMALL_IN UINT64_C(0x0)  /* offsets in it */
#define PROGRAM_SMALL_OUT UINT64_C(0x800)
#define PROGRAM_LARGE_OUT UINT64_C(0x1000)
#define PROGRAM_LARGE_IN UINT64_C(0x20000)

/* The fixture's files hold this line again and again: f0 once, d0/f2 128 times. */
#define PROGRAM_FIXTURE_LINE "the quick brown fox jumps over the lazy dog, 0123456789 ABCDEFG\n"

/* How a node's value is meant; which of these are possible follows from the kind of its type. */
enum program_form {
	PROGRAM_PLAIN,  /* number: value; pointer: to the target, which is the next node unless it is only written;
				 * length: value is added to the exact one; struct, array: children follow */
	PROGRAM_ABSENT,  /* a field that the call only writes; zero in memory */
	PROGRAM_REF,  /* resource: value is the index of an earlier one in resources[] */
	PROGRAM_NULL,  /* pointer */
	PROGRAM_EDGE,  /* pointer: to the target; its last `value` bytes are beyond the arena */
	PROGRAM_RAW,  /* pointer: value is the address */
	PROGRAM_LITERAL, /* bytes, string, path: count bytes at data */
	PROGRAM_FILL,  /* the same: count times the byte `value` */
};

/* A value; those of a tree lie in an array, each before its children. */
struct program_node {
	const struct desc_type *type;
	union {
		uint64_t value;
		const uint8_t *data; /* PROGRAM_LITERAL; not terminated; belongs to whoever made the program */
	};
	uint32_t count;   /* bytes of data; elements of an array; the field of a union */
	uint16_t span;   /* nodes of this tree, this one included */
	uint8_t form;   /* enum program_form */
	uint8_t dir;   /* pointer: enum desc_dir of the target (never DESC_INHERIT) */
};

/* Something a call makes. Its value is -1 when the call fails. */
struct program_resource {
	const struct desc_resource *kind;
	uint8_t call;
	int8_t arg;   /* -1: the call's result; else it lies in what argument arg points to */
	uint16_t offset;  /* there */
};

struct program_call {
	const struct desc_call *desc;
	uint16_t node, node_count; /* its arguments, one tree after the other */
	uint8_t resource, resource_count;
	uint8_t thread; /* which makes it; 0: the first */
	uint8_t makes;  /* the number of the thread it makes; 0: none */
};

struct program {
	uint32_t call_count, node_count, resource_count, thread_count; /* threads: less the first */
	struct program_call calls[PROGRAM_CALLS_MAX];
	struct program_resource resources[PROGRAM_RESOURCES_MAX];
	struct program_node nodes[PROGRAM_NODES_MAX];
};

extern const uint64_t program_boundaries[32];
#define PROGRAM_SPECIALS 8
extern const int64_t program_specials[PROGRAM_SPECIALS];
extern const char *const program_paths[];
extern const size_t program_path_count;

/**
 * Decodes any bytes. Literals point into data. A call that does not fit into the limits ends the program.
 */
void program_decode(struct program *program, const uint8_t *data, size_t size);

/*
 * Writes the canonical form. @return its size; 0 when max is too little (two bytes more than the size may be needed).
 */
size_t program_encode(const struct program *program, uint8_t *out, size_t max);

/* ---- building; used by decoder, parser and mutator alike ---- */

/* True when the harness makes this call: it needs no program with code of its own. */
bool program_has_call(const struct desc_call *desc);
/* Makes it empty. */
void program_clear(struct program *program);
/*
 * Opens a call, of the first thread; false when there is no room. Nodes for each argument are appended next, then
 * program_end_call().
 */
bool program_begin_call(struct program *program, const struct desc_call *desc);
/* The open call is made by that thread, modulo those that there are. */
void program_set_thread(struct program *program, unsigned thread);
/* Closes it: notes what it makes. False when it did not fit; the call is then gone. */
bool program_end_call(struct program *program);
/* Appends a node; NULL when there is no room. */
struct program_node *program_add_node(struct program *program, const struct desc_type *type, enum program_form form);
/*
 * Makes a blob node (DESC_BYTES, DESC_STRING, DESC_PATH) hold these bytes, or a byte len times; cut to what its type
 * can hold.
 */
void program_set_literal(struct program_node *node, const uint8_t *data, uint32_t len);
void program_set_fill(struct program_node *node, uint32_t len, uint8_t byte);
/* One of program_paths[] for a DESC_PATH node; which of them it is, -1: none. */
void program_set_path(struct program_node *node, unsigned index);
int program_path_index(const struct program_node *node);
/* What is added to a length, as a node of this type holds it. */
uint64_t program_cut_length(const struct desc_type *type, uint64_t value);
/* A number as a value of this type can hold it: cut to its size and extended again. */
uint64_t program_cut(const struct desc_type *type, uint64_t value);
/*
 * The last resource before `before` (an index in resources[]) that fits, skip of them passed over; -1: none. want NULL:
 * any.
 */
int program_find_resource(const struct program *program, const struct desc_resource *want, unsigned before,
			  unsigned skip);
/* The direction of a field's or target's memory, given that of what holds it. */
static inline enum desc_dir program_dir(uint8_t own, enum desc_dir holder)
{
	return own == DESC_INHERIT ? holder : (enum desc_dir)own;
}
/* True when a pointer node's target follows it. */
static inline bool program_has_target(const struct program_node *node)
{
	return (node->form == PROGRAM_PLAIN || node->form == PROGRAM_EDGE) && node->dir != DESC_OUT;
}
/* True for DESC_BYTES, DESC_STRING, DESC_PATH. */
static inline bool program_is_blob(const struct desc_type *type)
{
	return type->kind == DESC_BYTES || type->kind == DESC_STRING || type->kind == DESC_PATH;
}

/* ---- lengths ---- */

/**
 * What a DESC_LENGTH node among siblings (arguments of a call or fields of a struct; the first is siblings[0]) would be
 * if it were exact: 0 for a target that is only written and of no fixed size.
 */
uint64_t program_exact_length(const struct desc_type *length, const struct program_node *siblings);
/* The same plus what the node adds, cut to its type. */
uint64_t program_length_value(const struct program_node *node, const struct program_node *siblings);
/* The nth of sibling trees. */
const struct program_node *program_sibling(const struct program_node *siblings, unsigned n);
/* Bytes that a target takes in memory (a written array: by the value of the sibling that holds its length). */
uint64_t program_target_size(const struct program_node *pointer, const struct program_node *siblings);
