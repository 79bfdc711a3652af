/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process keeps about signals. Everything in struct signals is under its lock, which is taken in interrupts too.
 */
#pragma once

#include <kernel/clock.h>
#include <kernel/list.h>
#include <kernel/signal.h>
#include <kernel/spinlock.h>
#include <kernel/wait.h>

#include "sys_internal.h"
#include "task.h"

#define UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define SIGNAL_TIMERS 32 /* timer_create() */

/* An interval timer or a POSIX timer. Times are those of its clock. */
struct signal_timer {
	bool used;
	bool armed;   /* false while its signal waits, so that it cannot flood */
	bool cpu_time;   /* counts CPU time of the process */
	int clock, id;
	int notify, signo;
	uint64_t value;   /* sigev_value */
	uint64_t expiry_ns, interval_ns;
	uint64_t clock_offset_ns; /* its clock minus clock_ns(); CPU clocks: 0 */
	int overrun;   /* expiries that the last signal stood for, less one */
	struct timer timer;
	struct signals *signals;
};

struct signals {
	struct spinlock lock;
	struct process *process;
	struct abi_sigaction actions[SIGRTMAX + 1];
	bool stopped;   /* by SIGSTOP and its like, until SIGCONT */
	int stop_signal; /* the last that stopped it */
	struct signal_pending pending; /* for the process: any thread may take it */
	struct wait_queue arrivals; /* rt_sigtimedwait, and the stopped */
	struct signal_events events;
	struct signal_timer itimers[3];
	struct signal_timer timers[SIGNAL_TIMERS];
	_Static_assert(SIGNAL_QUEUE_TIMERS == SIGNAL_TIMERS + 3, "each timer has its place");
};

struct signals *signals_current(void);
/* Says anew whose sleeps are to end: of those that could take a signal of the process, one. Lock held. */
void signals_update(struct signals *signals);
/* What waits for a thread, or its process. Lock held. */
uint64_t signals_waiting(const struct task *task);
/* Takes the first waiting signal of a set off the thread's queue, or the process's; 0: there is none. Lock held. */
int signal_take(struct task *task, uint64_t set, struct signal_queued *taken);
/* Forgets waiting signals of a set. Lock held. */
void signal_discard(struct signals *signals, uint64_t set);
/* True when the default action of signo is to ignore it, to stop. */
bool signal_default_ignores(int signo);
bool signal_default_stops(int signo);
/* Puts a signal on the queue of a thread, or if task is NULL of the process. Lock held. @return 0, -EAGAIN. */
int signal_queue(struct signals *signals, struct task *task, const struct signal_queued *queued);
/* signal_send() to one thread; -ESRCH: it has ended. */
int signal_send_task(struct process *process, int tid, int signo, const struct abi_siginfo *info);
void signal_info_fill(struct abi_siginfo *info, const struct signal_queued *queued);

/* fault_report.c: one line to the log on why a process ends, about siginfo's code and address. May sleep. */
void fault_report(const struct process *process, uint64_t pc, int signo, int code, uint64_t address);

/* A signal waits for somebody: those who read or poll a signalfd look again. No lock held; any context. */
void signalfd_tell(void);

/* The signal of a timer was taken, or dropped because nobody wants it: the timer goes on. Lock held. */
void signal_timer_taken(struct signal_timer *timer, bool dropped);
/* Starts (expiry_ns != 0) or stops a timer; expiry on its own clock. Lock held, after timer_cancel() without it. */
void signal_timer_set(struct signal_timer *timer, uint64_t expiry_ns, uint64_t interval_ns);
/* What is left to its next expiry, at least 1 while armed; 0 when it is not. Lock held. */
uint64_t signal_timer_left(struct signal_timer *timer);
/* The time on its clock that is ns from now. */
uint64_t signal_timer_after(const struct signal_timer *timer, uint64_t ns);
/* Takes its signal off the queue: nobody must follow the entry to a timer that is gone. Lock held. */
void signal_timer_forget(struct signal_timer *timer);
void signal_timer_init(struct signals *signals, struct signal_timer *timer, int clock, int signo);
/* Ends those of timer_create(). Lock not held. */
void signal_timers_delete(struct signals *signals);
/* Stops all timers of a process; waits for one that fires. Lock not held. */
void signal_timers_stop(struct signals *signals);
