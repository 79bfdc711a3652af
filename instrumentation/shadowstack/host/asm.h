/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shadow stack's filter: what it knows of the assembly that it reads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Of a function: lines first to end, its label being the first; its name has len bytes. */
struct function {
	size_t first, end;
	const char *name;
	size_t len;
	bool returns;
};

extern char **lines;
extern size_t count;
extern struct function *functions;	/* by their names */
extern size_t function_count;

/* Ends the program with one line that says what is wrong with a line. */
void fail(size_t line, const char *what) __attribute__((noreturn));
void no_memory(void) __attribute__((noreturn));

/* All of the standard input, into lines. */
void read_all(void);
/* After read_all(). */
void find_functions(void);
/* The function whose label is on the line, or NULL. */
const struct function *function_at(size_t line);
/* That a call names; NULL: it is none of these. */
const struct function *function_called(const char *p);

/* The instruction of a line, behind its prefixes; NULL: it is a label, a directive, a comment. */
const char *instruction(const char *line);
/* Whether a line belongs to inline assembly, as the one before it does or not. */
bool is_foreign(const char *line, bool before);
bool is_marker(const char *line, const char *marker);

/* Of an instruction. */
bool is(const char *instruction, const char *name);
bool starts(const char *p, const char *with);
bool is_one_of(const char *p, const char *const *names, size_t n);
#define IS_ONE_OF(p, names) is_one_of(p, names, sizeof(names) / sizeof(*(names)))
bool is_return(const char *p);
bool is_branch(const char *p);
/* A branch that leaves the function; where a table of jumps leads is in it. */
bool is_tail_call(const char *p);
/* The operand that is written; AT&T's order has it last. */
const char *last_operand(const char *p);
/* The number of the register that starts at a name of it, or of a part of it; 0: none that is an address. */
unsigned register_number(const char *p);
/* A line of inline assembly that says where else it may go on, as static branches do. */
bool is_asm_goto(const char *line);
/* The line of the function with the label that a jump or such a line names; end: it names none. */
size_t jump_target(const char *p, size_t first, size_t end);
