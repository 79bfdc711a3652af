/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call chains of programs that keep no frame pointers: from registers and a copy of the stack, by the tables of the
 * objects that the code is in (.eh_frame). Code without tables (a JIT's) is taken to keep frame pointers.
 */
#pragma once

#include "processes.h"

#define UNWIND_REGISTERS 17	/* in DWARF's order; the last is the return address, here the program counter */

struct unwind_start {
	uint32_t pid;
	const uint64_t *registers;
	const uint8_t *stack;		/* copy of the memory from the stack pointer, aligned down to 8, upwards */
	size_t stack_size;
	const uint64_t *frames;		/* what frame pointers say */
	size_t frame_count;
};

struct unwinder;

/* To be ended by unwind_free(). What it has found out about code is kept: it costs nothing the next time. */
struct unwinder *unwind_new(struct processes *processes);
void unwind_free(struct unwinder *unwinder);

/**
 * The program's part of a call chain, innermost first, as return addresses.
 *
 * @return how many of max were found; at least one where there is room
 */
size_t unwind(struct unwinder *unwinder, const struct unwind_start *start, uint64_t *pcs, size_t max);
