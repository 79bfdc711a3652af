/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Semaphores: making sets, operations on them, and undoing these: see sem.h.
 */
#include "sem.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/heap.h>
#include <kernel/ipc.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/time.h>

#define MUST_WAIT 1

static void destroy(struct ipc_object *object);

struct ipc_table sem_table = IPC_TABLE_INIT(sem_table, destroy);

/* ---- sets ---- */

unsigned sem_total(void)
{
	unsigned total = 0;

	for (unsigned i = 0; i < IPC_OBJECTS_MAX; i++)
		total += sem_table.objects[i] ? sem_set_of(sem_table.objects[i])->count : 0;
	return total;
}

static int create(const struct ipc_request *request, struct ipc_object **object)
{
	size_t count = request->size;
	struct sem_set *set;

	if (!count)
		return -EINVAL;
	set = heap_zalloc(sizeof(*set) + count * sizeof(set->sems[0]));
	if (!set)
		return -ENOMEM;
	set->count = (unsigned)count;
	set->ctime = ipc_now();
	list_init(&set->waiters);
	list_init(&set->undos);
	*object = &set->ipc;
	return 0;
}

static bool is_large(const struct ipc_object *object, size_t count)
{
	return container_of(object, const struct sem_set, ipc)->count >= count;
}

SYSCALL(semget, int key, int count, int flags)
{
	const struct ipc_request request = { key, (unsigned)flags, (size_t)count, is_large, create };

	return count < 0 || count > SEMMSL ? -EINVAL : ipc_get(&sem_table, &request);
}

/* ---- operations ---- */

static int apply(struct sem_set *set, const struct abi_sembuf *operation, struct sem_undo *undo)
{
	struct semaphore *sem = &set->sems[operation->num];
	int value = sem->value + operation->op;

	if (operation->op ? value < 0 : value != 0)
		return operation->flags & IPC_NOWAIT ? -EAGAIN : MUST_WAIT;
	if (value > SEMVMX)
		return -ERANGE;
	if (operation->flags & SEM_UNDO) {
		int adjust = undo->adjust[operation->num] - operation->op;

		if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
			return -ERANGE;
		undo->adjust[operation->num] = (int16_t)adjust;
	}
	sem->value = value;
	return 0;
}

static void take_back(struct sem_set *set, const struct abi_sembuf *operation, struct sem_undo *undo)
{
	set->sems[operation->num].value -= operation->op;
	if (operation->flags & SEM_UNDO)
		undo->adjust[operation->num] = (int16_t)(undo->adjust[operation->num] + operation->op);
}

/* All operations in their order, or none: 0, -errno, MUST_WAIT. */
static int attempt(struct sem_set *set, struct sem_waiter *waiter)
{
	unsigned i = 0;
	int result = 0;

	while (i < waiter->count && !(result = apply(set, &waiter->operations[i], waiter->undo)))
		i++;
	if (result) {
		waiter->blocker = &waiter->operations[i];
		while (i--)
			take_back(set, &waiter->operations[i], waiter->undo);
		return result;
	}
	for (i = 0; i < waiter->count; i++)
		set->sems[waiter->operations[i].num].pid = waiter->pid;
	set->otime = ipc_now();
	return 0;
}

static void finish(struct sem_waiter *waiter, int result)
{
	list_remove(&waiter->node);
	waiter->result = result;
	atomic_store(&waiter->done, true);
	wake_all(&waiter->queue);
}

/* Carries out the oldest operations that can be now. */
static bool update_one(struct sem_set *set)
{
	list_foreach(&set->waiters, struct sem_waiter, node, waiter) {
		int result = attempt(set, waiter);

		if (result == MUST_WAIT)
			continue;
		finish(waiter, result);
		return true;
	}
	return false;
}

void sem_update(struct sem_set *set)
{
	while (update_one(set))
		continue;
}

/* ---- undoing ---- */

static void undo_free(struct sem_undo *undo)
{
	list_remove(&undo->of_process);
	list_remove(&undo->of_set);
	heap_free(undo);
}

/* The running process's for a set. */
static struct sem_undo *undo_get(struct sem_set *set)
{
	struct list *undos = &process_current()->sem_undos;
	struct sem_undo *undo;

	list_foreach(undos, struct sem_undo, of_process, known)
		if (known->set == set)
			return known;
	undo = heap_zalloc(sizeof(*undo) + set->count * sizeof(undo->adjust[0]));
	if (!undo)
		return NULL;
	undo->set = set;
	list_append(undos, &undo->of_process);
	list_append(&set->undos, &undo->of_set);
	return undo;
}

