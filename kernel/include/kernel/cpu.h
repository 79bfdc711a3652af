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

struct aspace;
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
	uint32_t hardware_id;		/* 0x34 what the interrupt controllers call it */
	uint64_t shadow_sp;		/* 0x38 the first free word of the running thread's shadow stack */

	struct arch_regs *irq_regs;	/* what the running interrupt handler interrupted; NULL outside of one */
	unsigned id;			/* 0 is the boot CPU */
	struct thread *running;		/* whose stack it is on: while sleepers are asked, `thread` is one of them */
	struct thread *idle;
	struct aspace *aspace;		/* whose tables are active; NULL: the kernel's own */
	struct spinlock run_lock;	/* guards run_queue, and the state of the threads that belong here */
	struct list run_queue;		/* ready threads, next first; the running one is not on it */
	unsigned ready_count;		/* how many */
	struct thread *moving;		/* to be put on another CPU's queue once its stack has been left */
	struct spinlock timer_lock;	/* guards timers */
	struct list timers;		/* armed timers, earliest first */
	uint64_t timer_first_ns;	/* when the first is due; UINT64_MAX when there is none */
	struct timer *timer_firing;	/* whose function runs right now */
	uint64_t timer_armed_ns;	/* what the machine's timer was last set to; UINT64_MAX: off */
	struct thread *reap;		/* ended, to be put once its stack has been left */
	uint64_t switches;		/* statistics */
	uint64_t *running_total;	/* the running thread's cpu_total, and since when that lacks its time */
	uint64_t running_since_ns;
#if CONFIG_DEBUG
	struct locks_held spinlocks_held;
#endif

	/* What CPUs say to each other: smp.c. */
	bool kicked;			/* an interrupt is on its way to it */
	uint64_t callers;		/* CPUs that want something of it, a bit each */
	void (*request)(void *arg);	/* what it wants of others */
	void *request_arg;
	uint64_t request_left;		/* of whom still */

	struct arch_cpu arch;
#if CONFIG_SMP
	uintptr_t metrics_offset;	/* from the boot CPU's cells to its own: kernel/metrics.h */
#endif
};

/* All CPUs that were found, by id; cpus[0] is static and valid from the first instruction of C. */
extern struct cpu *cpus[CPUS_MAX];
extern unsigned cpu_count;
/* Those that run, a bit each. */
extern uint64_t cpus_online;

static inline uint64_t cpu_bit(const struct cpu *cpu)
{
	return UINT64_C(1) << cpu->id;
}
