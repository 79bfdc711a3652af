/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one door to all system calls, with what watches it: the count of unknown calls, the history for crash reports and
 * the trace that "strace" on the command line asks for.
 */
#include <arch/arch.h>
#include <instrumentation/trace/inline.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/outcomes.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/syscall.h>
#include <kernel/thread.h>

#include "sys_internal.h"
#include "task.h"

static unsigned long unknown_count;
METRIC_COUNTED(unknown_syscalls, "System calls that the kernel does not have", &unknown_count);
METRIC_COUNTERS_IN(syscalls, "System calls; those that only tell a word of the process are not counted", "name",
		   &syscall_table[0].name, SYSCALL_NUMBERS, sizeof(syscall_table[0]));
static SEALED bool trace, outcomes;
/* One of these, syscall_usage_wanted or syscall_filter_on: all others make their calls without a look. */
static SEALED bool watched;

/* A ring; written by the thread that calls, read when everything has stopped. */
static struct syscall_record history[SYSCALL_HISTORY];
static uint32_t history_next;

static int watch_init(void)
{
	char value[8];

	trace = boot_option("strace", value, sizeof(value)) != -ENOENT;
	outcomes = IS_ENABLED(CONFIG_TESTS) && boot_option("outcomes", value, sizeof(value)) != -ENOENT;
	watched = trace || outcomes || syscall_usage_wanted || syscall_filter_on;
	/* There is nothing to see on the quick way. */
	for (size_t i = 0; watched && i < syscall_quick_size; i++)
		syscall_quick[i] = NULL;
	return 0;
}
INIT_CALL(INIT_LATE, watch_init);

static void remember(uint64_t number, long result)
{
	uint32_t at = atomic_fetch_add(&history_next, 1) % SYSCALL_HISTORY;

	history[at] = (struct syscall_record){ (uint32_t)number, result };
}

size_t syscall_history(struct syscall_record records[SYSCALL_HISTORY])
{
	uint32_t next = atomic_load(&history_next);
	size_t count = min(next, (uint32_t)SYSCALL_HISTORY);

	for (size_t i = 0; i < count; i++)
		records[i] = history[(next - count + i) % SYSCALL_HISTORY];
	return count;
}

unsigned long syscall_unknown_count(void)
{
	return atomic_load(&unknown_count);
}

static void trace_print(uint64_t number, const uint64_t args[6], const long *result)
{
	char line[512];

	syscall_format(line, sizeof(line), number, args, result);
	log_printf("%d: %s\n", process_tid(), line);
}

static long call(uint64_t number, const uint64_t args[6])
{
	if (number >= syscall_table_size || !syscall_table[number].call) {
		atomic_fetch_add(&unknown_count, 1);
		return -ENOSYS;
	}
	metric_inc_at(syscalls, number);
	return syscall_table[number].call(args);
}

/* What those that do not return would tell afterwards they tell before. */
static void watch_before(uint64_t number, const uint64_t args[6])
{
	if (syscall_is_denied(number))
		syscall_deny(number);
	if (syscall_returns(number))
		return;
	if (trace)
		trace_print(number, args, NULL);
	if (syscall_usage_wanted)
		syscall_usage_note(number, 0);
	if (outcomes)
		outcomes_add(number, 0);
}

static void watch_after(uint64_t number, const uint64_t args[6], long result)
{
	if (outcomes)
		outcomes_add(number, result);
	if (syscall_usage_wanted)
		syscall_usage_note(number, result);
	if (trace)
		trace_print(number, args, &result);
}

/* Not inline: the way of those that nobody traces is short. */
static __attribute__((noinline)) long call_traced(uint64_t number, const uint64_t args[6])
{
	uint64_t start = TRACE_START(syscall_exit);
	long result;

	TRACE_INLINE(syscall_enter, number, args[0], args[1], args[2], args[3], args[4], args[5]);
	result = call(number, args);
	TRACE_INLINE(syscall_exit, number, result, start);
	return result;
}

static inline long call_watched(uint64_t number, const uint64_t args[6])
{
	long result;

	if (unlikely(watched))
		watch_before(number, args);
	if (TRACE_ON(syscall_enter) || TRACE_ON(syscall_exit))
		result = call_traced(number, args);
	else
		result = call(number, args);
	remember(number, result);
	if (unlikely(watched))
		watch_after(number, args, result);
	return result;
}

long syscall_dispatch(uint64_t number, const uint64_t args[6])
{
	long result = call_watched(number, args);

	if (signals_due())
		signal_deliver(NULL);
	return result;
}

/*
 * What Linux starts again after a handler with SA_RESTART (signal(7)): calls that wait for I/O or for a lock, not
 * those that wait for time or for a signal.
 */
bool syscall_restarts(uint64_t number)
{
	switch (number) {
	case SYS_read:
	case SYS_readv:
	case SYS_pread64:
	case SYS_preadv:
	case SYS_write:
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_ioctl:
	case SYS_openat:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_fcntl:
	case SYS_flock:
	case SYS_futex:
	case SYS_futex_waitv:
	case SYS_sendfile:
	case SYS_splice:
		return true;
	default:
		return false;
	}
}

bool syscall_entry(struct arch_regs *regs)
{
	const struct thread *thread = thread_current();
	struct task *task = thread->task;
	uint64_t args[6];
	uint64_t number = arch_syscall_args(regs, args);
	long result = call_watched(number, args);
	bool same = !task->returned;

	task->returned = false;
	if (likely(same))
		arch_syscall_set_result(regs, result);
	if (unlikely(atomic_load_relaxed(&thread->interrupted) || task->borrowed)) {
		signal_deliver_after(regs, result == -EINTR && syscall_restarts(number));
		same = false;
	}
	arch_irq_disable();
	if (unlikely(atomic_load_relaxed(&thread->killed) || atomic_load_relaxed(&thread->interrupted) ||
		     atomic_load_relaxed(&thread->switched)))
		same &= !process_before_program(regs);
	return same;
}
