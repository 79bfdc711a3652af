/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shmctl: what is told of segments of shared memory, and what changes them from outside. What goes to the program is
 * collected first, as its memory cannot be touched under the lock.
 */
#include "shm.h"

#include <kernel/abi/resource.h>
#include <kernel/file.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

static int highest(void)
{
	int index;

	mutex_lock(&shm_table.lock);
	index = ipc_highest(&shm_table);
	mutex_unlock(&shm_table.lock);
	return index;
}

static long tell_limits(user_ptr_t to)
{
	const struct abi_shminfo info = {
		.max = SHMMAX,
		.min = SHMMIN,
		.mni = IPC_OBJECTS_MAX,
		.seg = IPC_OBJECTS_MAX,
		.all = SHMALL,
	};

	return user_write(to, &info) ? -EFAULT : highest();
}

/* Pages that there are. Nothing is ever swapped. */
static uint64_t resident_pages(const struct shm_segment *segment)
{
	const struct inode *inode = segment->memory->inode;

	return inode->sb->type->blocks(inode);
}

static long tell_usage(user_ptr_t to)
{
	struct abi_shm_info info = { .swp = 0 };

	mutex_lock(&shm_table.lock);
	info.used_ids = (int32_t)shm_table.count;
	info.tot = shm_total_pages();
	for (unsigned i = 0; i < IPC_OBJECTS_MAX; i++)
		info.rss += shm_table.objects[i] ? resident_pages(shm_segment_of(shm_table.objects[i])) : 0;
	mutex_unlock(&shm_table.lock);
	return user_write(to, &info) ? -EFAULT : highest();
}

static struct abi_shmid_ds state_of(struct ipc_object *object)
{
	const struct shm_segment *segment = shm_segment_of(object);

	return (struct abi_shmid_ds){
		.perm = ipc_perm_of(object),
		.segsz = segment->size,
		.atime = segment->atime,
		.dtime = segment->dtime,
		.ctime = segment->ctime,
		.cpid = segment->creator,
		.lpid = segment->last,
		.nattch = segment->attached,
	};
}

static long tell_state(int id, int command, user_ptr_t to)
{
	struct abi_shmid_ds state;
	struct ipc_object *object;
	int err;

	mutex_lock(&shm_table.lock);
	err = ipc_find_state(&shm_table, id, command != IPC_STAT, command == SHM_STAT_ANY, &object);
	if (!err) {
		state = state_of(object);
		id = object->id;
	}
	mutex_unlock(&shm_table.lock);
	if (err)
		return err;
	if (user_write(to, &state))
		return -EFAULT;
	return command == IPC_STAT ? 0 : id;
}

static long set(int id, user_ptr_t from)
{
	struct ipc_object *object;
	struct abi_shmid_ds state;
	int err;

	if (user_read(&state, from))
		return -EFAULT;
	mutex_lock(&shm_table.lock);
	object = ipc_find(&shm_table, id);
	err = object ? ipc_set(object, &state.perm) : -EINVAL;
	if (!err)
		shm_segment_of(object)->ctime = ipc_now();
	mutex_unlock(&shm_table.lock);
	return err;
}

static long remove(int id)
{
	int err;

	mutex_lock(&shm_table.lock);
	err = ipc_destroy(&shm_table, id);
	mutex_unlock(&shm_table.lock);
	return err;
}

static int check_lock(const struct ipc_object *object, bool locked)
{
	const struct process *process = process_current();
	uint32_t euid = process->cred.euid;

	if (process_capable(CAP_IPC_LOCK))
		return 0;
	if (euid != object->uid && euid != object->cuid)
		return -EPERM;
	return locked && !process->rlimits[RLIMIT_MEMLOCK].current ? -EPERM : 0;
}

/* All memory stays where it is, locked or not: it is told, that is all. */
static long set_locked(int id, bool locked)
{
	struct ipc_object *object;
	int err;

	mutex_lock(&shm_table.lock);
	object = ipc_find(&shm_table, id);
	err = object ? check_lock(object, locked) : -EINVAL;
	if (!err)
		object->mode = locked ? object->mode | SHM_LOCKED : object->mode & ~SHM_LOCKED;
	mutex_unlock(&shm_table.lock);
	return err;
}

SYSCALL(shmctl, int id, int command, uint64_t argument)
{
	if (id < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
		return tell_limits(argument);
	case SHM_INFO:
		return tell_usage(argument);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return tell_state(id, command, argument);
	case IPC_SET:
		return set(id, argument);
	case IPC_RMID:
		return remove(id);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return set_locked(id, command == SHM_LOCK);
	default:
		return -EINVAL;
	}
}
