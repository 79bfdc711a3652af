/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that name a process which is just ending on another CPU: what it owned is gone in the middle of them, which is
 * a crash with HEAP_CHECK.
 */
#include <kernel/abi/signal.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/process.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

#define ROUNDS 300
#define TRIES 100000

struct ending {
	struct process *processes[ROUNDS];
	unsigned begun; /* atomic: so many may end */
};

static void end_them(void *arg)
{
	struct ending *ending = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		while (atomic_load(&ending->begun) <= i)
			thread_yield();
		process_teardown(ending->processes[i], 0);
		process_put(ending->processes[i]);
	}
}

/* Until nobody has that number any more. */
static void disturb(int pid)
{
	long found = 0;

	for (unsigned i = 0; i < TRIES && found != -ESRCH; i++) {
		sys(SYS_tgkill, pid, pid, SIGURG);
		sys(SYS_sched_getaffinity, pid, 8, SYSTEST_MEM);
		sys(SYS_get_robust_list, pid, SYSTEST_MEM, SYSTEST_MEM + 8);
		sys(SYS_setpriority, 0, pid, 1);
		sys(SYS_ioprio_get, 1, pid);
		found = sys(SYS_kill, pid, SIGURG);
		thread_yield();
	}
	CHECK_EQ(found, -ESRCH);
}

SYSTEST(calls_meet_the_end_of_a_process)
{
	static struct ending ending;
	struct thread *thread = thread_create("ending", end_them, &ending);

	CHECK(thread);
	if (!thread)
		return;
	ending.begun = 0;
	thread_start(thread);
	for (unsigned i = 0; i < ROUNDS; i++) {
		int pid;

		CHECK_EQ(systest_process("ending", &ending.processes[i]), 0);
		pid = ending.processes[i]->pid;
		atomic_store(&ending.begun, i + 1);
		disturb(pid);
	}
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
}
