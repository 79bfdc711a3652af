/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msgctl: what is told of message queues, and what changes them from outside.
 */
#include "msg.h"

#include <kernel/process.h>
#include <kernel/syscall.h>

#define SEGMENT_SIZE 16 /* these three have meant nothing for long; Linux tells them all the same */
#define SEGMENTS 0xffff
#define POOL (IPC_OBJECTS_MAX * MSGMNB / 1024)

static void add_usage(struct abi_msginfo *info)
{
	info->pool = (int32_t)msg_table.count;
	info->map = info->tql = 0;
	for (unsigned i = 0; i < IPC_OBJECTS_MAX; i++) {
		struct ipc_object *object = msg_table.objects[i];

		if (!object)
			continue;
		info->map += (int32_t)msg_queue_of(object)->count;
		info->tql += (int32_t)msg_queue_of(object)->bytes;
	}
}

static long tell_info(bool usage, user_ptr_t to)
{
	struct abi_msginfo info = {
		.pool = POOL,
		.map = MSGMNB,
		.max = MSGMAX,
		.mnb = MSGMNB,
		.mni = IPC_OBJECTS_MAX,
		.ssz = SEGMENT_SIZE,
		.tql = MSGMNB,
		.seg = SEGMENTS,
	};

	if (usage)
		add_usage(&info);
	return user_write(to, &info) ? -EFAULT : ipc_highest(&msg_table);
}

static long tell_state(int id, int command, user_ptr_t to)
{
	struct abi_msqid_ds state = { .qnum = 0 };
	const struct msg_queue *queue;
	struct ipc_object *object;
	int err = ipc_find_state(&msg_table, id, command != IPC_STAT, command == MSG_STAT_ANY, &object);

	if (err)
		return err;
	queue = msg_queue_of(object);
	state.perm = ipc_perm_of(object);
	state.stime = queue->stime;
	state.rtime = queue->rtime;
	state.ctime = queue->ctime;
	state.cbytes = queue->bytes;
	state.qnum = queue->count;
	state.qbytes = queue->bytes_max;
	state.lspid = queue->last_sender;
	state.lrpid = queue->last_receiver;
	if (user_write(to, &state))
		return -EFAULT;
	return command == IPC_STAT ? 0 : object->id;
}

static long set(int id, user_ptr_t from)
{
	struct ipc_object *object = ipc_find(&msg_table, id);
	struct abi_msqid_ds state;
	int err;

	if (user_read(&state, from))
		return -EFAULT;
	if (!object)
		return -EINVAL;
	err = ipc_check_control(object);
	if (!err && state.qbytes > MSGMNB && !process_capable(CAP_SYS_RESOURCE))
		err = -EPERM;
	if (!err)
		err = ipc_set(object, &state.perm);
	if (err)
		return err;
	msg_queue_of(object)->bytes_max = state.qbytes;
	msg_queue_of(object)->ctime = ipc_now();
	msg_look_again(msg_queue_of(object));
	return 0;
}

/* The lock is held while the program's memory is read and written. */
static long control(int id, int command, user_ptr_t argument)
{
	switch (command) {
	case IPC_INFO:
	case MSG_INFO:
		return tell_info(command == MSG_INFO, argument);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return tell_state(id, command, argument);
	case IPC_SET:
		return set(id, argument);
	case IPC_RMID:
		return ipc_destroy(&msg_table, id);
	default:
		return -EINVAL;
	}
}

SYSCALL(msgctl, int id, int command, uint64_t argument)
{
	long result;

	if (id < 0)
		return -EINVAL;
	mutex_lock(&msg_table.lock);
	result = control(id, command, argument);
	mutex_unlock(&msg_table.lock);
	return result;
}
