/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.dat, version 6 (trace-cmd.dat.v6(5)): what trace-cmd writes of Linux' ring buffer, and KernelShark reads.
 * Events are Linux' where it has the same ones, with its fields; the others are described as they are.
 */
#pragma once

#include "recording.h"

/* Numbers of events. Those of ftrace are Linux' own. */
enum dat_event {
	DAT_FUNCTION = 1,
	DAT_KERNEL_STACK = 4,
	DAT_GRAPH_EXIT = 10,
	DAT_GRAPH_ENTRY = 11,
	DAT_USER_STACK = 12,
	DAT_OTHERS = 100,	/* the stream's number is added */
};

#define DAT_COMM 16		/* bytes of a thread's name */
#define DAT_PRIORITY 120	/* of every thread: Linux' default, as ours have none */

/* dat_format.c: everything before the CPUs' data but the list of where that is. */
void dat_head(FILE *out, struct recording *recording, unsigned cpus);

/*
 * dat_page.c: the pages of one CPU's ring buffer, written as they get full.
 */
#define DAT_PAGE 4096
#define DAT_RECORD_MAX 2048	/* a multiple of 4 */
struct dat_page {
	FILE *out;
	uint8_t data[DAT_PAGE];
	size_t size;		/* bytes of events in it */
	uint64_t last_ns, lost;	/* records that were lost before what comes next */
	uint64_t count;		/* of pages that were written */
};

void dat_page_init(struct dat_page *page, FILE *out);
/* Adds a record, whose size is a multiple of 4. lost: how many are missing before it. */
void dat_page_add(struct dat_page *page, uint64_t time_ns, uint64_t lost, const void *record, size_t size);
/* Writes what there is. */
void dat_page_flush(struct dat_page *page);
