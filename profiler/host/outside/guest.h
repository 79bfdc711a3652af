/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be read in the memory of a machine that stands still: who runs, with which calls, and what the processes
 * have mapped. Everything there is untrusted: loops are bounded, and what cannot be is left out.
 */
#pragma once

#include "gdb_stub.h"
#include "guest_memory.h"
#include "layout.h"
#include "outside_stream.h"

#define GUEST_CHAIN_MAX                                                                                                \
	(sizeof(struct trace_chain) + (2 * TRACE_CHAIN_MAX + TRACE_USER_REGS) * sizeof(uint64_t) + TRACE_STACK_MAX)
#define GUEST_NAME 16

/* Whom a CPU runs. Addresses are the kernel's. */
struct guest_thread {
	uint64_t cpu, thread;
	uint64_t process;	/* 0: none, or one without code of its own */
	uint32_t cpu_id, id, pid;
	char name[GUEST_NAME];
};

struct guest {
	struct guest_memory memory;
	struct layout layout;
	size_t stack_max;	/* bytes of a program's stack in a chain */
	bool is_placed;		/* layout's addresses are where this machine has them: guest_place() */
	uint64_t slide;		/* by how much they were moved */
};

static inline bool guest_is_program(uint64_t pc)
{
	return pc >= UINT64_C(0x10000) && pc < UINT64_C(0x00007ffffffff000);
}

/*
 * layout_get.c: the kernel may have moved its image up in its last 2 GiB: finds it there, once, and moves the layout's
 * addresses likewise. With the tables of a CPU that runs C.
 */
void guest_place(struct guest *guest);

/* guest_chain.c: whom the CPU with these registers runs. False: nobody, it is idle, or the kernel is not that far. */
bool guest_thread_find(struct guest *guest, const struct gdb_cpu *cpu, struct guest_thread *thread);
/* His call chain. @return its size in bytes */
size_t guest_chain_make(struct guest *guest, const struct gdb_cpu *cpu, const struct guest_thread *thread,
			struct trace_chain *chain);

/* guest_maps.c: what has been told of threads and processes. */
struct guest_known;
struct guest_known *guest_known_new(void);
void guest_known_free(struct guest_known *known);
/* Tells of a thread, its process and what that has mapped, as far as it is news; pcs: addresses in the program. */
void guest_known_tell(struct guest_known *known, struct guest *guest, struct outside_stream *stream,
		      const struct outside_at *at, const struct guest_thread *thread, const uint64_t *pcs,
		      size_t count);
/* A thread of a process that has something executable mapped there, the latest that was seen. 0: nobody has. */
uint32_t guest_known_find(const struct guest_known *known, uint64_t address);