void ipc_process_ended(struct process *process)
{
	mutex_lock(&sem_table.lock);
	while (!list_empty(&process->sem_undos)) {
		struct sem_undo *undo = list_first(&process->sem_undos, struct sem_undo, of_process);
		struct sem_set *set = undo->set;

		for (unsigned i = 0; i < set->count; i++) {
			if (!undo->adjust[i])
				continue;
			/* Others may have set it to what does not go with this: it goes as far as it can. */
			set->sems[i].value = min(max(set->sems[i].value + undo->adjust[i], 0), SEMVMX);
			set->sems[i].pid = process->pid;
		}
		undo_free(undo);
		set->otime = ipc_now();
		sem_update(set);
	}
	mutex_unlock(&sem_table.lock);
}

static void destroy(struct ipc_object *object)
{
	struct sem_set *set = sem_set_of(object);

	ipc_remove(&sem_table, object);
	while (!list_empty(&set->waiters))
		finish(list_first(&set->waiters, struct sem_waiter, node), -EIDRM);
	while (!list_empty(&set->undos))
		undo_free(list_first(&set->undos, struct sem_undo, of_set));
	heap_free(set);
}

/* ---- the calls ---- */

static bool is_done(void *arg)
{
	return atomic_load(&((struct sem_waiter *)arg)->done);
}

/* Finds the set and checks the operations against it. */
static int prepare(int id, struct sem_waiter *waiter, struct sem_set **out)
{
	struct ipc_object *object = ipc_find(&sem_table, id);
	bool undoes = false;
	unsigned wanted = IPC_READ;
	int err;

	if (!object)
		return -EINVAL;
	*out = sem_set_of(object);
	for (unsigned i = 0; i < waiter->count; i++) {
		if (waiter->operations[i].num >= (*out)->count)
			return -EFBIG;
		if (waiter->operations[i].op)
			wanted = IPC_WRITE;
		undoes |= waiter->operations[i].flags & SEM_UNDO;
	}
	err = ipc_check_access(object, wanted);
	if (err || !undoes)
		return err;
	waiter->undo = undo_get(*out);
	return waiter->undo ? 0 : -ENOMEM;
}

/* Sleeps until somebody has done it; the lock is let go meanwhile. */
static int wait_in_line(struct sem_set *set, struct sem_waiter *waiter, uint64_t deadline_ns)
{
	int err;

	wait_queue_init(&waiter->queue);
	list_append(&set->waiters, &waiter->node);
	mutex_unlock(&sem_table.lock);
	err = wait_until(&waiter->queue, is_done, waiter, deadline_ns);
	mutex_lock(&sem_table.lock);
	if (waiter->done)
		return waiter->result;
	list_remove(&waiter->node);
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

static long operate(int id, const struct abi_sembuf *operations, unsigned count, uint64_t deadline_ns)
{
	struct sem_waiter waiter = { .operations = operations, .count = count, .pid = process_current()->pid };
	struct sem_set *set;
	int result;

	mutex_lock(&sem_table.lock);
	result = prepare(id, &waiter, &set);
	if (!result) {
		result = attempt(set, &waiter);
		if (!result)
			sem_update(set);
		else if (result == MUST_WAIT)
			result = wait_in_line(set, &waiter, deadline_ns);
	}
	mutex_unlock(&sem_table.lock);
	return result;
}

static long copy_and_operate(int id, user_ptr_t from, unsigned count, uint64_t deadline_ns)
{
	struct abi_sembuf operations[SEMOPM];

	if (!count || id < 0)
		return -EINVAL;
	if (count > SEMOPM)
		return -E2BIG;
	if (user_copy_in(operations, from, count * sizeof(operations[0])))
		return -EFAULT;
	return operate(id, operations, count, deadline_ns);
}

SYSCALL(semop, int id, user_ptr_t operations, unsigned count)
{
	return copy_and_operate(id, operations, count, WAIT_FOREVER);
}

SYSCALL(semtimedop, int id, user_ptr_t operations, unsigned count, user_ptr_t timeout)
{
	struct abi_timespec time;
	uint64_t ns;

	if (!timeout)
		return copy_and_operate(id, operations, count, WAIT_FOREVER);
	if (user_read(&time, timeout))
		return -EFAULT;
	if (time_from_timespec(&time, &ns))
		return -EINVAL;
	return copy_and_operate(id, operations, count, time_add(clock_ns(), ns));
}
