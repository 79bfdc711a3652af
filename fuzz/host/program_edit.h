/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copying programs call by call, with something left out or changed, without chance: a reference whose resource is not
 * copied becomes the plainest special value, a thread that is not made the first one.
 */
#pragma once

#include <fuzz/host/program_internal.h>

#define PROGRAM_UNMAPPED UINT16_MAX

struct program_copy {
	const struct program *from;
	struct program *to;
	uint16_t map[PROGRAM_RESOURCES_MAX];   /* resource of from -> resource of to */
	uint8_t threads[PROGRAM_THREADS_MAX]; /* the same for threads; 0 for one that is not there */
};

/* Empties to. */
void program_copy_start(struct program_copy *copy, const struct program *from, struct program *to);
/* Appends a call. False: no room. */
bool program_copy_call(struct program_copy *copy, unsigned index);
/* Appends nodes [start, end) to the call that is open. False: no room. */
bool program_copy_nodes(struct program_copy *copy, unsigned start, unsigned end);
/**
 * Appends a call with the tree at node (of from) replaced: replace() appends what takes its place, or returns false to
 * give up. False then, or when there is no room; to is as it was.
 */
bool program_copy_replaced(struct program_copy *copy, unsigned index, unsigned node,
			   bool (*replace)(struct program_copy *copy, unsigned node, void *context), void *context);

/**
 * out = calls [first, first + count), and before them those earlier ones whose results they use, directly or not: the
 * shortest program in which these calls mean what they mean in the whole one, as far as results tell.
 */
void program_slice(const struct program *program, unsigned first, unsigned count, struct program *out);
