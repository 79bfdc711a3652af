/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many CPUs (option SMP): how they start, and what they say to each other. Every CPU runs the same kernel; a thread may
 * run on any that its affinity names (kernel/thread.h).
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/cpu.h>

#if CONFIG_SMP

/* Finds the machine's other CPUs and starts them all at once; "cpus=N" is the most there may be. Boot CPU, once. */
void cpus_start(void);
/* Waits until each has come up, or is given up on. */
void cpus_wait(void);
/* Where the arch code takes a CPU that was started, on its idle thread's stack, after arch_cpu_init(). */
void cpu_main(struct cpu *cpu) NORETURN;

/* Makes another CPU look whether it has something else to do, and at its timers. Any context. */
void cpu_kick(struct cpu *cpu);
/* The platform calls it in the interrupt that cpu_kick() causes; interrupts off. */
void cpu_interrupt(void);

/**
 * Calls fn(arg) on all those of a set of CPUs that are not this one, at the same time and with interrupts off there,
 * and waits until they have returned. Preemption is off, or the caller does not mind which CPU it is on. No spinlock
 * is held: whom we wait for may be waiting for it. fn takes no lock.
 */
void cpus_call(uint64_t cpus, void (*fn)(void *arg), void *arg);

#else

static inline void cpus_start(void)
{
}

static inline void cpus_wait(void)
{
}

static inline void cpu_kick(struct cpu *cpu UNUSED)
{
}

static inline void cpus_call(uint64_t cpus UNUSED, void (*fn)(void *arg) UNUSED, void *arg UNUSED)
{
}

#endif
