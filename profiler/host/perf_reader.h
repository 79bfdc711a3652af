/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the reader of perf.data: perf_read.c has the file, its attributes and features; perf_records.c the
 * records; perf_maps.c what was mapped where.
 */
#pragma once

#include "perf_data.h"

struct perf_id {
	uint64_t id;
	uint32_t event;
};

struct perf_event {
	uint64_t sample_type, read_format;
	bool sample_id_all;
};

struct perf_build_id {
	char *path;
	uint8_t bytes[BUILD_ID_MAX], size;
};

struct perf_map {
	uint64_t start, size, offset;
	uint32_t object;
};

/* A process: what it has mapped, the newest last. */
struct perf_process {
	uint32_t pid;
	struct perf_map *maps;
	size_t map_count;
};

struct perf_thread {
	uint32_t tid, comm;
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
	struct perf_build_id *build_ids;
	size_t build_id_count;
	struct perf_process *processes;
	size_t process_count, last_process;
	struct perf_thread *threads;
	size_t thread_count, last_thread;
	struct perf_map kernel;
	bool kernel_known;
};

/* -1, with the line in reader->error. */
int perf_bad(struct perf_reader *reader, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All records of the data section, in order of their time. @return 0 or -1 */
int perf_read_records(struct perf_reader *reader, uint64_t offset, uint64_t size);

/* ---- perf_maps.c ---- */

void perf_map_kernel(struct perf_reader *reader, const char *name, uint64_t start, uint64_t size, uint64_t offset);
void perf_map_add(struct perf_reader *reader, uint32_t pid, const struct perf_map *map);
/* The object of a path, with the build id that the file's list has for it. */
uint32_t perf_map_object(struct perf_reader *reader, const char *path);
void perf_process_fork(struct perf_reader *reader, uint32_t pid, uint32_t parent);
/* It executed another program, or ended. */
void perf_process_forget(struct perf_reader *reader, uint32_t pid);
/* Where an address of a process or, in_kernel, of the kernel is. */
uint32_t perf_place(struct perf_reader *reader, uint32_t pid, uint64_t address, bool in_kernel, bool caller);

void perf_thread_name(struct perf_reader *reader, uint32_t tid, uint32_t comm);
/* 0: none was told. */
uint32_t perf_thread_comm(struct perf_reader *reader, uint32_t tid);
void perf_maps_free(struct perf_reader *reader);
