/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs from what real programs did: reads the output of "strace -f -v -s 4096 -xx" and cuts it into short programs.
 *
 * Descriptors and other handles become references to the calls that made them, and those calls come along. Names of
 * files that the log makes itself are kept; others become files of the harness's fixture, as they would not be there.
 * Long buffers become as long fills. What the tables do not know is left out and counted. Of programs that do what
 * earlier ones did, only the first is kept.
 */
#pragma once

#include <fuzz/abi/program.h>
#include <stdbool.h>
#include <stdio.h>

#define STRACE_WINDOW 24 /* calls of a program */

struct strace_import;

struct strace_counts {
	size_t calls, converted, unknown, unreadable, programs;
	unsigned first_unreadable; /* its line */
	char unknown_names[160]; /* some of them */
};

/* Remembers what earlier logs gave. NULL: no memory. */
struct strace_import *strace_import_open(void);
/**
 * Calls visit for each program of a log that is worth keeping; a result other than 0 ends it.
 * @return 0, visit's result, or -1: out of memory.
 */
int strace_import(struct strace_import *import, const char *text, size_t len,
		  int (*visit)(const struct program *program, void *context), void *context,
		  struct strace_counts *counts);
void strace_import_close(struct strace_import *import);
