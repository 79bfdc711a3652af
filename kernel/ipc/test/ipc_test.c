/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See ipc_test.h.
 */
#include "ipc_test.h"

#include <kernel/clock.h>
#include <kernel/wait.h>

#define SLEEP_NS (20 * NSEC_PER_SEC)

void ipc_test_pause(void)
{
	if (clock_sleep_until(clock_ns() + NSEC_PER_MSEC))
		test_fail(__FILE__, __LINE__, "the pause was interrupted");
}

static void make_call(void *arg)
{
	struct ipc_test_call *call = arg;

	process_enter(call->process);
	call->result = syscall_dispatch(call->number, call->args);
	process_enter(NULL);
}

bool ipc_test_start(struct ipc_test_call *call, struct process *process, uint64_t number, const uint64_t args[6])
{
	*call = (struct ipc_test_call){ .process = process, .number = number };
	memcpy(call->args, args, sizeof(call->args));
	call->thread = thread_create("caller", make_call, call);
	if (!call->thread) {
		test_fail(__FILE__, __LINE__, "no thread");
		return false;
	}
	thread_start(call->thread);
	return true;
}

static int is_thread(struct thread *thread, wait_condition_t *condition UNUSED, void *arg UNUSED, void *context)
{
	return thread == context;
}

void ipc_test_let_sleep(const struct ipc_test_call *call)
{
	uint64_t end_ns = clock_ns() + SLEEP_NS;

	while (call->thread && !wait_foreach_sleeper(is_thread, call->thread)) {
		if (clock_ns() >= end_ns) {
			test_fail(__FILE__, __LINE__, "the caller does not fall asleep");
			return;
		}
		ipc_test_pause();
	}
}

long ipc_test_finish(struct ipc_test_call *call)
{
	if (!call->thread)
		return 0;
	if (thread_join(call->thread))
		test_fail(__FILE__, __LINE__, "cannot wait for the caller");
	thread_put(call->thread);
	return call->result;
}
