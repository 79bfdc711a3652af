/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Semaphores: sets, values, operations that need not wait, who may do what.
 */
#include "ipc_test.h"

#include <kernel/abi/time.h>

#define KEY 77
#define OPERATIONS 256 /* offset in SYSTEST_MEM */
#define STATE 512

static int make_set(int key, int count, int mode)
{
	return (int)sys(SYS_semget, (uint64_t)key, (uint64_t)count, IPC_CREAT | (unsigned)mode);
}

static long operate(int id, const struct abi_sembuf *operations, unsigned count)
{
	return sys(SYS_semop, (uint64_t)id, systest_put(OPERATIONS, operations, count * sizeof(*operations)), count);
}

static long operate_one(int id, int number, int op, int flags)
{
	struct abi_sembuf operation = { (uint16_t)number, (int16_t)op, (int16_t)(flags | (int)IPC_NOWAIT) };

	return operate(id, &operation, 1);
}

static long value_of(int id, int number)
{
	return sys(SYS_semctl, (uint64_t)id, (uint64_t)number, GETVAL, 0);
}

SYSTEST(semget_makes_and_finds)
{
	int id = make_set(KEY, 3, 0600), other = make_set(IPC_PRIVATE, 1, 0600);

	CHECK(id != other);
	CHECK_EQ(sys(SYS_semget, KEY, 0, 0), id);
	CHECK_EQ(sys(SYS_semget, KEY, 3, IPC_CREAT), id);
	CHECK_ERR(sys(SYS_semget, KEY, 4, 0), EINVAL);
	CHECK_ERR(sys(SYS_semget, KEY, 3, IPC_CREAT | IPC_EXCL), EEXIST);
	CHECK_ERR(sys(SYS_semget, KEY + 1, 3, 0), ENOENT);
	CHECK_ERR(sys(SYS_semget, KEY + 1, 0, IPC_CREAT), EINVAL);
	CHECK_ERR(sys(SYS_semget, KEY + 1, -1, IPC_CREAT), EINVAL);
	CHECK_ERR(sys(SYS_semget, KEY + 1, 251, IPC_CREAT), EINVAL);
	CHECK_EQ(sys(SYS_semctl, id, 0, IPC_RMID), 0);
	CHECK_ERR(sys(SYS_semget, KEY, 3, 0), ENOENT);
	CHECK_ERR(sys(SYS_semctl, id, 0, IPC_RMID), EINVAL);
	/* The place is used again, the id is not. */
	CHECK(make_set(KEY, 1, 0600) != id);
}

SYSTEST(semget_ends_with_the_room)
{
	long first = sys(SYS_semget, IPC_PRIVATE, 1, 0), last = first, result = first;

	for (int i = 0; i < 200 && result >= 0; i++) {
		last = result;
		result = sys(SYS_semget, IPC_PRIVATE, 1, 0);
	}
	CHECK_ERR(result, ENOSPC);
	CHECK_EQ(sys(SYS_semctl, last, 0, IPC_RMID), 0);
	CHECK(sys(SYS_semget, IPC_PRIVATE, 1, 0) >= 0);
}

SYSTEST(semop_adds_takes_and_asks_for_zero)
{
	int id = make_set(IPC_PRIVATE, 2, 0600);

	CHECK_EQ(operate_one(id, 0, 3, 0), 0);
	CHECK_EQ(value_of(id, 0), 3);
	CHECK_EQ(operate_one(id, 0, -2, 0), 0);
	CHECK_ERR(operate_one(id, 0, -2, 0), EAGAIN);
	CHECK_ERR(operate_one(id, 0, 0, 0), EAGAIN);
	CHECK_EQ(operate_one(id, 1, 0, 0), 0);
	CHECK_EQ(value_of(id, 0), 1);
	CHECK_EQ(sys(SYS_semctl, id, 0, GETPID), process_current()->pid);
	CHECK_EQ(operate_one(id, 1, 32767, 0), 0);
	CHECK_ERR(operate_one(id, 1, 1, 0), ERANGE);
}

SYSTEST(semop_does_all_or_nothing)
{
	const struct abi_sembuf operations[3] = { { 0, 2, SEM_UNDO }, { 0, -1, 0 }, { 1, -1, (int16_t)IPC_NOWAIT } };
	int id = make_set(IPC_PRIVATE, 2, 0600);

	CHECK_ERR(operate(id, operations, 3), EAGAIN);
	CHECK_EQ(value_of(id, 0), 0);
	CHECK_EQ(operate_one(id, 1, 1, 0), 0);
	CHECK_EQ(operate(id, operations, 3), 0);
	CHECK_EQ(value_of(id, 0), 1);
	CHECK_EQ(value_of(id, 1), 0);
}

