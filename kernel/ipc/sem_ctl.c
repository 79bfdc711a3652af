/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * semctl: what is told of a set of semaphores, and what changes it from outside. The lock is held while the program's
 * memory is read and written, so that a set cannot go between its size and its values.
 */
#include "sem.h"

#include <kernel/process.h>
#include <kernel/syscall.h>

/* The set of an id, if the running process may do that with it. */
static int find(int id, unsigned wanted, struct sem_set **set)
{
	struct ipc_object *object = ipc_find(&sem_table, id);

	if (!object)
		return -EINVAL;
	*set = sem_set_of(object);
	return ipc_check_access(object, wanted);
}

/* ---- limits and state ---- */

static long tell_info(bool usage, user_ptr_t to)
{
	const struct abi_seminfo info = {
		.map = SEMMNS,
		.mni = IPC_OBJECTS_MAX,
		.mns = SEMMNS,
		.mnu = SEMMNS,
		.msl = SEMMSL,
		.opm = SEMOPM,
		.ume = SEMOPM,
		.usz = usage ? (int32_t)sem_table.count : (int32_t)sizeof(struct sem_undo),
		.vmx = SEMVMX,
		.aem = usage ? (int32_t)sem_total() : SEMAEM,
	};

	return user_write(to, &info) ? -EFAULT : ipc_highest(&sem_table);
}

static long tell_state(int id, int command, user_ptr_t to)
{
	struct abi_semid_ds state = { .nsems = 0 };
	struct ipc_object *object;
	int err = ipc_find_state(&sem_table, id, command != IPC_STAT, command == SEM_STAT_ANY, &object);

	if (err)
		return err;
	state.perm = ipc_perm_of(object);
	state.otime = sem_set_of(object)->otime;
	state.ctime = sem_set_of(object)->ctime;
	state.nsems = sem_set_of(object)->count;
	if (user_write(to, &state))
		return -EFAULT;
	return command == IPC_STAT ? 0 : object->id;
}

/* ---- values ---- */

/* Who waits for a semaphore to grow, or to become zero: each stands where his first impossible operation is. */
static int count_waiters(const struct sem_set *set, int number, bool for_zero)
{
	int count = 0;

	list_foreach(&set->waiters, struct sem_waiter, node, waiter)
		count += waiter->blocker->num == number && !waiter->blocker->op == for_zero;
	return count;
}

static long get_one(int id, int number, int command)
{
	struct sem_set *set;
	int err = find(id, IPC_READ, &set);

	if (err)
		return err;
	if (number < 0 || number >= (int)set->count)
		return -EINVAL;
	switch (command) {
	case GETVAL:
		return set->sems[number].value;
	case GETPID:
		return set->sems[number].pid;
	default:
		return count_waiters(set, number, command == GETZCNT);
	}
}

static long get_all(int id, user_ptr_t to)
{
	uint16_t values[SEMMSL];
	struct sem_set *set;
	int err = find(id, IPC_READ, &set);

	if (err)
		return err;
	for (unsigned i = 0; i < set->count; i++)
		values[i] = (uint16_t)set->sems[i].value;
	return user_copy_out(to, values, set->count * sizeof(values[0])) ? -EFAULT : 0;
}

/* A value from outside: what processes would undo is of no more use. */
static void set_value(struct sem_set *set, unsigned number, int value)
{
	list_foreach(&set->undos, struct sem_undo, of_set, undo)
		undo->adjust[number] = 0;
	set->sems[number].value = value;
	set->sems[number].pid = process_current()->pid;
}

static long set_one(int id, int number, int value)
{
	struct sem_set *set;
	int err;

	if (value < 0 || value > SEMVMX)
		return -ERANGE;
	err = find(id, IPC_WRITE, &set);
	if (err)
		return err;
	if (number < 0 || number >= (int)set->count)
		return -EINVAL;
	set_value(set, (unsigned)number, value);
	set->ctime = ipc_now();
	sem_update(set);
	return 0;
}

static long set_all(int id, user_ptr_t from)
{
	uint16_t values[SEMMSL];
	struct sem_set *set;
	int err = find(id, IPC_WRITE, &set);

	if (err)
		return err;
	if (user_copy_in(values, from, set->count * sizeof(values[0])))
		return -EFAULT;
	for (unsigned i = 0; i < set->count; i++)
		if (values[i] > SEMVMX)
			return -ERANGE;
	for (unsigned i = 0; i < set->count; i++)
		set_value(set, i, values[i]);
	set->ctime = ipc_now();
	sem_update(set);
	return 0;
}

/* ---- owner ---- */

static long set_owner(int id, user_ptr_t from)
{
	struct ipc_object *object = ipc_find(&sem_table, id);
	struct abi_semid_ds state;
	int err;

	if (user_read(&state, from))
		return -EFAULT;
	if (!object)
		return -EINVAL;
	err = ipc_set(object, &state.perm);
	if (!err)
		sem_set_of(object)->ctime = ipc_now();
	return err;
}

static long control(int id, int number, int command, uint64_t argument)
{
	switch (command) {
	case IPC_INFO:
	case SEM_INFO:
		return tell_info(command == SEM_INFO, argument);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return tell_state(id, command, argument);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return get_one(id, number, command);
	case GETALL:
		return get_all(id, argument);
	case SETVAL:
		return set_one(id, number, (int)argument);
	case SETALL:
		return set_all(id, argument);
	case IPC_SET:
		return set_owner(id, argument);
	case IPC_RMID:
		return ipc_destroy(&sem_table, id);
	default:
		return -EINVAL;
	}
}

SYSCALL(semctl, int id, int number, int command, uint64_t argument)
{
	long result;

	if (id < 0)
		return -EINVAL;
	mutex_lock(&sem_table.lock);
	result = control(id, number, command, argument);
	mutex_unlock(&sem_table.lock);
	return result;
}
