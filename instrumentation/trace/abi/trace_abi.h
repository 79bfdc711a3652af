/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest writes down and the host reads: records of events in rings, one ring a CPU, in the machine's memory;
 * and the stream that a recorder makes of them, which every writer of another format starts from.
 * Plain little-endian data; *addresses* of guest memory are physical.
 *
 * Trust: all that the guest has written is untrusted. The host reads a field once, checks it, and never follows a value
 * out of the memory file or a record.
 *
 * A ring holds bytes [tail, head) of an endless sequence, byte n at data[n % size]. Records do not wrap: where one
 * would not fit before the end of data, a record of event TRACE_PAD fills the rest. The guest moves head when a record
 * is complete; the host moves tail when it has taken it. Who writes a record stays on its CPU; an interrupt may write
 * some in between, which become visible together with the one it interrupted. A record that finds no room is counted in
 * lost. With TRACE_OVERWRITE there is no host: the guest goes on over the oldest ones, and the last bytes of a record
 * say its size again, so that they can be read backwards from head.
 */
#pragma once

#include <kernel/types.h>

/* Behind the channel's beacon, in the page that is no RAM (fuzz/abi/channel.h): where struct trace_area is. */
#define TRACE_BEACON 0x7080u
struct trace_beacon {
	uint64_t magic;		/* TRACE_MAGIC, written last */
	uint64_t area;		/* address of struct trace_area, page aligned */
	uint64_t recorder_ns;	/* written by the host: its CLOCK_MONOTONIC, now and then; 0: nobody does */
};

#define TRACE_MAGIC UINT64_C(0x3145434152544153)	/* "SATRACE1" */
#define TRACE_VERSION 1u
#define TRACE_CPUS_MAX 64
#define TRACE_BUILD_ID_MAX 32

/* Flags of struct trace_area. */
#define TRACE_OVERWRITE 1u	/* a flight recorder: nobody reads while it goes on */
#define TRACE_TIME_NS 2u	/* times are nanoseconds since boot, not cycles */

struct trace_area {
	uint64_t magic;
	uint32_t version, size;			/* of this structure, bytes */
	uint32_t flags, cpu_count;
	uint64_t ring_size;			/* bytes of data of each ring, a power of two */
	uint64_t time_start, time_scale;	/* nanoseconds since boot = (cycles - start) * scale >> 32 */
	uint64_t boot_time_ns;			/* when boot was, since 1970-01-01 UTC; 0: not known */
	uint64_t text_start, text_end;		/* virtual addresses of the kernel's code, where it runs */
	uint64_t text_linked;			/* where text_start was linked */
	uint64_t description, description_size;	/* address of the text that describes the events, see below */
	uint64_t sample_hz;			/* 0: no sampler */
	uint64_t function_count;		/* functions that are traced; 0: none */
	uint32_t build_id_size;
	uint8_t build_id[TRACE_BUILD_ID_MAX];
	uint32_t finished;			/* nothing more will come */
	uint64_t rings[TRACE_CPUS_MAX];		/* addresses of struct trace_ring, page aligned; 0: none */
};

struct trace_ring {
	/* ---- written by the guest ---- */
	uint64_t head __attribute__((aligned(64)));
	uint64_t lost;				/* records that found no room */
	/* ---- written by the host ---- */
	uint64_t tail __attribute__((aligned(64)));
	/* ---- the CPU's own ---- */
	uint64_t reserved __attribute__((aligned(64)));	/* head, and what is being written */
	uint64_t short_end;			/* a record that ends before has room, and nothing else to heed */
	uint64_t mask;				/* bytes of data, less one */
	uint32_t depth;				/* records being written the long way: one inside another */
	uint32_t cpu;
	uint8_t data[] __attribute__((aligned(4096)));
};

/*
 * A record: this header, the arguments, a call chain where TRACE_HAS_CHAIN is set, zeros up to a multiple of eight,
 * then a word whose low half is its size again.
 */
struct trace_record {
	uint16_t size;		/* bytes in all, a multiple of 8 */
	uint16_t event;		/* number of the event, and flags */
	uint32_t thread;	/* id of the thread that ran, as Linux' gettid(); 0: idle, or none yet */
	uint64_t time;
	uint64_t args[];
};

#define TRACE_EVENT_MASK 0x0fffu
#define TRACE_HAS_CHAIN 0x8000u
#define TRACE_PAD 0x0fffu	/* the event that is none */
#define TRACE_RECORD_MAX 32768u

/*
 * The description is text, made at build time from events.tbl: a line an event, "number group:name argument:type ...".
 * Types are those of events.tbl. All are one word, but str: a word that is a length, at most TRACE_STRING_MAX, then
 * that many bytes, zeros up to a multiple of eight. A type may be followed by "=" and names ("u64=running,sleeping"):
 * the word is an index into them, if it is below their number.
 */
#define TRACE_STRING_MAX 255

/*
 * A call chain, innermost first, after the arguments: this header, kernel[] then user[] return addresses (the first of
 * each is where it was), then the program's stack from its stack pointer upwards. The program's registers are those
 * with which the thread was last in its program. Who reads it unwinds the stack with the objects' own tables where
 * frame pointers are not kept, else user[] is all there is.
 */
#define TRACE_CHAIN_MAX 127
#define TRACE_STACK_MAX 16384u
#define TRACE_IN_PROGRAM 1u	/* the chain starts in the program: kernel_count is 0 */
struct trace_chain {
	uint8_t kernel_count, user_count, flags, reserved;
	uint32_t stack_size;	/* bytes, a multiple of 8 */
	uint64_t words[];
};

/*
 * Present when user_count > 0, between user[] and the stack; in DWARF's order of x86-64: RAX RDX RCX RBX RSI RDI RBP
 * RSP R8-15 RIP.
 */
#define TRACE_USER_REGS 17

/* ---- the stream ---- */

/*
 * A recorder's file: this header, the description, then blocks until the end of the file. A block holds whole records
 * of one CPU, in order; blocks of different CPUs are in no order but that of their being read.
 */
#define TRACE_STREAM_MAGIC UINT64_C(0x314d525453414b53)	/* "SKASTRM1" */
struct trace_stream {
	uint64_t magic;
	uint32_t size;			/* of this header */
	uint32_t description_size;	/* bytes of text that follow it, padded with zeros to a multiple of 8 */
	struct trace_area area;		/* as it was found; addresses mean nothing any more */
};

struct trace_block {
	uint32_t cpu, size;	/* bytes of records that follow */
	uint64_t lost;		/* records lost on this CPU, since the start, when the block was read */
};
