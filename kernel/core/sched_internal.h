/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scheduler, threads, sleeping and timers say to each other and to nobody else.
 */
#pragma once

#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/thread.h>
#include <kernel/wait.h>

extern struct thread boot_thread;

/* With option DEBUG: panics where a call may sleep and must not, even if this time it would not. */
static inline void check_may_sleep(void)
{
	if (IS_ENABLED(CONFIG_DEBUG))
		assert(thread_may_sleep());
}

/* Gives the CPU to the next ready thread. Returns when the caller runs again, at once if it is ready and alone. */
void sched_give_way(void);
/*
 * For a thread in state SLEEPING: gives the CPU away, or, when no other thread is ready and idling happens in place,
 * asks the idle function once. Returns when the thread was woken or should ask its condition again.
 */
void sched_block(void);
/* Leaves the CPU for good; the caller's state is DEAD and preemption is off. */
void sched_exit(void) NORETURN;
/* Puts a new thread on the running CPU's queue. */
void sched_start(struct thread *thread);
/* The first thing that a thread does on its stack. */
void sched_first_run(void);
/* True when this CPU has something to run besides the running thread. */
bool sched_others_ready(const struct cpu *cpu);

/* What an idle CPU does: asks the harness's function, or waits for an interrupt. Interrupts are on before and after. */
void wait_idle(void);
/* True when sleepers idle in place instead of switching to the idle thread. */
bool wait_idles_in_place(void);

/*
 * Nothing will ever wake anybody: the thread that went to sleep last, of those that can give up, does so. False when
 * there is none: every thread waits for a mutex.
 */
bool wait_end_hope(void);

/* One sleeping thread; lives on its stack. */
struct sleeper {
	struct list node; /* on the list of all sleepers */
	struct thread *thread;
	wait_condition_t *condition;
	void *arg;
	bool stubborn; /* neither a kill nor the end of all hope ends it: mutex_lock() */
	bool hopeless; /* the idle function said that nothing will ever wake it */
};

/* Sleeps until the condition holds; results as of wait_until(). A stubborn sleeper only returns 0 or -ETIMEDOUT. */
int wait_sleep(struct sleeper *sleeper, uint64_t deadline_ns);

/* Sets the machine's timer of the running CPU to what it has to do next. Interrupts off. */
void timer_program(struct cpu *cpu);
/* When the first timer of a CPU is due; UINT64_MAX when there is none. */
uint64_t timer_first_ns(const struct cpu *cpu);
/* Fires what is due on one CPU. Interrupts off. */
void timer_run(struct cpu *cpu, uint64_t now_ns);
