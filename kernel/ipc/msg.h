/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Message queues, as msg.c and msg_ctl.c share them. All is under msg_table.lock.
 *
 * Who must wait stands in line: a sender with his message until there is room, a receiver with what he asks for. What
 * he waits for is done by whoever makes it possible, and he wakes when it is.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/wait.h>

#include "ipc_internal.h"

/* Linux's limits. */
#define MSGMAX 8192  /* bytes in a message */
#define MSGMNB 16384 /* bytes in a queue, at first */

struct message {
	struct list node;
	int64_t type;
	size_t size;
	char text[];
};

struct msg_queue {
	struct ipc_object ipc;
	int64_t stime, rtime, ctime; /* seconds: last sent, received, changed */
	struct list messages, senders, receivers; /* oldest first */
	size_t bytes, bytes_max;
	size_t count; /* messages; bytes_max limits them, too, as some are empty */
	int last_sender, last_receiver;
};

static inline struct msg_queue *msg_queue_of(struct ipc_object *object)
{
	return container_of(object, struct msg_queue, ipc);
}

/* Rights or limits have changed: all sleepers look again. */
void msg_look_again(struct msg_queue *queue);
