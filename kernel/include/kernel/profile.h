/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The profiler's part in the kernel (profiler/guest): samples each CPU by a timer of its own, and gives events their call
 * chains.
 *
 * Command line: prof=HZ, 1 to 10,000, starts the sampler; prof.nmi: by non-maskable interrupts, which also see code that
 * has interrupts off; prof.stack=BYTES is how much of the program's stack goes into
 * a call chain, for who unwinds it later by tables, at most 16384 and 8192 if it is not said; 0: none.
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/types.h>

struct file;

#if CONFIG_PROFILER
/* On each CPU, once, with interrupts on or off, when its timer works. */
void profiler_start_cpu(void);
/* Boot CPU, once all have started. */
void profiler_start(void);
/* The running process can execute [start, start + len) from now on; file: NULL for memory of its own. May sleep. */
void profiler_tell_map(uint64_t start, uint64_t len, struct file *file, uint64_t offset);
/* The running process has become another program, whose address space is in place. May sleep. */
void profiler_tell_program(struct file *program);
#else
static inline void profiler_start_cpu(void)
{
}
static inline void profiler_start(void)
{
}
static inline void profiler_tell_map(uint64_t start UNUSED, uint64_t len UNUSED, struct file *file UNUSED,
				     uint64_t offset UNUSED)
{
}
static inline void profiler_tell_program(struct file *program UNUSED)
{
}
#endif
