/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes: what a program owns, shared by all its threads.
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/fd.h>
#include <kernel/list.h>
#include <kernel/mutex.h>
#include <kernel/types.h>
#include <kernel/wait.h>

struct aspace;
struct arch_regs;
struct thread;

#define GROUPS_MAX 64
#define RLIMIT_COUNT 16

struct rlimit {
	uint64_t current, maximum;
};

/* Capabilities that the kernel looks at; numbers as Linux has them. */
enum capability {
	CAP_CHOWN = 0,
	CAP_DAC_OVERRIDE = 1,
	CAP_DAC_READ_SEARCH = 2,
	CAP_FOWNER = 3,
	CAP_FSETID = 4,
	CAP_KILL = 5,
	CAP_SETGID = 6,
	CAP_SETUID = 7,
	CAP_SETPCAP = 8,
	CAP_NET_BIND_SERVICE = 10,
	CAP_NET_ADMIN = 12,
	CAP_NET_RAW = 13,
	CAP_IPC_LOCK = 14,
	CAP_IPC_OWNER = 15,
	CAP_SYS_CHROOT = 18,
	CAP_SYS_PTRACE = 19,
	CAP_SYS_ADMIN = 21,
	CAP_SYS_BOOT = 22,
	CAP_SYS_NICE = 23,
	CAP_SYS_RESOURCE = 24,
	CAP_SYS_TIME = 25,
	CAP_MKNOD = 27,
	CAP_SYSLOG = 34,
	CAP_LAST = 40,
};
#define CAP_BIT(capability) (UINT64_C(1) << (capability))
#define CAP_ALL (CAP_BIT(CAP_LAST + 1) - 1)

/* Who a process is to the permission checks. */
struct credentials {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint64_t cap_effective, cap_permitted, cap_inheritable, cap_bounding;
	uint32_t group_count;
	uint32_t groups[GROUPS_MAX];
};

struct process {
	int pid, ppid, pgid, sid;
	struct list node;  /* on the list of all processes */
	unsigned refs;
	struct aspace *aspace;
	struct file *program;  /* what it runs, once it has called execve(): cannot be written meanwhile */
	struct fd_table *fds;
	struct fs_context *fs;  /* root, working directory, umask (kernel/vfs.h) */
	struct list sem_undos; /* what its end does to semaphores (kernel/ipc/sem.h) */
	struct credentials cred;
	struct rlimit rlimits[RLIMIT_COUNT];
	struct list tasks;  /* its threads (kernel/sys/task.h); under the lock of its signals */
	struct task *main;  /* the first one; NULL once it has ended, while others live */
	unsigned task_count;  /* less those that are leaving */
	struct wait_queue task_left; /* woken when one has left, and when all has ended */
	int nice;
	int sched_policy, sched_priority;
	bool sched_reset_on_fork;
	uint32_t personality;
	unsigned dumpable;  /* PR_SET_DUMPABLE */
	bool no_new_privs, keep_caps, child_subreaper, membarrier_registered;
	int death_signal;  /* PR_SET_PDEATHSIG */
	uint64_t timer_slack_ns;
	uint64_t start_ns;
	uint64_t cpu_ns;  /* used, up to the last switch of each thread */
	uint64_t children_cpu_ns; /* of those that were waited for */
	uint64_t condemned_ns; /* when it was told to end for its memory; 0: never */
	bool dying;      /* status is decided, and every thread on its way out */
	bool exited;     /* it owns nothing any more */
	bool is_child;   /* made by fork: its parent holds the reference, until it has waited for it */
	bool zombie;     /* a child that can be waited for */
	bool ending;     /* on its way from exited to zombie: there, with nothing to tell yet */
	bool over;       /* all of that is behind it; never cleared */
	int exit_signal; /* to its parent; 0: none */
	int wait_code;   /* CLD_STOPPED or CLD_CONTINUED, which no wait has told yet; 0: none */
	unsigned child_events; /* changes when something happened to a child */
	struct wait_queue child_wait;
	bool borrows_memory; /* made by vfork: its parent waits for execve or the end */
	struct wait_queue memory_returned;
	bool has_code;   /* runs a program of its own; false in unit tests and harnesses */
	int status;   /* wait status: code << 8, or signal */
	struct signals *signals; /* dispositions, mask, pending, timers (kernel/signal.h) */
	char name[16];   /* PR_SET_NAME, comm */
};