/* What the end takes back must fit, too. */
SYSTEST(semop_refuses_what_cannot_be_undone)
{
	int id = make_set(IPC_PRIVATE, 1, 0600);

	CHECK_EQ(operate_one(id, 0, 32767, SEM_UNDO), 0);
	CHECK_EQ(operate_one(id, 0, -32767, 0), 0);
	CHECK_EQ(operate_one(id, 0, 1, SEM_UNDO), 0);
	CHECK_ERR(operate_one(id, 0, 1, SEM_UNDO), ERANGE);
	CHECK_EQ(value_of(id, 0), 1);
}

SYSTEST(semop_errors)
{
	const struct abi_timespec bad = { 0, -1 };
	int id = make_set(IPC_PRIVATE, 1, 0600);

	CHECK_ERR(operate_one(id, 1, 1, 0), EFBIG);
	CHECK_ERR(operate_one(-1, 0, 1, 0), EINVAL);
	CHECK_ERR(operate_one(id + 1, 0, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_semop, id, SYSTEST_MEM, 0), EINVAL);
	CHECK_ERR(sys(SYS_semop, id, SYSTEST_MEM, 33), E2BIG);
	CHECK_ERR(sys(SYS_semop, id, SYSTEST_BAD, 1), EFAULT);
	CHECK_ERR(sys(SYS_semtimedop, id, SYSTEST_MEM, 33, 0), E2BIG);
	CHECK_ERR(sys(SYS_semtimedop, id, SYSTEST_BAD, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_semtimedop, id, SYSTEST_MEM, 1, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_semtimedop, id, SYSTEST_MEM, 1, systest_value(STATE, &bad)), EINVAL);
}

SYSTEST(semctl_sets_and_gets_values)
{
	const uint16_t values[2] = { 5, 7 }, large[2] = { 1, 32768 };
	int id = make_set(IPC_PRIVATE, 2, 0600);

	CHECK_EQ(sys(SYS_semctl, id, 0, SETALL, systest_value(0, &values)), 0);
	CHECK_EQ(value_of(id, 1), 7);
	CHECK_EQ(sys(SYS_semctl, id, 1, SETVAL, 9), 0);
	CHECK_EQ(sys(SYS_semctl, id, 0, GETALL, SYSTEST_MEM + 64), 0);
	CHECK_MEM(SYSTEST_MEM + 64, ((const uint16_t[2]){ 5, 9 }), 4);
	CHECK_EQ(sys(SYS_semctl, id, 0, GETNCNT), 0);
	CHECK_EQ(sys(SYS_semctl, id, 0, GETZCNT), 0);
	CHECK_ERR(sys(SYS_semctl, id, 0, SETALL, systest_value(0, &large)), ERANGE);
	CHECK_ERR(sys(SYS_semctl, id, 0, SETALL, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_semctl, id, 0, GETALL, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_semctl, id, 0, SETVAL, 32768), ERANGE);
	CHECK_ERR(sys(SYS_semctl, id, 0, SETVAL, -1), ERANGE);
	CHECK_ERR(sys(SYS_semctl, id, 2, SETVAL, 1), EINVAL);
	CHECK_ERR(sys(SYS_semctl, id, 2, GETVAL), EINVAL);
	CHECK_ERR(sys(SYS_semctl, -1, 0, GETVAL), EINVAL);
	CHECK_ERR(sys(SYS_semctl, id, 0, 99), EINVAL);
	CHECK_EQ(value_of(id, 0), 5);
}

