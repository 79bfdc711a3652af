/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes perf.data as Linux' perf reads it (perf_data.h): events first, then records in order of time. Errors are kept
 * until perf_writer_close().
 */
#pragma once

#include "perf_data.h"

struct perf_writer;

struct perf_sample {
	uint64_t time, value, address;
	uint32_t event;			/* as perf_writer_event() was called, from 0 on */
	uint32_t pid, tid, cpu;
	const uint64_t *kernel, *user;	/* innermost first */
	size_t kernel_count, user_count;
};

struct perf_mapping {
	uint64_t time, start, size, offset;
	uint32_t pid, tid;
	const char *path;
	const uint8_t *build_id;	/* NULL: none */
	size_t build_id_size;
};

/* @return NULL with one line in error (PROFILE_ERROR bytes). */
struct perf_writer *perf_writer_open(const char *path, char *error);

/* Before any record. hz: 0 for what is no clock. */
void perf_writer_event(struct perf_writer *writer, const char *name, uint64_t hz);

/* Where the kernel's code ran, from its symbol _stext on. */
void perf_writer_kernel(struct perf_writer *writer, uint64_t start, uint64_t size, const uint8_t *build_id,
			size_t build_id_size);
void perf_writer_name(struct perf_writer *writer, uint64_t time, uint32_t pid, uint32_t tid, const char *name,
		      bool executed);
void perf_writer_map(struct perf_writer *writer, const struct perf_mapping *mapping);
/* A new thread of pid; of another process than parent's: a new process. */
void perf_writer_fork(struct perf_writer *writer, uint64_t time, uint32_t pid, uint32_t tid, uint32_t parent_pid,
		      uint32_t parent_tid);
void perf_writer_exit(struct perf_writer *writer, uint64_t time, uint32_t pid, uint32_t tid);
void perf_writer_lost(struct perf_writer *writer, uint64_t time, uint32_t cpu, uint64_t count);
void perf_writer_sample(struct perf_writer *writer, const struct perf_sample *sample);

/* What is said at the end of it. */
struct perf_about {
	const char *release;
	unsigned cpus;
	char *const *command;	/* NULL at the end */
};

/* @return 0 or -errno, then the file is gone. */
int perf_writer_close(struct perf_writer *writer, const struct perf_about *about);
