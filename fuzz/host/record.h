/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What inputs did in one world, written to a file: one world may be in another machine than the other (Xen's, in the
 * lab). "saki fuzz compare" makes two records and compares them.
 */
#pragma once

#include "executor.h"
#include "inputs.h"

/* Of one input. */
struct record_entry {
	uint64_t results_hash, console_hash;
	int32_t run_result;
	uint32_t crash_kind, blocked_calls;
	uint32_t result_count;
	uint32_t pc_count;		/* of covered places */
	uint32_t reserved;
	uint64_t results[CHANNEL_RESULTS];
};

struct record {
	size_t count;
	struct record_entry *entries;
	uint64_t **pcs;			/* of each, ascending */
};

/* Runs each input and writes what it did. 0; -1 after a line on stderr. */
int record_make(const char *path, struct executor *executor, const struct inputs *inputs);
/* 0; -1 after a line on stderr. */
int record_load(const char *path, struct record *record);
void record_free(struct record *record);
