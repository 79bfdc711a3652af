/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads and the scheduler. Kernel threads are preempted at any point where preemption is on; each has its own stack
 * with an unmapped guard page below. Programs' threads are the same threads with a process (kernel/process.h).
 */
#pragma once

#include <arch/arch.h>
#include <kernel/list.h>
#include <kernel/wait.h>

#define THREAD_STACK_SIZE (32 * KIB)
#define THREAD_NAME_MAX 16

enum thread_state {
	THREAD_NEW,		/* has not been started: nothing wakes it */
	THREAD_READY,		/* on a run queue, or running */
	THREAD_SLEEPING,	/* on wait queues; woken by thread_wake() */
	THREAD_DEAD,		/* off its stack for good; freed by its last reference */
};

struct aspace;
struct process;
struct task;

struct thread {
	struct arch_context context;	/* must be first: assembly uses it */
	void *stack_base;		/* lowest address of the stack */
	size_t stack_size;		/* what it has of THREAD_STACK_SIZE bytes from there on */
	struct process *process;	/* NULL for kernel threads */
	struct task *task;		/* what the program knows of it; NULL for kernel threads */
	struct aspace *aspace;		/* whose tables it runs on; NULL: any that are loaded. By aspace_activate() */
	struct cpu *cpu;		/* whose run queue it belongs to; changes under that CPU's run_lock */
	uint64_t affinity;		/* the CPUs it may run on, a bit each; as its maker's at first */
	enum thread_state state;	/* under cpu->run_lock */
	struct list run_node;		/* on cpu->run_queue */
	unsigned refs;
	int id;				/* thread id as gettid() tells it; kernel threads count too */
	int nice;			/* -20..19 */
#if CONFIG_FUZZ
	uint32_t harness_phase;		/* while it is off its CPU: see kernel/harness_profile.h */
#endif
	uint64_t slice_end_ns;		/* when the running thread should give way */
	uint64_t cpu_ns;		/* CPU time used up to the last switch */
	uint64_t switched_in_ns;	/* or accounted last */
	uint64_t *cpu_total;		/* where its CPU time is added up too: its process's; NULL: nowhere */
	struct trace_calls *calls;	/* option TRACE_FUNCTIONS: traced functions that have yet to return */
	uint64_t waker;			/* the thread that woke it last, for TRACE(offcpu) */
	bool killed;			/* sleeps return -EINTR at once; set by thread_kill() */
	bool interrupted;		/* the same, because a signal waits (kernel/signal.h) */
	bool switched;			/* it has been off its CPU since it was set to false */
	struct wait_queue exited;	/* where thread_join() waits */
#if CONFIG_DEBUG
	struct locks_held mutexes_held;
#endif
	void (*entry)(void *arg);
	void *arg;
	char name[THREAD_NAME_MAX];
};

/* Starts the idle thread of the boot CPU. The boot code has been thread 1 ("boot") from the start. Boot CPU, once. */
void thread_init(void);

/**
 * Makes a thread that runs entry(arg) and ends when that returns; it starts with thread_start(). The caller owns one
 * reference. May sleep. NULL when there is no memory.
 */
struct thread *thread_create(const char *name, void (*entry)(void *arg), void *arg);
void thread_start(struct thread *thread); /* once */
struct thread *thread_get(struct thread *thread);
void thread_put(struct thread *thread);
/* Ends the running thread. */
void thread_exit(void) NORETURN;
/* Waits until it has ended; does not drop the caller's reference. Sleeps. -EINTR when the waiter is killed. */
int thread_join(struct thread *thread);
/* Makes its sleeps end with -EINTR from now on, and wakes it. */
void thread_kill(struct thread *thread);
/*
 * Sets whether its sleeps end with -EINTR because a signal waits. One that runs a program on another CPU is made to
 * look. Any context.
 */
void thread_interrupt(struct thread *thread, bool interrupted);

/**
 * The CPUs that a thread may run on from now on; it leaves one that it may not. When it is the running thread it has
 * moved by the return. Bits of CPUs that do not run count for nothing. -EINVAL: none is left.
 */
int thread_set_affinity(struct thread *thread, uint64_t cpus) MUST_CHECK;

/* How many there are, the idle ones and those that have ended but are still referred to among them. */
unsigned thread_count(void);
/* CPU time that a thread has used up to now. */
uint64_t thread_cpu_ns(const struct thread *thread);
/* The same of all running threads that add theirs up there, as far as it is not in it yet. */
uint64_t thread_running_ns(const uint64_t *total);
/* From now on the running thread's CPU time is added up there (cpu_total). */
void thread_charge(uint64_t *total);

/* The running thread. */
static inline struct thread *thread_current(void)
{
	return arch_thread();
}

/* Gives other ready threads a turn. */
void thread_yield(void);
/* Makes a sleeping thread ready; a no-op on others. Any context. @return true when it slept. */
bool thread_wake(struct thread *thread);

/* Nestable. While preemption is off this CPU does not switch threads; sleeping is a bug. */
void preempt_disable(void);
void preempt_enable(void);

/* Called by the arch code with interrupts off, at the end of an interrupt that hit code with preempt_count == 0. */
void thread_preempt(void);
/* Called by the timer interrupt. */
void thread_tick(uint64_t now_ns);
/* True where sleeping is allowed: a thread, preemption on, not in an interrupt. */
bool thread_may_sleep(void);
