/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of kernel/ipc have in common: users without rights, and calls that other threads make.
 */
#pragma once

#include <kernel/abi/ipc.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

/* From now on the process is user uid, without capabilities. */
void ipc_test_become(uint32_t uid);
/* SIGALRM goes to a handler in a moment: what sleeps then ends with EINTR. Uses 64 bytes at SYSTEST_MEM + 1024. */
void ipc_test_interrupt_soon(void);
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
/* Its result, once it has returned. */
long ipc_test_finish(struct ipc_test_call *call);

#define ipc_test_begin(call, number, ...)                                                                              \
	ipc_test_start((call), process_current(), (number), (const uint64_t[6]){ __VA_ARGS__ })
