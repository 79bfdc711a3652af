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

/* ---- which calls a program needs (syscall_usage.c) ---- */

extern bool syscall_usage_wanted;
void syscall_usage_note(uint64_t number, long result);
/* The table, to the log; nothing unless it was asked for. */
void syscall_usage_print(void);

/* ---- which calls programs may make (filter.c) ---- */

#define SYSCALL_SET_MAX 512
struct syscall_set {
	uint64_t bits[SYSCALL_SET_MAX / 64]; /* by number */
};

/* Names with commas between them; a warning for each that is none. */
void syscall_set_add(struct syscall_set *set, const char *names);
bool syscall_set_has(const struct syscall_set *set, uint64_t number);
/* There is a list, and for those who look: the call is not on it. */
extern bool syscall_filter_on;
bool syscall_is_denied(uint64_t number);
/* Says so, the first time, and ends the running program. */
void syscall_deny(uint64_t number) NORETURN;

/* ---- signals (signal.c, signal_deliver.c) ---- */

/* The running thread has entered or left a process. */
void signals_entered(void);
/* True when something is to be done before the program goes on: a quick question, asked after every call. */
bool signals_due(void);
/* signal_deliver() at the end of a call; restart: the call was interrupted and can start again. */
void signal_deliver_after(struct arch_regs *regs, bool restart);

/* ---- futexes (futex.c, futex_robust.c) ---- */

/* Wakes one waiter at an address of the running process: what the end of a thread does. */
void futex_wake_address(user_ptr_t address);
/* The locks on its robust list are marked as their owner's death left them, each with a waiter woken. */
void futex_release_robust(user_ptr_t head, int tid);

/* ---- what one process may do to another (access.c) ---- */

/* Send it a signal, as kill(2) has it. */
bool process_may_signal(const struct process *target, int signo);
/* See what it owns, as ptrace(2) has it. */
bool process_may_look_at(const struct process *target);

/* ---- the time of day (sys_clock.c, sys_adjtimex.c) ---- */

/* Sets it, and tells who waits for that: 0, -EPERM, -EINVAL (before boot). */
long clock_set_checked(uint64_t now_ns);
/* How much international atomic time is ahead of it. */
uint64_t clock_tai_offset_ns(void);

/* ---- processes (process.c) ---- */

/* A number that no thread and no process has had. */
int process_new_id(void);
/* A process of zeros gets its number and its place on the list of all, and signals. -ENOMEM: it is on the list. */
int process_init(struct process *process);
/* The process has ended and owns nothing: who waits for it is told. It may be gone afterwards. */
void process_ended(struct process *process);
/* Waits until process_ended() is through with a process that is nobody's child. */
void process_wait_end(struct process *process);
/* Its parent learns that it was stopped or continued (CLD_*). Sleeps. */
void process_tell_parent(struct process *process, int code);
/* sys_limits.c: those of a new process. */
void limits_init(struct process *process);
/* The running thread ends: if a harness's input runs on it, that has ended, and this does not return. */
void process_end_input(int status);
/* Another program in another memory, whose references it takes over; what it had is the caller's. */
void process_set_program(struct process *process, struct aspace *aspace, struct file *program);
/* Other descriptors; the caller drops the reference to those that it had. */
void process_set_files(struct process *process, struct fd_table *fds);
/* The same for where it is. */
void process_set_fs(struct process *process, struct fs_context *fs);
/* What a parent reads of a child, with a code of CLD_*: exit status or signal. */
int process_wait_value(const struct process *child, int code);
/* vfork's parent may go on: the child has a memory of its own, or needs none. */
void process_return_memory(struct process *process);
/* The running process's children, ended ones among them, while visit returns 0; its last result. */
int process_foreach_child(int (*visit)(struct process *child, void *context), void *context);
