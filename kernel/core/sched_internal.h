/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scheduler, threads, sleeping and timers say to each other and to nobody else.
 */
#pragma once

#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
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
/* Puts a new thread on a CPU's queue. */
void sched_start(struct thread *thread);
/* Wakes a thread that sleeps, and makes one that runs on another CPU enter the kernel. */
void sched_notify(struct thread *thread);
/* The first thing that a thread does on its stack. */
void sched_first_run(void);
/* True when this CPU has something to run besides the running thread. */
bool sched_others_ready(const struct cpu *cpu);

/* Makes a CPU's idle thread, which is not on a queue and never leaves it. -ENOMEM. */
int thread_create_idle(struct cpu *cpu);
/* What that thread does. */
void cpu_idle(void) NORETURN;

/* Of another CPU or this one, with interrupts off: locks the run_lock of the CPU that a thread belongs to. */
struct cpu *sched_lock_cpu_of(struct thread *thread, unsigned long *flags);
/* Takes a thread off the queue of its CPU, whose run_lock is held. */
void sched_queue_remove(struct cpu *cpu, struct thread *thread);
/* Puts a READY thread that is on no queue and off its stack on the queue of thread->cpu, or of one that it may use. */
void sched_place(struct thread *thread);
/* Lets the running thread go on where it may, now. */
void sched_reconsider(void);

/* ---- balance.c: which CPU a thread gets ---- */

static inline bool sched_may_run(const struct thread *thread, const struct cpu *cpu)
{
	return !IS_ENABLED(CONFIG_SMP) || (atomic_load_relaxed(&thread->affinity) & cpu_bit(cpu));
}

#if CONFIG_SMP
/* The best CPU for a thread that becomes ready. Racy by nature: others go on meanwhile. */
struct cpu *sched_choose_cpu(const struct thread *thread);
/* Marks a thread of this CPU to be placed elsewhere when the run_lock, which is held, is released. */
void sched_move(struct cpu *cpu, struct thread *thread);
/* A ready thread of another CPU for this one, which has none; NULL. This CPU's run_lock is held. */
struct thread *sched_steal(struct cpu *cpu);
/* At the end of a slice: moves a thread when another CPU has clearly less to do. The run_lock is held. */
void sched_push(struct cpu *cpu);
/* Wakes an idle CPU, if there is one, to steal from this. */
void sched_call_idle(const struct cpu *cpu);
/* thread_set_affinity() with CPUs that run. */
void sched_set_affinity(struct thread *thread, uint64_t set);
#else
static inline void sched_set_affinity(struct thread *thread, uint64_t set)
{
	thread->affinity = set;
}

static inline struct cpu *sched_choose_cpu(const struct thread *thread)
{
	return thread->cpu;
}

static inline void sched_move(struct cpu *cpu UNUSED, struct thread *thread UNUSED)
{
}

static inline struct thread *sched_steal(struct cpu *cpu UNUSED)
{
	return NULL;
}

static inline void sched_push(struct cpu *cpu UNUSED)
{
}

static inline void sched_call_idle(const struct cpu *cpu UNUSED)
{
}
#endif

/* What an idle CPU does: asks the harness's function, or waits for an interrupt. Interrupts are on before and after. */
void wait_idle(void);
/* True when sleepers idle in place instead of switching to the idle thread. */
bool wait_idles_in_place(void);

/* One sleeping thread; lives on its stack. */
struct sleeper {
	struct list node; /* on the list of all sleepers */
	struct thread *thread;
	wait_condition_t *condition;
	void *arg;
	bool stubborn; /* neither a kill nor the end of all hope ends it: mutex_lock() */
	bool deaf;     /* signals do not end it, a kill does: wait_until_killed() */
	bool hopeless; /* the idle function said that nothing will ever wake it */
};

/* Sleeps until the condition holds; results as of wait_until(). A stubborn sleeper only returns 0 or -ETIMEDOUT. */
int wait_sleep(struct sleeper *sleeper, uint64_t deadline_ns);

/* Sets the machine's timer of the running CPU to what it has to do next. Interrupts off. */
void timer_program(struct cpu *cpu);
/* Fires what is due on one CPU. Interrupts off. */
void timer_run(struct cpu *cpu, uint64_t now_ns);
