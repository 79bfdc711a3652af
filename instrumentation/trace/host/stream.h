/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a recording's stream (abi/trace_abi.h): its events as tables, and its records one after the other, in the
 * order of time, those of all CPUs together.
 *
 * What the file says is not believed. What cannot be read at all is an error; a record that cannot be is left out and
 * counted, and so is the rest of its block where its size is none. A file that ends early is read up to there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../abi/trace_abi.h"

#define STREAM_ERROR 256	/* bytes of a message */
#define STREAM_ARGS_MAX 16	/* arguments of an event */
#define STREAM_NUMBERS_MAX 64	/* names of an argument's values */

enum stream_type {
	STREAM_U64,
	STREAM_S64,
	STREAM_HEX,
	STREAM_PTR,
	STREAM_UPTR,
	STREAM_THREAD,
	STREAM_NS,
	STREAM_CALL,
	STREAM_RESULT,
	STREAM_STR,
};

struct stream_arg {
	const char *name;
	enum stream_type type;
	const char **values;	/* value_count names; NULL: none */
	size_t value_count;
};

struct stream_event {
	unsigned number;
	const char *group, *name;
	size_t arg_count;
	struct stream_arg args[STREAM_ARGS_MAX];
};

/* The events of a description, in its order. */
struct stream_events {
	struct stream_event *list;
	size_t count;
	char *text;		/* what the names point into */
	const char **values;
};

/* Takes a description apart. 0, or -1 with one line in error (STREAM_ERROR bytes). */
int stream_events_parse(struct stream_events *events, const char *text, size_t size, char *error);
void stream_events_free(struct stream_events *events);
/* By name, "name" or "group:name". NULL: there is none. */
const struct stream_event *stream_event_find(const struct stream_events *events, const char *name);
/* The place of an argument, -1: there is none. */
int stream_arg_find(const struct stream_event *event, const char *name);

/* A call chain; innermost first, the addresses as they were in the machine. Arrays point into the file. */
struct stream_chain {
	unsigned kernel_count, user_count, flags;
	size_t stack_size;		/* bytes from the program's stack pointer upwards */
	const uint64_t *kernel, *user;
	const uint64_t *registers;	/* TRACE_USER_REGS of them; NULL: none */
	const uint8_t *stack;
};

/* One record. What it points to is the stream's, until the next call. */
struct stream_record {
	const struct stream_event *event;
	uint64_t time_ns;		/* since boot; never less than that of the CPU's record before */
	unsigned cpu;
	uint32_t thread;		/* 0: idle, or none yet */
	uint64_t lost;			/* records that this CPU has lost since the start, as far as is known here */
	uint64_t args[STREAM_ARGS_MAX];	/* of a text: its length */
	/*
	 * NUL-terminated UTF-8 without control characters (any that are there have become '?'); NULL where the
	 * argument is no text.
	 */
	const char *texts[STREAM_ARGS_MAX];
	bool has_chain;
	struct stream_chain chain;
};

struct stream;

/* Opens a file. 0, or -1 with one line in error (STREAM_ERROR bytes). */
int stream_open(struct stream **stream, const char *path, char *error);
void stream_close(struct stream *stream);
/* What the machine said of itself. */
const struct trace_area *stream_area(const struct stream *stream);
const struct stream_events *stream_events(const struct stream *stream);
const struct stream_event *stream_event(const struct stream *stream, const char *name);
/* One more than the highest CPU that has a block. */
unsigned stream_cpus(const struct stream *stream);
/* Records that a CPU lost, as its last block says. */
uint64_t stream_lost(const struct stream *stream, unsigned cpu);
/* The next record. False at the end. */
bool stream_next(struct stream *stream, struct stream_record *record);
/* Starts anew. */
void stream_rewind(struct stream *stream);
/* Records (or rests of blocks) that could not be read since the start, and whether the file ends inside a block. */
uint64_t stream_skipped(const struct stream *stream);
bool stream_is_cut(const struct stream *stream);
