/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Per-CPU data: one struct per CPU, found by arch_cpu(). Any other per-CPU variable is a field here.
 * The first fields have fixed offsets: assembly and the compiler's stack protector use them (on x86 through GS).
 */
#pragma once

#include <arch/arch.h>
#include <kernel/list.h>
#include <kernel/spinlock.h>

#define CPUS_MAX 64

struct thread;
struct timer;

struct cpu {
	struct cpu *self;		/* 0x00 */
	struct thread *thread;		/* 0x08 the running thread */
	uint64_t kernel_stack_top;	/* 0x10 where a system call of the running thread starts */
	uint64_t user_sp;		/* 0x18 scratch of the system-call entry */
	uint32_t preempt_count;		/* 0x20 > 0: this CPU must not switch threads */
	uint32_t irq_depth;		/* 0x24 > 0: inside an interrupt handler */
	uint64_t stack_guard;		/* 0x28 the stack protector's canary */
	bool need_resched;		/* 0x30 a switch is due as soon as preempt_count and irq_depth are 0 */

	struct arch_regs *irq_regs;	/* what the running interrupt handler interrupted; NULL outside of one */
	unsigned id;			/* 0 is the boot CPU */
	struct thread *idle;
	struct spinlock run_lock;	/* guards run_queue */
	struct list run_queue;		/* ready threads, next first; the running one is not on it */
	struct spinlock timer_lock;	/* guards timers */
	struct list timers;		/* armed timers, earliest first */
	struct timer *timer_firing;	/* whose function runs right now */
	uint64_t timer_armed_ns;	/* what the machine's timer was last set to; UINT64_MAX: off */
	struct thread *reap;		/* ended, to be put once its stack has been left */
	uint64_t switches;		/* statistics */

	struct arch_cpu arch;
};

/* All CPUs that exist; cpus[0] is static and valid from the first instruction of C. */
extern struct cpu *cpus[CPUS_MAX];
extern unsigned cpu_count;
