/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of AF_UNIX, inside: unix.c (names, connections) and unix_data.c (messages).
 *
 * One spinlock guards what joins sockets to each other and their queues. Nobody is woken under it, as poll takes it.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/mutex.h>
#include <kernel/socket.h>

struct inode;

struct unix_message {
	struct list node;
	struct socket_control control;
	struct socket_address from;
	size_t size, offset;	/* bytes in data, and how many of them were read */
	uint8_t data[];
};

struct unix_socket {
	struct socket socket;
	unsigned refs;			/* its file's, one of each that has it as peer; atomic */
	struct mutex read_lock;		/* one reader at a time */
	/* The family's lock: */
	struct unix_socket *peer;	/* referenced; NULL: not connected */
	bool had_peer;			/* it was connected */
	bool closed;			/* no file has it */
	bool read_shut, write_shut;
	struct list messages;		/* for it */
	size_t bytes;			/* of them, and their overhead */
	struct list waiting;		/* a listener's: sockets that are connected to nobody's file yet */
	unsigned waiting_count, backlog;
	struct list waiting_node;
	/* Where it is bound; len 0: nowhere. Constant once set. */
	struct socket_address name;
	struct inode *inode;		/* referenced: of a name that is a path */
	struct list bound_node;
	struct abi_ucred cred;		/* who made it, or connected */
	struct abi_ucred peer_cred;
};

#define UNIX_OVERHEAD 64

unsigned long unix_lock(void);
void unix_unlock(unsigned long flags);
static inline struct unix_socket *unix_socket_of(struct socket *socket)
{
	return container_of(socket, struct unix_socket, socket);
}
struct unix_socket *unix_get(struct unix_socket *u);
void unix_put(struct unix_socket *u);
/* The bound socket that an address names, referenced. -ECONNREFUSED, and what a path walk says. */
int unix_find(const struct socket_address *address, struct unix_socket **out);
void unix_cred_current(struct abi_ucred *cred);

/* unix_data.c */
ssize_t unix_send(struct socket *socket, struct socket_message *message);
ssize_t unix_receive(struct socket *socket, struct socket_message *message);
size_t unix_readable(struct socket *socket);
unsigned unix_poll(struct socket *socket);
void unix_message_free(struct unix_message *message);
