/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of kernel/ipc have in common: users without rights, and calls that other threads make.
 */
#pragma once

#include <kernel/abi/ipc.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

/* Lets others go on for a moment. */
void ipc_test_pause(void);

/* A call that another thread makes for the process it enters. */
struct ipc_test_call {
	struct process *process;
	uint64_t number, args[6];
	long result;
	struct thread *thread;
};
/* False: there is no thread, and the test has failed. */
bool ipc_test_start(struct ipc_test_call *call, struct process *process, uint64_t number, const uint64_t args[6]);
/* Returns once the call sleeps. */
void ipc_test_let_sleep(const struct ipc_test_call *call);
/* Its result, once it has returned. */
long ipc_test_finish(struct ipc_test_call *call);

#define ipc_test_begin(call, number, ...)                                                                              \
	ipc_test_start((call), process_current(), (number), (const uint64_t[6]){ __VA_ARGS__ })
