/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What has come for a socket that takes whole datagrams (UDP, raw, packet), and waits to be read. As many wait as the
 * socket's receive buffer holds; the ones after that are lost, as datagrams may be.
 */
#pragma once

#include "stack.h"

/* What an owner's own begins with; it is one heap object. */
struct datagram {
	struct list node;
	struct pbuf *p;		/* what the socket reads */
	uint64_t came_ns;	/* time of day */
};

struct datagram_queue {
	struct list list;	/* network's lock */
	size_t bytes;		/* that they cost */
	unsigned count;		/* atomic */
	bool shut;		/* nothing more is wanted; atomic */
	unsigned long came, dropped;
	/* Where a datagram came from, into message->address, and what else the socket wants to be told of it. */
	void (*tell)(struct socket *socket, const struct datagram *d, struct socket_message *message);
};

void datagram_queue_init(struct datagram_queue *q,
			 void (*tell)(struct socket *socket, const struct datagram *d, struct socket_message *message));
/* Forgets what waits. Network's lock, as for the next two. */
void datagram_queue_free(struct datagram_queue *q);
/*
 * Room for a datagram, counted as lost where there is none: the owner's whole, of size bytes, whose p is set and now
 * its own. NULL: p is still the caller's.
 */
void *datagram_alloc(struct socket *socket, struct datagram_queue *q, struct pbuf *p, size_t size);
void datagram_add(struct socket *socket, struct datagram_queue *q, struct datagram *d);

/* What socket_ops ask for. Without the lock. */
ssize_t datagram_receive(struct socket *socket, struct datagram_queue *q, struct socket_message *message);
size_t datagram_readable(struct datagram_queue *q);
unsigned datagram_poll(const struct datagram_queue *q);
