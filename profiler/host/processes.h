/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a recording says of processes: what they have mapped and how their threads are called. Told in order of time.
 */
#pragma once

#include "profile.h"

struct map {
	uint64_t start, size, offset;	/* offset: in the file; of what is no file, the address */
	uint32_t object;
};

struct process {
	uint32_t pid;
	struct map *maps;	/* the newest last */
	size_t map_count;
};

struct thread {
	uint32_t tid, comm;
};

/* The build id that a recording's list has for a path. */
struct known_build_id {
	char *path;
	uint8_t bytes[BUILD_ID_MAX], size;
};

struct processes {
	struct profile *profile;
	struct known_build_id *build_ids;
	struct process *list;
	struct thread *threads;
	size_t build_id_count, count, thread_count;
	size_t last, last_thread;	/* what was found last */
	struct map kernel;
	bool kernel_known;
};

void processes_free(struct processes *processes);

/* The object of a path, with its known build id. */
uint32_t process_object(struct processes *processes, const char *path);
/* The kernel, or a module of it. name: "[kernel.kallsyms]_stext", a symbol that was at offset, or the module's. */
void process_map_kernel(struct processes *processes, const char *name, uint64_t start, uint64_t size, uint64_t offset);
void process_map(struct processes *processes, uint32_t pid, const struct map *map);
/* NULL: nothing is there. Valid until more is mapped. */
const struct map *process_map_find(struct processes *processes, uint32_t pid, uint64_t address);
void process_fork(struct processes *processes, uint32_t pid, uint32_t parent);
/* It executed another program, or ended. */
void process_forget(struct processes *processes, uint32_t pid);
/* Where an address of a process or, in_kernel, of the kernel is. */
uint32_t process_place(struct processes *processes, uint32_t pid, uint64_t address, bool in_kernel, bool caller);

void process_thread_name(struct processes *processes, uint32_t tid, uint32_t comm);
/* 0: none was told. */
uint32_t process_thread_comm(struct processes *processes, uint32_t tid);