SYSTEST(semctl_tells_state_and_limits)
{
	int id = make_set(KEY, 3, 0640);
	struct abi_semid_ds state;
	struct abi_seminfo info;

	CHECK_EQ(operate_one(id, 0, 1, 0), 0);
	CHECK_EQ(sys(SYS_semctl, id, 0, IPC_STAT, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &state);
	CHECK(state.perm.key == KEY && state.perm.mode == 0640 && state.perm.cuid == 0 && state.nsems == 3);
	CHECK(state.otime >= state.ctime && state.otime > 0);
	CHECK_EQ(sys(SYS_semctl, 0, 0, SEM_STAT, SYSTEST_MEM), id);
	CHECK_EQ(sys(SYS_semctl, 0, 0, SEM_STAT_ANY, SYSTEST_MEM), id);
	CHECK_ERR(sys(SYS_semctl, 5, 0, SEM_STAT, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_semctl, 30000, 0, SEM_STAT, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_semctl, id, 0, IPC_STAT, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_semctl, 0, 0, IPC_INFO, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &info);
	CHECK(info.mni == 128 && info.msl == 250 && info.vmx == 32767 && info.aem == 32767);
	make_set(IPC_PRIVATE, 2, 0);
	CHECK_EQ(sys(SYS_semctl, 0, 0, SEM_INFO, SYSTEST_MEM), 1);
	systest_read(SYSTEST_MEM, &info);
	CHECK(info.usz == 2 && info.aem == 5);
	CHECK_ERR(sys(SYS_semctl, 0, 0, IPC_INFO, SYSTEST_BAD), EFAULT);
}

SYSTEST(semctl_changes_owner_and_mode)
{
	struct abi_semid_ds state = { .perm = { .uid = 7, .gid = 8, .mode = 01604 } };
	int id = make_set(KEY, 1, 0600);

	CHECK_EQ(sys(SYS_semctl, id, 0, IPC_SET, systest_value(STATE, &state)), 0);
	CHECK_EQ(sys(SYS_semctl, id, 0, IPC_STAT, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &state);
	CHECK(state.perm.uid == 7 && state.perm.gid == 8 && state.perm.cuid == 0 && state.perm.mode == 0604);
	state.perm.uid = UINT32_MAX;
	CHECK_ERR(sys(SYS_semctl, id, 0, IPC_SET, systest_value(STATE, &state)), EINVAL);
	CHECK_ERR(sys(SYS_semctl, id, 0, IPC_SET, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_semctl, id + 1, 0, IPC_SET, SYSTEST_MEM), EINVAL);
	systest_become(7);
	state.perm.uid = 7;
	CHECK_EQ(sys(SYS_semctl, id, 0, IPC_SET, systest_value(STATE, &state)), 0);
	CHECK_EQ(sys(SYS_semctl, id, 0, IPC_RMID), 0);
}

SYSTEST(others_have_the_rights_that_the_mode_says)
{
	const struct abi_semid_ds state = { .perm = { .uid = 1000 } };
	int closed = make_set(KEY, 1, 0600), readable = make_set(KEY + 1, 1, 0604);

	systest_become(1000);
	CHECK_ERR(sys(SYS_semget, KEY, 1, 0400), EACCES);
	CHECK_EQ(sys(SYS_semget, KEY, 1, 0), closed);
	CHECK_ERR(value_of(closed, 0), EACCES);
	CHECK_EQ(value_of(readable, 0), 0);
	CHECK_EQ(operate_one(readable, 0, 0, 0), 0);
	CHECK_ERR(operate_one(readable, 0, 1, 0), EACCES);
	CHECK_ERR(sys(SYS_semtimedop, closed, SYSTEST_MEM, 1, 0), EACCES);
	CHECK_ERR(sys(SYS_semctl, readable, 0, SETVAL, 1), EACCES);
	CHECK_ERR(sys(SYS_semctl, readable, 0, SETALL, SYSTEST_MEM), EACCES);
	CHECK_ERR(sys(SYS_semctl, closed, 0, IPC_STAT, SYSTEST_MEM), EACCES);
	CHECK_EQ(sys(SYS_semctl, 0, 0, SEM_STAT_ANY, SYSTEST_MEM), closed);
	CHECK_ERR(sys(SYS_semctl, readable, 0, IPC_SET, systest_value(STATE, &state)), EPERM);
	CHECK_ERR(sys(SYS_semctl, readable, 0, IPC_RMID), EPERM);
}

SYSTEST(groups_have_the_rights_that_the_mode_says)
{
	int id;

	CHECK_EQ(sys(SYS_setresgid, 1000, 1000, 1000), 0);
	id = make_set(KEY, 1, 0640);
	CHECK_EQ(sys(SYS_setresuid, 1000, 1000, 1000), 0);
	CHECK_EQ(value_of(id, 0), 0);
	CHECK_ERR(operate_one(id, 0, 1, 0), EACCES);
}

SYSTEST(semaphores_need_memory)
{
	const struct abi_sembuf operation = { 0, 1, SEM_UNDO };
	int id = make_set(IPC_PRIVATE, 250, 0600);
	long made, done, timed;

	systest_value(OPERATIONS, &operation);
	systest_starve();
	made = sys(SYS_semget, IPC_PRIVATE, 250, 0);
	done = sys(SYS_semop, id, SYSTEST_MEM + OPERATIONS, 1);
	timed = sys(SYS_semtimedop, id, SYSTEST_MEM + OPERATIONS, 1, 0);
	systest_feed();
	CHECK_ERR(made, ENOMEM);
	CHECK_ERR(done, ENOMEM);
	CHECK_ERR(timed, ENOMEM);
	CHECK_EQ(value_of(id, 0), 0);
}