/* The running thread's process; NULL for kernel threads. */
struct process *process_current(void);

/**
 * A process without a program: empty address space, fds 0, 1, 2 on the console, root's credentials, cwd "/". The
 * running thread can be moved into it with process_enter(): for unit tests and for harnesses. -ENOMEM.
 */
int process_create(const char *name, struct process **out);
/* Makes it the running thread's process (address space activated, credentials apply); NULL leaves it. */
void process_enter(struct process *process);
struct process *process_get(struct process *process);
void process_put(struct process *process);
/* The living process of that number, referenced; NULL. What it owns may go at any time: see process_hold(). */
struct process *process_find(int pid);
/* The same, or one that has ended and was not waited for. */
struct process *process_find_any(int pid);
/* The lowest number, from on, that process_find_any() finds; -1. */
int process_next(int from);
/* All living processes, while visit returns 0; its last result. */
int process_foreach(int (*visit)(struct process *process, void *context), void *context);
/* The same of all that there are, those that have ended among them, and those that are yet to begin. */
int process_foreach_any(int (*visit)(struct process *process, void *context), void *context);
/**
 * True: the process lives, and all that it owns stays until process_unhold(). Meanwhile only references may be taken,
 * not dropped. May be called under the tree lock, before a lock of what is owned.
 */
bool process_hold(struct process *process) MUST_CHECK;
void process_unhold(void);

/* What can be told of a process or one thread of it. */
struct process_info {
	char state;  /* R, S, T or Z */
	unsigned threads;
	uint64_t cpu_ns;
	uint64_t pending, shared_pending, blocked, ignored, caught; /* signals, as sets */
};
/* tid 0: of the process as a whole. -ESRCH. */
int process_info(struct process *process, int tid, struct process_info *info);
/* The process's lowest thread number, from on; -1. */
int process_next_task(struct process *process, int from);
/* CPU time that its threads have used. Any context. */
uint64_t process_cpu_ns(const struct process *process);
/* The thread id that the program knows the running thread by: the main thread's is the pid. */
int process_tid(void);
/* True when the running process has the capability in its effective set. A kernel thread has all. */
bool process_capable(enum capability capability);

/* The system's names, as uname(2) tells them. */
struct abi_utsname;
void uname_get(struct abi_utsname *names);
/* The host's name, cut where it is too long. A thread. */
void uname_set_host(const char *name);

/**
 * Gives up all that the process owns: descriptors (files closed), address space, fs context. Afterwards only its pid
 * and status remain. May sleep. Called by exit, and by the harness at the end of an input.
 */
void process_teardown(struct process *process, int status);

/* The running process will not wait for its children that have ended: they are gone. */
void process_forget_children(void);

/*
 * Ends the running thread's process, all threads of it, with a wait status; does not return. In harness mode it ends
 * the input's program.
 */
void process_exit(int status) NORETURN;
/* The running thread was killed (thread->killed): ends it, and with the last one the process. */
void process_killed(void) NORETURN;
/*
 * The last thing before the running thread's program goes on, with interrupts off: a process that was killed ends here,
 * and signals that came meanwhile act. What comes later interrupts the program. True: it goes on elsewhere.
 */
bool process_before_program(struct arch_regs *regs);

/**
 * The program did what the CPU refused; code and address are what siginfo tells. Returns when it has a handler for the
 * signal: regs then lead there. Else one readable line goes to the log, and the program ends with the signal.
 */
void process_fault(struct arch_regs *regs, int signal, int code, uint64_t address);

/*
 * The running program needs a page, and there is none: another program ends, if one holds more than this one. True: it
 * is worth trying again. No lock is held; sleeps.
 */
bool process_find_memory(void);
/*
 * user_copy_in() and user_copy_out() of the running program's memory, where no lock is held: if there is no memory,
 * another program may end for it, or this one (then they do not return). 0, -EFAULT.
 */
int process_copy_in(void *to, user_ptr_t from, size_t len);
int process_copy_out(user_ptr_t to, const void *from, size_t len);

/**
 * Loads path with the command line's arguments and environment, runs it as a process and waits for its end; returns its
 * exit status (exit code, or 128 + signal; 126 refused, 127 not found, with one line on the log).
 */
int process_run_init(const char *path);
