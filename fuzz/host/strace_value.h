/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments as strace prints them, as trees: {a=1, b=[2, "\x33"]}, O_RDWR|O_CREAT, 8192*1024, ~[HUP INT], NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum strace_kind {
	STRACE_NUMBER,  /* number, and word when it came from one name */
	STRACE_STRING,  /* bytes */
	STRACE_LIST,  /* [...]: children */
	STRACE_STRUCT,  /* {...}: children, with names where they have any */
	STRACE_NULL,
	STRACE_OTHER,  /* something that is not understood: "..." and the like */
};

struct strace_value {
	enum strace_kind kind;
	bool inverted;   /* ~[...] */
	uint64_t number;
	const char *word;  /* a name that is not known, or the name the number came from */
	size_t word_len;
	const char *name;  /* of this field */
	size_t name_len;
	const uint8_t *bytes;
	size_t len;
	int child, next;  /* indices; -1: none */
};

#define STRACE_VALUES_MAX 4096
#define STRACE_BYTES_MAX (256 * 1024)

struct strace_args {
	int first;   /* of the arguments, chained by next; -1: none */
	unsigned count;
	const char *end;  /* after the closing parenthesis */
	unsigned value_count;
	struct strace_value values[STRACE_VALUES_MAX];
	size_t byte_count;
	uint8_t bytes[STRACE_BYTES_MAX];
};

/* Parses from behind the opening parenthesis up to the closing one. False: it is not strace's, or too much. */
bool strace_parse_args(struct strace_args *args, const char *text, const char *end);

/* The value of a constant that any description names ("O_CREAT"); false when none does. */
bool strace_constant(const char *word, size_t len, uint64_t *value);
