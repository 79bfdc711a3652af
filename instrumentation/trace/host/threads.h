/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that a recording tells of: their names, and what writers have to remember of each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THREAD_NAME_MAX 64

struct traced_thread {
	uint32_t id;
	bool is_used;
	uint64_t process;		/* 0: not known, or the kernel's */
	bool is_first;			/* of its process */
	char name[THREAD_NAME_MAX];	/* "" when it is not known */
	unsigned depth;			/* functions that it is in */
	bool in_call;			/* in a system call: */
	uint64_t call_ns, call, call_args[6];
};

struct threads {
	struct traced_thread *slots;
	size_t count, size;		/* size is a power of two */
};

/* The entry of a thread, made when it is not there. NULL without memory; valid until the next call. */
struct traced_thread *threads_get(struct threads *threads, uint32_t id);
void threads_free(struct threads *threads);
