/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a recorder's stream (instrumentation/trace/abi/trace_abi.h) of what was seen from outside, in the same
 * events as the kernel tells of.
 */
#pragma once

#include "layout.h"

#include <instrumentation/trace/abi/trace_abi.h>
#include <stdio.h>

enum outside_event {
	OUTSIDE_THREAD_START,
	OUTSIDE_THREAD_NAME,
	OUTSIDE_EXEC,
	OUTSIDE_MAP,
	OUTSIDE_SAMPLE,
	OUTSIDE_EVENTS
};

/* Whose record it is, and when. */
struct outside_at {
	uint64_t time_ns;
	uint32_t cpu, thread;
};

struct outside_stream {
	FILE *file;
	uint16_t numbers[OUTSIDE_EVENTS];
	struct trace_stream header;
	uint8_t record[TRACE_RECORD_MAX] __attribute__((aligned(8)));
};

/* fd stays the caller's. @return 0, or -1 with one line in error (PROFILE_ERROR bytes). */
int outside_stream_begin(struct outside_stream *stream, int fd, const struct layout *layout, uint64_t hz, char *error);
/* The kernel runs where the layout says now, which is not where it was linked to. */
void outside_stream_place(struct outside_stream *stream, const struct layout *layout);
/* Its arguments, the last of which is text, if that is not NULL. */
void outside_stream_tell(struct outside_stream *stream, const struct outside_at *at, enum outside_event event,
			 const uint64_t *args, size_t count, const char *text);
void outside_stream_sample(struct outside_stream *stream, const struct outside_at *at, uint64_t period_ns,
			   const struct trace_chain *chain, size_t chain_size);
/*
 * Ends it; CPUs are how many were seen; is_forward: it can only be appended to (instrumentation/trace/host/forward.h).
 * @return 0, or an errno: it could not be written.
 */
int outside_stream_end(struct outside_stream *stream, unsigned cpus, bool is_forward);
