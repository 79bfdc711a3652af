/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text form of programs, for people: one call a line.
 *
 *	r0, r1 = pipe2(O_NONBLOCK)			# results get names; what holds nothing but results is left out
 *	write(r1, "abc\n" "a"*4096, 4100) = 4100	# joined strings; "a"*4096 is a repeated byte; x"00ff" is hex
 *	fcntl$setlk(r0, F_SETLK, {type=F_RDLCK, len=5})	# fields that are missing are 0
 *	read(r0, _, 100)				# _ is memory that the call writes
 *	poll([{fd=r0, events=POLLIN}], len, 100)	# len is the exact length
 *	clock_gettime(CLOCK_MONOTONIC, edge(_, 1))	# laid out so that its last byte is beyond the end of memory
 *	openat(AT_FDCWD, NULL, O_CREAT|0x800, 0644)	# pointers: NULL, @0x1000, &5 (to a number)
 *
 * Printing a program and parsing that gives the same program. What follows ')' is a comment for the parser: "= 4100".
 */
#pragma once

#include <fuzz/abi/program.h>
#include <stdio.h>

#define PROGRAM_ERROR_MAX 240

/* Values of calls' results for the printer; a program may have ended early: those past count are unknown. */
struct program_results {
	const uint64_t *words; /* as the harness tells them: two words a call, the result is the first */
	size_t count;  /* of words */
};

/* results may be NULL. */
void program_print(FILE *out, const struct program *program, const struct program_results *results);
/* One call without results, no newline: for reports. */
void program_print_call(FILE *out, const struct program *program, unsigned index);

/**
 * Parses text into canonical bytes. name is what the text is called in the error.
 *
 * @return the size; -1 with "NAME:LINE: what" in error (PROGRAM_ERROR_MAX bytes).
 */
ssize_t program_parse(const char *name, const char *text, size_t len, uint8_t *out, size_t max, char *error);

/* Reads a file of either form (text when its name ends in .prog or .txt). Result and errors as above. */
ssize_t program_load(const char *path, uint8_t *out, size_t max, char *error);

/* The calls [first, first + count) as a program of their own; what they refer to before is gone (-1 and the like). */
void program_window(const struct program *program, unsigned first, unsigned count, struct program *out);
