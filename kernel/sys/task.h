/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One thread of a program: what Linux keeps for each thread rather than for the process.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/process.h>
#include <kernel/signal.h>

#include "rseq.h"

#define SIGNAL_QUEUE 32
#define SIGNAL_QUEUE_TIMERS 35 /* more, for timers alone: each has one that waits at most, and none may be lost */

/* One signal that waits. data: the first words of siginfo's union. */
struct signal_queued {
	int32_t signo, code;
	uint64_t data[2];
	struct signal_timer *timer; /* whose expiry it is: goes on when it is taken */
};

/* What waits for one thread, or for any of a process. */
struct signal_pending {
	uint64_t set; /* with or without an entry in queue */
	unsigned len;
	struct signal_queued queue[SIGNAL_QUEUE + SIGNAL_QUEUE_TIMERS]; /* oldest first */
};

struct task {
	struct list node; /* on process->tasks; under the lock of the process's signals, as all that is about signals */
	struct process *process;
	struct thread *thread; /* NULL while nobody has entered it */
	int tid;
	uint64_t blocked; /* signals */
	uint64_t saved;   /* blocked, as it was before signal_mask_borrow() */
	bool borrowed;
	bool returned;   /* rt_sigreturn ran */
	struct abi_stack altstack;
	struct signal_pending pending;
	user_ptr_t clear_child_tid, robust_list;
	struct rseq rseq;
	uint64_t affinity; /* CPUs that it may run on */
	unsigned ioprio; /* ioprio_set(2); 0: what its nice value makes it */
	uint64_t cpu_entered_ns; /* what its thread had used before it entered */
};

/* The running thread's; NULL for kernel threads. */
struct task *task_current(void);

/* One more for the process, on its list; tid 0: a new number. -ENOMEM. */
int task_create(struct process *process, int tid, struct task **out);
/* Off the list, with its CPU time accounted to the process. */
void task_free(struct task *task);

/**
 * Ends the running thread of its process, and with the last one the process; status counts then, unless the whole
 * process is ending with another.
 */
void task_exit(int status) NORETURN;
/* Ends all other threads of the running process and waits until they have gone. -EINTR: this one is to end as well. */
int task_end_others(void);

/* What the end of a thread does to the program's memory: its robust locks, the word that pthread_join() waits for. */
void task_release_memory(struct task *task);

/* The living process with a thread of that number, referenced; NULL. What it owns may go: see process_hold(). */
struct process *process_find_task(int tid);

/* A thread that was found stays, with what its process owns, until it is let go; a spinlock is held meanwhile. */
struct task_lookup {
	struct process *process;
	struct task *task;
	unsigned long flags;
};

/* By its number, or the running one by 0. False: there is none. */
bool task_find(struct task_lookup *found, int tid) MUST_CHECK;
void task_let_go(struct task_lookup *found);
/*
 * The CPUs that a thread of that number may run on, a bit each; tid 0: the running one. 0, -ESRCH; -EINVAL: none of
 * them runs.
 */
int task_get_affinity(int tid, uint64_t *cpus);
int task_set_affinity(int tid, uint64_t cpus);
