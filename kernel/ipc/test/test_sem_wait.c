/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Semaphores: operations that wait, and the end of processes. Other threads of the same process wait.
 */
#include "ipc_test.h"

#include <kernel/abi/time.h>
#include <kernel/aspace.h>
#include <kernel/clock.h>
#include <kernel/signal.h>

#define OPERATIONS 256 /* offset in SYSTEST_MEM */
#define TIMEOUT 384

static int make_set(int count)
{
	return (int)sys(SYS_semget, IPC_PRIVATE, (uint64_t)count, 0600);
}

/* Operations at SYSTEST_MEM + offset; each place is one thread's. */
static user_ptr_t put(size_t offset, int number, int op, int flags)
{
	const struct abi_sembuf operation = { (uint16_t)number, (int16_t)op, (int16_t)flags };

	return systest_value(offset, &operation);
}

static long value_of(int id, int number)
{
	return sys(SYS_semctl, (uint64_t)id, (uint64_t)number, GETVAL, 0);
}

/* Until so many wait for a semaphore, as GETNCNT or GETZCNT count. */
static void await_waiters(int id, int number, int command, long count)
{
	for (int i = 0; i < 1000; i++) {
		if (sys(SYS_semctl, (uint64_t)id, (uint64_t)number, (uint64_t)command, 0) == count)
			return;
		ipc_test_pause();
	}
	test_fail(__FILE__, __LINE__, "nobody waits");
}

SYSTEST(semop_waits_for_more)
{
	struct ipc_test_call call;
	int id = make_set(2);

	if (!ipc_test_begin(&call, SYS_semop, (uint64_t)id, put(OPERATIONS, 1, -2, 0), 1))
		return;
	await_waiters(id, 1, GETNCNT, 1);
	CHECK_EQ(sys(SYS_semctl, id, 0, GETNCNT), 0);
	CHECK_EQ(sys(SYS_semctl, id, 1, GETZCNT), 0);
	CHECK_EQ(sys(SYS_semop, id, put(0, 1, 1, 0), 1), 0);
	CHECK_EQ(value_of(id, 1), 1);
	CHECK_EQ(sys(SYS_semop, id, put(0, 1, 2, 0), 1), 0);
	CHECK_EQ(ipc_test_finish(&call), 0);
	CHECK_EQ(value_of(id, 1), 1);
}

SYSTEST(semop_waits_for_zero)
{
	struct ipc_test_call call;
	int id = make_set(1);

	CHECK_EQ(sys(SYS_semctl, id, 0, SETVAL, 2), 0);
	if (!ipc_test_begin(&call, SYS_semop, (uint64_t)id, put(OPERATIONS, 0, 0, 0), 1))
		return;
	await_waiters(id, 0, GETZCNT, 1);
	CHECK_EQ(sys(SYS_semop, id, put(0, 0, -1, 0), 1), 0);
	CHECK_EQ(sys(SYS_semctl, id, 0, SETVAL, 0), 0);
	CHECK_EQ(ipc_test_finish(&call), 0);
}

/* One sleeper's operations make another's possible. */
SYSTEST(semop_wakes_one_after_the_other)
{
	struct ipc_test_call first, second;
	const uint16_t values[2] = { 1, 0 };
	const struct abi_sembuf chain[2] = { { 0, -1, 0 }, { 1, 1, 0 } };
	int id = make_set(2);

	if (!ipc_test_begin(&first, SYS_semop, (uint64_t)id, put(OPERATIONS, 1, -1, 0), 1))
		return;
	await_waiters(id, 1, GETNCNT, 1);
	systest_value(OPERATIONS + 64, &chain);
	if (ipc_test_begin(&second, SYS_semop, (uint64_t)id, SYSTEST_MEM + OPERATIONS + 64, 2)) {
		await_waiters(id, 0, GETNCNT, 1);
		CHECK_EQ(sys(SYS_semctl, id, 0, SETALL, systest_value(0, &values)), 0);
		CHECK_EQ(ipc_test_finish(&second), 0);
	}
	CHECK_EQ(ipc_test_finish(&first), 0);
	CHECK_EQ(value_of(id, 0), 0);
	CHECK_EQ(value_of(id, 1), 0);
}

