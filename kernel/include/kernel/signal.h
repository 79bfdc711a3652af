/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals of a process: what it does about each, which are blocked, which wait. In this build a process has one thread,
 * so a signal to the thread and one to the process are the same.
 *
 * A signal is acted upon at the end of a system call, or after a trap: ignored, stopped for, handed to the program's
 * handler (its registers are changed so that it runs next), or the program ends with it. Where a program has no code of
 * its own (unit tests, harness inputs) a handler is a recorded event: signal_events().
 */
#pragma once

#include <kernel/abi/signal.h>
#include <kernel/compiler.h>

struct arch_regs;
struct process;
struct signals;

#define SIGNAL_BIT(signo) (UINT64_C(1) << ((signo) - 1))

/* All default, nothing blocked. -ENOMEM. */
int signals_create(struct process *process, struct signals **out);
/* Cancels its timers. */
void signals_free(struct signals *signals);

/**
 * Sends a signal (1..64). Any context, interrupts included. NULL info: the kernel's own (SI_KERNEL). A standard signal
 * that waits already is not queued again; real-time ones queue up to a limit.
 * @return 0, -EAGAIN when the queue is full.
 */
int signal_send(struct process *process, int signo, const struct abi_siginfo *info);
/* To the running process: what a write to a pipe without readers does. */
void signal_send_self(int signo);

/* True when a signal waits that is neither blocked nor ignored: the running thread's sleeps end with -EINTR. */
bool signal_pending(void);

/**
 * A mask for the time of one call (ppoll, pselect6, epoll_pwait, rt_sigsuspend): blocks exactly *mask until the call
 * has ended and its signals are delivered. The program's pointer; 0: nothing to do. -EINVAL (size is not 8), -EFAULT.
 */
int signal_mask_borrow(user_ptr_t mask, size_t size);

/**
 * Acts on what waits, with the registers the program will continue with; NULL: a program without code. May not return
 * (the signal ends the program). Interrupts on, may sleep.
 */
void signal_deliver(struct arch_regs *regs);

/* What a handler is told, and what is to come back after it (arch_signal_push()). */
struct arch_signal {
	struct abi_sigaction action; /* the handler, its flags, its restorer */
	struct abi_siginfo info;
	struct abi_stack stack;  /* sigaltstack(), or SS_DISABLE */
	uint64_t mask;   /* blocked signals */
};

/* Number of times a handler would have run in a program without code, and the signals they were for, as a set. */
struct signal_events {
	uint64_t count;
	uint64_t set;
};
void signal_events(struct signal_events *events);
