/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes: what a program owns. One process with one thread in this build; the structure is ready for more.
 */
#pragma once

#include <kernel/fd.h>
#include <kernel/list.h>
#include <kernel/mutex.h>
#include <kernel/types.h>

struct aspace;
struct arch_regs;
struct thread;

#define GROUPS_MAX 64
#define RLIMIT_COUNT 16

struct rlimit {
	uint64_t current, maximum;
};

/* Who a process is to the permission checks. */
struct credentials {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint32_t group_count;
	uint32_t groups[GROUPS_MAX];
};

struct process {
	int pid, ppid, pgid, sid;
	struct list node;		/* on the list of all processes */
	unsigned refs;
	struct aspace *aspace;
	struct fd_table *fds;
	struct fs_context *fs;		/* root, working directory, umask (kernel/vfs.h) */
	struct credentials cred;
	struct rlimit rlimits[RLIMIT_COUNT];
	struct thread *thread;		/* the main thread */
	int nice;
	uint32_t personality;
	bool dumpable, no_new_privs;
	uint64_t start_ns;
	bool exited;
	int status;			/* wait status: code << 8, or signal */
	user_ptr_t clear_child_tid;
	struct signals *signals;	/* dispositions, mask, pending (kernel/sys/signal) */
	char name[16];			/* PR_SET_NAME, comm */
};

/* The running thread's process; NULL for kernel threads. */
struct process *process_current(void);

/**
 * A process without a program: empty address space, fds 0, 1, 2 on the console, root's credentials, cwd "/". The running
 * thread can be moved into it with process_enter(): for unit tests and for harnesses. -ENOMEM.
 */
int process_create(const char *name, struct process **out);
/* Makes it the running thread's process (address space activated, credentials apply); NULL leaves it. */
void process_enter(struct process *process);
struct process *process_get(struct process *process);
void process_put(struct process *process);

/**
 * Gives up all that the process owns: descriptors (files closed), address space, fs context. Afterwards only its pid and status
 * remain. May sleep. Called by exit, and by the harness at the end of an input.
 */
void process_teardown(struct process *process, int status);

/* Ends the running thread's process with a wait status; does not return. In harness mode it ends the input's program. */
void process_exit(int status) NORETURN;

/* A trap or a default action killed the program: one readable report line on the log, then process_exit(signal). */
void process_fault(struct arch_regs *regs, int signal, uint64_t address) NORETURN;

/**
 * Loads path with the given arguments and starts it as process 1 in the running thread's place; returns its exit status
 * (exit code, or 128 + signal; 126 refused, 127 not found, with one line on the log).
 */
int process_run_init(const char *path);