SYSTEST(sleepers_learn_of_the_removal)
{
	struct ipc_test_call call, timed;
	const struct abi_timespec time = { 100, 0 };
	int id = make_set(1);

	if (!ipc_test_begin(&call, SYS_semop, (uint64_t)id, put(OPERATIONS, 0, -1, SEM_UNDO), 1))
		return;
	await_waiters(id, 0, GETNCNT, 1);
	if (ipc_test_begin(&timed, SYS_semtimedop, (uint64_t)id, put(OPERATIONS, 0, -1, 0), 1,
			   systest_value(TIMEOUT, &time))) {
		await_waiters(id, 0, GETNCNT, 2);
		CHECK_EQ(sys(SYS_semctl, id, 0, IPC_RMID), 0);
		CHECK_ERR(ipc_test_finish(&timed), EIDRM);
	}
	CHECK_ERR(ipc_test_finish(&call), EIDRM);
}

SYSTEST(semtimedop_waits_so_long)
{
	const struct abi_timespec time = { 0, 1000000 };
	int id = make_set(1);

	systest_value(TIMEOUT, &time);
	CHECK_ERR(sys(SYS_semtimedop, id, put(0, 0, -1, 0), 1, SYSTEST_MEM + TIMEOUT), EAGAIN);
	CHECK_EQ(sys(SYS_semctl, id, 0, GETNCNT), 0);
	CHECK_EQ(sys(SYS_semtimedop, id, put(0, 0, 1, 0), 1, SYSTEST_MEM + TIMEOUT), 0);
	CHECK_EQ(sys(SYS_semtimedop, id, put(0, 0, -1, 0), 1, 0), 0);
	CHECK_ERR(sys(SYS_semtimedop, id, put(0, 1, -1, 0), 1, 0), EFBIG);
	CHECK_ERR(sys(SYS_semtimedop, id, put(0, 0, 32767, 0), 1, 0) ?: sys(SYS_semtimedop, id, put(0, 0, 1, 0), 1, 0),
		  ERANGE);
}

SYSTEST(semop_is_interrupted)
{
	int id = make_set(1);

	put(OPERATIONS, 0, -1, 0);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_semop, id, SYSTEST_MEM + OPERATIONS, 1), EINTR);
	signal_deliver(NULL);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_semtimedop, id, SYSTEST_MEM + OPERATIONS, 1, 0), EINTR);
	signal_deliver(NULL);
}

/* Another process takes and gives with SEM_UNDO, and ends: whoever waits for what it had taken gets it. */
SYSTEST(the_end_of_a_process_undoes)
{
	const struct abi_sembuf operations[2] = { { 0, -2, SEM_UNDO }, { 1, 5, SEM_UNDO } };
	struct process *other;
	struct ipc_test_call call;
	int id = make_set(2);

	CHECK_EQ(sys(SYS_semctl, id, 0, SETVAL, 3), 0);
	CHECK_EQ(systest_process("other", &other), 0);
	if (aspace_write(other->aspace, SYSTEST_MEM, operations, sizeof(operations)))
		test_fail(__FILE__, __LINE__, "no operations");
	if (ipc_test_start(&call, other, SYS_semop, (const uint64_t[6]){ (uint64_t)id, SYSTEST_MEM, 2 }))
		CHECK_EQ(ipc_test_finish(&call), 0);
	CHECK_EQ(value_of(id, 0), 1);
	CHECK_EQ(value_of(id, 1), 5);
	/* Less than it would take away: that goes as far as to zero. */
	CHECK_EQ(sys(SYS_semop, id, put(0, 1, -4, 0), 1), 0);
	if (ipc_test_begin(&call, SYS_semop, (uint64_t)id, put(OPERATIONS, 0, -3, 0), 1)) {
		await_waiters(id, 0, GETNCNT, 1);
		process_teardown(other, 0);
		CHECK_EQ(ipc_test_finish(&call), 0);
	}
	CHECK_EQ(value_of(id, 0), 0);
	CHECK_EQ(value_of(id, 1), 0);
	CHECK_EQ(sys(SYS_semctl, id, 1, GETPID), other->pid);
	process_put(other);
}

/* SETVAL is the last word: nothing of before is undone. */
SYSTEST(setting_a_value_ends_what_would_be_undone)
{
	struct process *other;
	struct ipc_test_call call;
	const struct abi_sembuf operation = { 0, 4, SEM_UNDO };
	int id = make_set(1);

	CHECK_EQ(systest_process("other", &other), 0);
	if (aspace_write(other->aspace, SYSTEST_MEM, &operation, sizeof(operation)))
		test_fail(__FILE__, __LINE__, "no operation");
	if (ipc_test_start(&call, other, SYS_semop, (const uint64_t[6]){ (uint64_t)id, SYSTEST_MEM, 1 }))
		CHECK_EQ(ipc_test_finish(&call), 0);
	CHECK_EQ(sys(SYS_semctl, id, 0, SETVAL, 6), 0);
	process_teardown(other, 0);
	process_put(other);
	CHECK_EQ(value_of(id, 0), 6);
}
