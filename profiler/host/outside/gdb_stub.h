/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stops a machine, reads the registers of its CPUs and lets it go on, by the gdb stub of its QEMU. It is the fastest
 * way to a consistent state that QEMU has: a stop and all registers of a CPU are one exchange. (GDB manual, "GDB
 * Remote Serial Protocol".)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In DWARF's order as far as that goes. */
enum gdb_register {
	GDB_RAX,
	GDB_RDX,
	GDB_RCX,
	GDB_RBX,
	GDB_RSI,
	GDB_RDI,
	GDB_RBP,
	GDB_RSP,
	GDB_R8,
	GDB_R9,
	GDB_R10,
	GDB_R11,
	GDB_R12,
	GDB_R13,
	GDB_R14,
	GDB_R15,
	GDB_RIP,
	GDB_GS_BASE,
	GDB_CR3,
	GDB_REGISTERS
};

#define GDB_CPUS 64
#define GDB_ROOM 32768
#define GDB_ERROR 128

struct gdb_cpu {
	char thread[16];	/* as the stub calls it */
	uint64_t registers[GDB_REGISTERS];
};

struct gdb_stub {
	int fd;
	unsigned cpu_count;
	struct gdb_cpu cpus[GDB_CPUS];
	uint32_t offsets[GDB_REGISTERS];	/* bytes, in what `g` answers */
	char in[GDB_ROOM];
	size_t in_start, in_end;
	int pid;		/* of QEMU, whose first thread answers; 0: not known */
	/*
	 * CLOCK_MONOTONIC: when its clock stopped and went on, as nearly as is known. The clock stops when QEMU reads
	 * the request; that is answered later, when the threads of all CPUs have come to where they can stop.
	 */
	uint64_t stopped_ns, resumed_ns;
};

/* Connects. 0, or -errno: nobody listens there (yet). */
int gdb_stub_open(struct gdb_stub *stub, const char *path);
void gdb_stub_close(struct gdb_stub *stub);
/* Stops the machine and asks what it is. 0; -1 with one line in error (GDB_ERROR bytes), "" when it has ended. */
int gdb_stub_begin(struct gdb_stub *stub, char *error);
/* Stops it and reads all registers. True; false: it has ended, or says what cannot be. */
bool gdb_stub_stop(struct gdb_stub *stub);
/* Lets it go, and waits until it does. */
bool gdb_stub_continue(struct gdb_stub *stub);
