/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tracing functions (option TRACE_FUNCTIONS): which ones is a bitmap on the command line, made by whoever has the
 * image's symbols, and what a traced function calls.
 *
 * Command line: trace.functions=BITMAP, base64 (RFC 4648, section 5), bit n%6 of digit n/6, the lowest first, for entry
 * n of the image's section __patchable_function_entries; trace.exits: their returns are told too.
 */
#pragma once

#include <kernel/types.h>

/* How many are traced. */
extern uint64_t function_count;

/* Reads the command line and patches the functions; when any is chosen the events are on. See trace_choose(). */
void function_choose(void);

/* Called by a function: just behind its entry, and where it was called. Any context. */
void function_entered(uint64_t at, uint64_t caller);
/* The same; *return_to is changed so that the function's return is seen. */
void function_entered_exits(uint64_t at, uint64_t *return_to);
/* It has returned: where it goes on. place: where the address it returned by was. */
uint64_t function_left(const uint64_t *place);
/*
 * Puts what functions really return to into a backtrace of the running thread, innermost first.
 */
void function_repair(uint64_t *pcs, size_t count);
