/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Message queues: making them, sending and receiving: see msg.h.
 */
#include "msg.h"

#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/syscall.h>

#define MUST_WAIT 1
#define LOOK_AGAIN 2

static void destroy(struct ipc_object *object);

struct ipc_table msg_table = IPC_TABLE_INIT(msg_table, destroy);

/* A send or receive; lives on the caller's stack. */
struct msg_waiter {
	struct list node;
	struct message *message; /* to send; received */
	int64_t type;		 /* to receive: 0, of a type, up to one */
	size_t size;
	unsigned flags;
	int pid;
	bool done;
	int result;
	struct wait_queue queue; /* it alone sleeps there */
};

/* ---- queues ---- */

static int create(const struct ipc_request *request UNUSED, struct ipc_object **object)
{
	struct msg_queue *queue = heap_zalloc(sizeof(*queue));

	if (!queue)
		return -ENOMEM;
	list_init(&queue->messages);
	list_init(&queue->senders);
	list_init(&queue->receivers);
	queue->bytes_max = MSGMNB;
	queue->ctime = ipc_now();
	*object = &queue->ipc;
	return 0;
}

SYSCALL(msgget, int key, int flags)
{
	const struct ipc_request request = { .key = key, .flags = (unsigned)flags, .create = create };

	return ipc_get(&msg_table, &request);
}

static void finish(struct msg_waiter *waiter, int result)
{
	list_remove(&waiter->node);
	waiter->result = result;
	atomic_store(&waiter->done, true);
	wake_all(&waiter->queue);
}

static void finish_all(struct msg_queue *queue, int result)
{
	while (!list_empty(&queue->senders))
		finish(list_first(&queue->senders, struct msg_waiter, node), result);
	while (!list_empty(&queue->receivers))
		finish(list_first(&queue->receivers, struct msg_waiter, node), result);
}

void msg_look_again(struct msg_queue *queue)
{
	finish_all(queue, LOOK_AGAIN);
}

static void destroy(struct ipc_object *object)
{
	struct msg_queue *queue = msg_queue_of(object);

	ipc_remove(&msg_table, object);
	finish_all(queue, -EIDRM);
	while (!list_empty(&queue->messages)) {
		struct message *message = list_first(&queue->messages, struct message, node);

		list_remove(&message->node);
		heap_free(message);
	}
	heap_free(queue);
}

/* ---- which message ---- */

static bool matches(const struct msg_waiter *receiver, const struct message *message)
{
	if (receiver->type < 0)
		return message->type <= (receiver->type == INT64_MIN ? INT64_MAX : -receiver->type);
	if (!receiver->type)
		return true;
	return (receiver->flags & MSG_EXCEPT) ? message->type != receiver->type : message->type == receiver->type;
}

/* The oldest that is asked for; of those up to a type, one of the lowest type. */
static struct message *choose(const struct msg_queue *queue, const struct msg_waiter *receiver)
{
	struct message *best = NULL;

	list_foreach(&queue->messages, struct message, node, message) {
		if (!matches(receiver, message) || (best && message->type >= best->type))
			continue;
		best = message;
		if (receiver->type >= 0)
			break;
	}
	return best;
}

/* ---- sending and receiving; none of these waits ---- */

/* 0; -E2BIG: it is longer than the receiver's buffer, and stays whose it is. */
static int hand_over(struct msg_queue *queue, struct msg_waiter *receiver, struct message *message)
{
	if (message->size > receiver->size && !(receiver->flags & MSG_NOERROR))
		return -E2BIG;
	receiver->message = message;
	queue->last_receiver = receiver->pid;
	queue->rtime = ipc_now();
	return 0;
}

static bool fits(const struct msg_queue *queue, const struct message *message)
{
	return queue->bytes <= queue->bytes_max && message->size <= queue->bytes_max - queue->bytes &&
	       queue->count < queue->bytes_max;
}

/* To the first receiver that waits for such a message, or into the queue. */
static void deliver(struct msg_queue *queue, struct message *message, int pid)
{
	queue->last_sender = pid;
	queue->stime = ipc_now();
	list_foreach_safe(&queue->receivers, struct msg_waiter, node, receiver) {
		int result;

		if (!matches(receiver, message))
			continue;
		result = hand_over(queue, receiver, message);
		finish(receiver, result);
		if (!result)
			return;
	}
	list_append(&queue->messages, &message->node);
	queue->bytes += message->size;
	queue->count++;
}

