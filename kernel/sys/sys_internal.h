/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of kernel/sys share.
 */
#pragma once

#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/syscall.h>

/* ---- system calls (syscall_format.c, syscall.c) ---- */

/* False for calls that end the program. */
bool syscall_returns(uint64_t number);
/* True for calls that start again when a handler with SA_RESTART has interrupted them. */
bool syscall_restarts(uint64_t number);

/* ---- signals (signal.c, signal_deliver.c) ---- */

/* The running thread has entered or left a process. */
void signals_entered(void);
/* True when something is to be done before the program goes on: a quick question, asked after every call. */
bool signals_due(void);
/* signal_deliver() at the end of a call; restart: the call was interrupted and can start again. */
void signal_deliver_after(struct arch_regs *regs, bool restart);
/* True, once, when the call was rt_sigreturn: the registers hold what was interrupted, and no result goes there. */
bool signal_returned(struct arch_regs *regs);

/* ---- futexes (futex.c) ---- */

/* Wakes one waiter at an address of the running process: what the end of a thread does. */
void futex_wake_address(user_ptr_t address);

/* ---- processes (process.c) ---- */

/* All living processes, while visit returns 0; its last result. */
int process_foreach(int (*visit)(struct process *process, void *context), void *context);
