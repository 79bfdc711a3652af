/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vDSO: a small shared object that every program finds in its memory (vdso(7)), and before it one page of the
 * kernel's that its functions read. Program code is compiled with this header too.
 */
#pragma once

#include <kernel/types.h>

/*
 * What a program needs to read the clocks by itself: clock_ns() = (cycles - start_cycles) * ns_per_cycle_32 >> 32.
 * Every field is written whole: a reader sees the old one or the new one, and each makes sense with the others.
 */
struct vdso_data {
	uint64_t start_cycles;
	uint64_t ns_per_cycle_32; /* 32 bits of fraction; 0: the clock cannot be read, ask the kernel */
	uint64_t realtime_offset_ns; /* the time of day is this much ahead of clock_ns(), modulo 2^64 */
	uint32_t cpu_is_told; /* the CPU knows its number: getcpu() needs no kernel */
};

struct aspace;

/**
 * Maps the page and the object into a new program's memory. *base is where the object starts (AT_SYSINFO_EHDR), 0 where
 * there is none: the architecture has no such object, time is virtual, or the program has no code to use it.
 * Sleeps. -ENOMEM.
 */
int vdso_map(struct aspace *aspace, uint64_t *base);