static int send(struct msg_queue *queue, struct msg_waiter *sender)
{
	if (!fits(queue, sender->message))
		return sender->flags & IPC_NOWAIT ? -EAGAIN : MUST_WAIT;
	deliver(queue, sender->message, sender->pid);
	return 0;
}

static int receive(struct msg_queue *queue, struct msg_waiter *receiver)
{
	struct message *message = choose(queue, receiver);
	int err;

	if (!message)
		return receiver->flags & IPC_NOWAIT ? -ENOMSG : MUST_WAIT;
	err = hand_over(queue, receiver, message);
	if (err)
		return err;
	list_remove(&message->node);
	queue->bytes -= message->size;
	queue->count--;
	list_foreach_safe(&queue->senders, struct msg_waiter, node, sender)
		if (!send(queue, sender))
			finish(sender, 0);
	return 0;
}

/* ---- waiting ---- */

static bool is_done(void *arg)
{
	return atomic_load(&((struct msg_waiter *)arg)->done);
}

/* Sleeps until somebody has done it; the lock is let go meanwhile. */
static int wait_in_line(struct list *line, struct msg_waiter *waiter)
{
	int err;

	wait_queue_init(&waiter->queue);
	waiter->done = false;
	list_append(line, &waiter->node);
	mutex_unlock(&msg_table.lock);
	err = wait_until(&waiter->queue, is_done, waiter, WAIT_FOREVER);
	mutex_lock(&msg_table.lock);
	if (waiter->done)
		return waiter->result;
	list_remove(&waiter->node);
	return err;
}

/* One look at the queue, and the wait that may follow. The lock is held. */
static int act_once(int id, struct msg_waiter *waiter)
{
	struct ipc_object *object = ipc_find(&msg_table, id);
	bool sends = waiter->message;
	struct msg_queue *queue;
	int result;

	/* A queue that is gone after a wait has been removed since. */
	if (!object)
		return waiter->result == LOOK_AGAIN ? -EIDRM : -EINVAL;
	queue = msg_queue_of(object);
	result = ipc_check_access(object, sends ? IPC_WRITE : IPC_READ);
	if (!result)
		result = sends ? send(queue, waiter) : receive(queue, waiter);
	return result == MUST_WAIT ? wait_in_line(sends ? &queue->senders : &queue->receivers, waiter) : result;
}

static int act(int id, struct msg_waiter *waiter)
{
	int result;

	waiter->pid = process_current()->pid;
	mutex_lock(&msg_table.lock);
	do
		result = act_once(id, waiter);
	while (result == LOOK_AGAIN);
	mutex_unlock(&msg_table.lock);
	return result;
}

/* ---- the calls ---- */

static int copy_in(user_ptr_t from, size_t size, struct message **out)
{
	struct message *message;
	int64_t type;

	if (user_read(&type, from))
		return -EFAULT;
	if (type < 1)
		return -EINVAL;
	message = heap_alloc(sizeof(*message) + size);
	if (!message)
		return -ENOMEM;
	message->type = type;
	message->size = size;
	if (user_copy_in(message->text, from + sizeof(type), size)) {
		heap_free(message);
		return -EFAULT;
	}
	*out = message;
	return 0;
}

SYSCALL(msgsnd, int id, user_ptr_t message, size_t size, int flags)
{
	struct msg_waiter sender = { .flags = (unsigned)flags };
	int err;

	if (id < 0 || size > MSGMAX)
		return -EINVAL;
	err = copy_in(message, size, &sender.message);
	if (err)
		return err;
	err = act(id, &sender);
	if (err)
		heap_free(sender.message);
	return err;
}

static long copy_out(user_ptr_t to, size_t size, const struct message *message)
{
	size = min(size, message->size);
	if (user_write(to, &message->type) || user_copy_out(to + sizeof(message->type), message->text, size))
		return -EFAULT;
	return (long)size;
}

SYSCALL(msgrcv, int id, user_ptr_t message, size_t size, int64_t type, int flags)
{
	struct msg_waiter receiver = { .type = type, .size = size, .flags = (unsigned)flags };
	long result;

	if (id < 0 || size > INT64_MAX)
		return -EINVAL;
	/* Looking without taking is for those who write processes down; Linux has it as an option. */
	if (flags & MSG_COPY)
		return (flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT) ? -EINVAL : -ENOSYS;
	result = act(id, &receiver);
	if (result)
		return result;
	/* A message that cannot be copied is lost. */
	result = copy_out(message, size, receiver.message);
	heap_free(receiver.message);
	return result;
}
