/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the reader of perf.data: perf_read.c has the file, its attributes and features; perf_records.c the
 * records.
 */
#pragma once

#include "perf_data.h"
#include "processes.h"

struct perf_id {
	uint64_t id;
	uint32_t event;
};

struct perf_event {
	uint64_t sample_type, read_format;
	bool sample_id_all;
};

/* A record in the file, to be put in order. */
struct perf_item {
	uint64_t time;
	const uint8_t *data;	/* its header */
	size_t index;
};

struct perf_reader {
	const uint8_t *bytes;
	size_t size;
	struct profile *profile;
	char *error;
	struct perf_event events[PERF_EVENTS_MAX];	/* beside the profile's */
	struct perf_id *ids;
	size_t id_count;
	struct processes processes;
};

/* -1, with the line in reader->error. */
int perf_bad(struct perf_reader *reader, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All records of the data section, in order of their time. @return 0 or -1 */
int perf_read_records(struct perf_reader *reader, uint64_t offset, uint64_t size);
